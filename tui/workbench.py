"""The one screen: editor above, panes below, and the roads between them, the engine and files."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

from core.settings import ReadState, SavedState
from core.text.sentences import SentenceLine, SentenceParser
from core.text.visible import visible
from tui.compositor import CellsCompositor
from tui.document import Document
from tui.encoding import LiveEncoder
from tui.memory import Memory
from tui.widgets.bars import KeyBar, StatusLine, SummaryRule, Tabs
from tui.widgets.editor import SentenceEditor
from tui.widgets.keys import PLACES, keys_to_show, open_above

if TYPE_CHECKING:
    from core.engine.protocol import Reply
    from tui.bench import ModelState
    from tui.widgets.pane import Pane


class Workbench(Screen[None], inherit_bindings=False):
    """Holds the document, the model's state and the engine; tells the shown pane of changes."""

    VERTICAL_BREAKPOINTS = [
        (0, "-cramped"),
        (16, "-low"),
        (32, "-tall"),
        (52, "-towering"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(f"f{n + 2}", f"show_pane({n})", f"{place} pane", False, id=f"pane.{place}")
        for n, place in enumerate(PLACES)
    ]

    document: reactive[Document] = reactive(Document, repaint=False, init=False)
    run_note: reactive[str] = reactive("", repaint=False, init=False)
    """What the status line says of the run that is watched; must be `visible` text."""

    panes: Sequence[Pane] = ()
    """In the order of their tabs; they are made behind the first frame."""

    def __init__(
        self, make_panes: Callable[[], Sequence[Pane]], read: ReadState, *, preload: bool
    ) -> None:
        super().__init__()
        self._compositor = CellsCompositor()
        self._make_panes = make_panes
        self._opened_with = read.state
        self._parser = SentenceParser()
        self._encoder = LiveEncoder(self, self._lines, self._encoded)
        self._may_save = read.writable
        self._preload = preload
        self._shown = 0
        self.recent = list(read.state.recent)
        """Models by name, the one that was used last first."""
        self.furnished = asyncio.Event()
        """Set once the panes are there and the sentences encoded."""

    def compose(self) -> ComposeResult:
        self._status = StatusLine()
        self.editor = SentenceEditor(self._opened_with.text, id="editor")
        self._rule = SummaryRule()
        self._tabs = Tabs()
        self._key_bar = KeyBar()
        yield self._status
        yield self.editor
        yield self._rule
        yield self._tabs
        yield Container(id="panes")
        yield self._key_bar

    def on_mount(self) -> None:
        self._status.show([(" Termformer", "bar--name")])
        self.editor.move_cursor(self.editor.clamp_visitable(self._opened_with.caret))
        self.editor.focus()
        self.call_after_refresh(self._furnish)

    async def _furnish(self) -> None:
        """Brings in what the first frame can do without: panes, tokenizer, engine, memory."""
        from core.checkpoints import default_model
        from core.engine.client import EngineClient
        from tui.models import ModelDesk

        state = self._opened_with
        self.panes = self._make_panes()
        ids = [pane.id for pane in self.panes]
        self._shown = ids.index(state.pane) if state.pane in ids else 0
        for number, pane in enumerate(self.panes):
            pane.display = number == self._shown
            pane.restore(state.options.get(pane.id or "", {}))
        self._tabs.show_titles([pane.TITLE for pane in self.panes])
        self.engine = EngineClient(self._engine_replied, self._engine_ended)
        self.desk = ModelDesk(self.engine, self._model_changed, self._encoder.use)
        self._memory = Memory(self, self._snapshot, self._tell)
        self._memory.enabled = self._may_save
        await self.query_one("#panes").mount_all(self.panes)
        self.watch(self.editor, "revision", self._edited, init=False)
        self.watch(self.editor, "caret", self._caret_moved, init=False)
        self.watch(self.app, "theme", self.remember, init=False)
        self.desk.open(state.model or default_model())
        self.show_pane(self._shown)
        self.show_keys()
        if self._preload:
            self.set_timer(0.2, self.desk.need)
        if not self.app.is_headless:
            # All this lives as long as the app: a full collection would make a key wait for it.
            gc.freeze()
        self.furnished.set()

    # --- from a key to the panes ----------------------------------------------------------

    def _lines(self) -> tuple[SentenceLine, ...]:
        return self._parser.parse(self.editor.document.lines)

    def _edited(self) -> None:
        """The text changed: encodes what is new and shows it, before the next frame."""
        self._memory.changed()
        if self._encoder.tokenizer is None:
            self.show_summary()
        self._encoder.encode()

    def _encoded(self, document: Document) -> None:
        self.document = document

    def watch_document(self, document: Document) -> None:
        pane = self.pane_in_view
        pane.document_changed(document)
        self.show_summary()
        if self.editor.has_focus:
            pane.caret_moved(*self.editor.cursor_location)

    def show_summary(self) -> None:
        """Says, in the rule, what batch the pane shows."""
        batch = self.pane_in_view.batch_in_view(self.document)
        sentences = len(self._lines()) if self._encoder.tokenizer is None else 0
        self._rule.show_batch(batch, behind=self.document.behind, waiting=sentences)

    def _caret_moved(self) -> None:
        self._memory.changed()
        if self.editor.has_focus:
            self.panes[self._shown].caret_moved(*self.editor.cursor_location)

    # --- the model ------------------------------------------------------------------------

    @property
    def model(self) -> ModelState:
        """The model the panes ask, as it stands."""
        return self.desk.state

    async def action_choose_model(self) -> None:
        """Asks for a model by name."""
        from tui.screens.picker import ModelPicker  # its widgets are imported when first needed

        def chosen(name: str | None) -> None:
            if name:
                self.choose_model(name)

        await open_above(self.app, ModelPicker(self, self.desk.state.name), chosen)

    def used(self, name: str) -> None:
        """Remembers that a model of this name was chosen, in whichever pane."""
        from core.choices import with_recent

        self.recent = with_recent(self.recent, name)
        self._memory.changed()

    def action_cancel_model(self) -> None:
        """Gives up the model that is being loaded."""
        self.desk.cancel()

    def choose_model(self, name: str) -> None:
        """Loads `name` for all panes; what was there before answers until it is there."""
        self.desk.choose(name)

    def _open_default(self, failed: ModelState) -> None:
        """The model to open with is not to be had: without one there would be no tokens."""
        from core.checkpoints import default_model

        if failed.name == default_model():
            return
        self._tell(f"{failed.problem} {default_model()} is opened instead.")
        self.desk.open(default_model(), textless=failed.textless)
        if self._preload:
            self.desk.need()

    def _model_changed(self, model: ModelState) -> None:
        self._memory.changed()
        self._show_status()
        self.pane_in_view.model_changed(model)
        if model.status == "failed" and self._encoder.tokenizer is None:
            self.call_later(self._open_default, model)
        elif model.problem and model.status != "failed":
            self._tell(model.problem)

    def _engine_replied(self, reply: Reply) -> None:
        if all(pane.is_attached for pane in self.panes):  # else the app ends
            self.desk.reply(reply)
            for pane in self.panes:
                pane.engine_answered(reply)

    def _engine_ended(self, _message: str) -> None:
        if self.is_attached:
            self.desk.engine_ended(self.engine.ended)

    # --- what is shown, as code and as files ----------------------------------------------

    async def action_show_code(self) -> None:
        """The Python that gives what the pane shows."""
        from tui.screens.code import CodeScreen  # as the others: imported when first needed

        pane = self.pane_in_view
        await open_above(self.app, CodeScreen(pane.code(), pane.no_code()))

    async def action_export(self) -> None:
        """Writes what the pane shows to a file."""
        from tui.screens.export import ExportScreen

        pane = self.pane_in_view
        await open_above(self.app, ExportScreen(pane.TITLE, pane.exports()))

    async def action_vocabulary(self) -> None:
        """All entries of the tokenizer's vocabulary."""
        from tui.screens.vocabulary import VocabularyScreen

        if self._encoder.tokenizer is not None:
            name = self.desk.good or ""
            await open_above(self.app, VocabularyScreen(self._encoder.tokenizer, name=name))

    # --- panes, modes and bars ------------------------------------------------------------

    def show(self, pane: Widget) -> None:
        """Shows `pane` instead of the one in view."""
        self.show_pane([*map(id, self.panes)].index(id(pane)))

    def show_pane(self, index: int) -> None:
        """Shows pane `index`; the focus stays in the editor or goes to the pane, as it was."""
        if not 0 <= index < len(self.panes):
            return
        typing = self.editor.has_focus or self.focused is None
        self.panes[self._shown].display = False
        self._shown, pane = index, self.panes[index]
        pane.display = True
        self._tabs.activate(index)
        pane.model_changed(self.desk.state)
        pane.document_changed(self.document)
        self.show_summary()
        if typing:
            pane.caret_moved(*self.editor.cursor_location)
        else:
            self.set_focus(pane)
        self._memory.changed()

    @property
    def pane_in_view(self) -> Pane:
        """The pane that is shown."""
        return self.panes[self._shown]

    @property
    def typing(self) -> bool:
        """Whether keys go into the editor."""
        return self.editor.has_focus

    action_show_pane = show_pane

    def action_next_pane(self, step: int) -> None:
        self.show_pane((self._shown + step) % len(self.panes))

    def action_command_mode(self) -> None:
        """From typing to keys: the pane takes the focus."""
        if self.panes:
            self.set_focus(self.pane_in_view)  # at once: the keys behind this one are the pane's

    def action_type_mode(self) -> None:
        """From keys to typing."""
        self.set_focus(self.editor)

    @on(Tabs.Chosen)
    def _tab_chosen(self, message: Tabs.Chosen) -> None:
        self.show_pane(message.index)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if self.panes:
            self.show_keys()
        if self.editor.has_focus:
            self.editor.span = None

    def show_keys(self) -> None:
        """The keys of what has the focus, as far as they act at present."""
        typing = self.editor.has_focus
        pane = self.pane_in_view
        owner = self.editor if typing else pane
        keys = keys_to_show(owner, "screen.type_mode", pane.offers, pane.key_words)
        if self.focused is not owner and self.focused is not None:
            from textual.widgets import Input  # imported by then

            if isinstance(self.focused, Input):  # a pane's own line: letters go into it
                typing, keys = True, [("Enter", "done"), ("Esc", "back")]
        self._key_bar.show_keys(typing=typing, keys=keys)

    def note_run(self, note: str) -> None:
        """Says `note` of the run that is watched in the status line; `visible` text."""
        self.run_note = note

    def watch_run_note(self) -> None:
        self._show_status()

    def _show_status(self) -> None:
        self._status.show_model(self.desk.state, self.run_note)

    def _tell(self, message: str) -> None:
        self.notify(visible(message), markup=False, severity="warning", timeout=8)

    def _snapshot(self) -> SavedState:
        return SavedState(
            text=self.editor.text,
            caret=self.editor.cursor_location,
            pane=self.panes[self._shown].id or "",
            model=self.desk.good or self._opened_with.model,
            theme=self.app.theme,
            recent=self.recent,
            options={pane.id: pane.options() for pane in self.panes if pane.id},
        )

    def save(self) -> None:
        """Saves what is to be remembered, without waiting for a quiet moment."""
        if self.furnished.is_set():
            self._memory.save()

    def remember(self) -> None:
        """Something worth remembering changed in a pane."""
        self._memory.changed()

    async def on_unmount(self) -> None:
        self.save()
        if self.furnished.is_set():
            await self.engine.close()
