"""The Tokens pane: views of one batch, and the cursor they share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from core.text.code import token_code
from core.text.encoding import Batch
from core.text.options import DEFAULT_OPTIONS
from core.text.visible import visible
from tui.document import Document
from tui.panes.tokens.batch_view import ALL, PARTS, BatchView
from tui.panes.tokens.bindings import LAYOUT, MOVING, VIEWS
from tui.panes.tokens.counts import CountsTable
from tui.panes.tokens.cursor import Cursor
from tui.panes.tokens.detail import TokenCard
from tui.panes.tokens.grid import LAYERS
from tui.panes.tokens.layout import BatchLayout, LayoutLine
from tui.panes.tokens.look import Look, Readers
from tui.panes.tokens.sides import SidesView
from tui.panes.tokens.sources import source_of
from tui.panes.tokens.stages import StagesView
from tui.panes.tokens.steps import StepsView
from tui.panes.tokens.view import View
from tui.widgets.pane import Code, Export, ModelState, Option, Pane

_WIDE = (110, 20)
"""Columns and rows from which chips, table, grid and the token's details stand side by side."""
_LOW = 12
"""Rows below which the counts take one row and the details all of the pane."""


class TokensPane(Pane):
    """What the tokenizer made of every sentence, live."""

    TITLE = "Tokens"
    ABOUT = (
        "What the tokenizer makes of every sentence, as you type: **chips** (special tokens dim, "
        "padding hatched, the parts of one character underlined), a **table** of the current "
        "sentence, the padded batch as a **grid**; the **stages** that a sentence goes through, "
        "the **round trip** to ids and back, other tokenizers **beside** this one. Moving through "
        "the tokens highlights the characters they came from."
    )
    DEFAULT_CSS = (Path(__file__).parent / "tokens.tcss").read_text()
    BINDINGS: ClassVar[list[BindingType]] = [*MOVING, *VIEWS, *LAYOUT]

    def __init__(self) -> None:
        super().__init__(id="tokens")
        self._document = Document()
        self._readers: Readers | None = None
        self._chosen = ALL
        self._details: bool | None = None
        """Whether the token's details are shown; None where the room decides."""
        self._layout = BatchLayout()
        self._cursor = Cursor(self._layout)
        self._batch_view = BatchView()
        self._sides = SidesView()
        self._views: dict[str, View] = {
            **dict.fromkeys((ALL, *PARTS), self._batch_view),
            "stages": StagesView(),
            "steps": StepsView(),
            "beside": self._sides,
        }

    def compose(self) -> ComposeResult:
        self._empty = Static(id="empty", markup=False)
        self._layout_line = LayoutLine(id="layout")
        self._card = TokenCard(id="card-below")
        self._counts = CountsTable(id="counts")
        yield self._empty
        yield self._layout_line
        yield from dict.fromkeys(self._views.values())
        yield self._card
        yield self._counts

    def on_mount(self) -> None:
        self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= _WIDE[0] and event.size.height >= _WIDE[1], "-wide")
        self.set_class(event.size.height < _LOW, "-low")
        self._arrange()

    # --- what the workbench tells ---------------------------------------------------------

    def document_changed(self, document: Document) -> None:
        had = bool(self._document.lines)
        self._document = document
        tokenizer = document.tokenizer
        if tokenizer is not None and (
            self._readers is None or self._readers.tokenizer is not tokenizer
        ):
            self._readers = Readers(tokenizer)
        problem = self._layout.problem
        self._layout.arrange(document)
        if had != bool(document.lines) or problem != self._layout.problem:
            self._arrange()
            self.model_changed(self.bench.model)
        self._cursor.clamp()
        if not self.bench.editor.has_focus:
            self._draw()
            self._highlight()

    def model_changed(self, model: ModelState) -> None:
        """Without a tokenizer there are no tokens: says what it waits for."""
        words = "Type a sentence above: its tokens appear here."
        if self._document.tokenizer is None:
            waiting = f"{model.name}: {model.stage}…" if model.status == "loading" else words
            words = f"{model.problem} o chooses another model." if model.problem else waiting
        self._empty.update(visible(words))

    def batch_in_view(self, document: Document) -> Batch:
        return self._layout.batch

    def caret_moved(self, line: int, column: int) -> None:
        self._cursor.follow_caret(self._document, line, column)
        self._draw()

    def options(self) -> dict[str, Option]:
        return {
            "view": self._chosen,
            "layer": LAYERS[self._batch_view.tensor],
            "details": self._details,
            "beside": "\n".join(self._sides.names),
            **self._layout.saved(),
        }

    def restore(self, options: dict[str, Option]) -> None:
        if options.get("view") in self._views:
            self._chosen = str(options["view"])
        layer, details, beside = (options.get(name) for name in ("layer", "details", "beside"))
        if layer in LAYERS:
            self._batch_view.tensor = LAYERS.index(layer)
        if isinstance(details, bool):
            self._details = details
        if isinstance(beside, str):
            for name in filter(None, beside.split("\n")):
                self._sides.add(name)
        self._layout.restore(options)

    def code(self) -> Code | None:
        look = self._look()
        if look is None or self.bench.desk.good is None:
            return None
        source = source_of(self.bench.desk.good)
        asked = self._card.display and self._view in PARTS and look.options.add_special_tokens
        if asked and look.encoding is look.whole and look.position is not None:
            python = token_code(source.checkpoint, look.sentence, look.position)
            return Code("One token", python, source.note)
        return self._view_shown.code(look, source)

    def exports(self) -> Sequence[Export]:
        look = self._look()
        if look is None or self.bench.desk.good is None:
            return ()
        return self._view_shown.exports(look, source_of(self.bench.desk.good))

    # --- drawing --------------------------------------------------------------------------

    @property
    def _view(self) -> str:
        """The name of the view that is shown."""
        if self._chosen == ALL and not self.has_class("-wide"):
            return PARTS[0]
        return self._chosen

    @property
    def _view_shown(self) -> View:
        return self._views[self._view]

    def _look(self) -> Look | None:
        """What the views are to show; None where there is nothing yet."""
        batch = self._layout.batch
        if not batch.encodings or self._readers is None:
            return None
        return Look(
            name=self.bench.desk.good or self.bench.model.name,
            batch=batch,
            options=self._layout.in_force,
            readers=self._readers,
            wholes=self._layout.wholes,
            number=self._cursor.number,
            row=self._cursor.row,
            column=self._cursor.column,
            typing=self.bench.editor.has_focus,
        )

    def _arrange(self) -> None:
        """Shows what the room and the user's choice call for."""
        wide, low, view = self.has_class("-wide"), self.has_class("-low"), self._view
        some = bool(self._document.lines)
        details = wide if self._details is None else self._details
        below = some and details and view != ALL
        self._empty.display = not some
        self._counts.display = some
        self._card.display = below
        self._card.styles.height = "1fr" if low else max(7, min(11, self.size.height // 2))
        self._layout_line.display = some and (
            wide or self._layout.options != DEFAULT_OPTIONS or bool(self._layout.problem)
        )
        for each in dict.fromkeys(self._views.values()):
            each.display = some and each is self._view_shown and not (below and low)
        if self._view_shown is self._batch_view:
            self._batch_view.choose(view, card=details)
        elif self._view_shown is self._sides and self.bench.furnished.is_set():
            self._sides.read(self.bench.engine)
        self._draw()

    def _draw(self) -> None:
        look = self._look()
        if look is None:
            return
        self._layout_line.show(self._layout)
        if self._view_shown.display:
            self._view_shown.show(look)
        if self._card.display:
            self._card.show(look)
        self._counts.show(look, rows=1 if self.has_class("-low") else 3)

    def _highlight(self) -> None:
        """Marks, in the editor, the characters that the token under the cursor came from."""
        editor, look = self.bench.editor, self._look()
        span = None
        if self.has_focus and look is not None and look.position is not None:
            span = look.encoding.span_in_line(look.position)
        if span is None or look is None:
            editor.span = None
            return
        line = self._document.lines[look.number].line
        editor.span = (line, *span)
        editor.show_line(line, span[0])

    def on_focus(self) -> None:
        self._draw()
        self._highlight()

    # --- keys -----------------------------------------------------------------------------

    def action_next_view(self) -> None:
        names = list(self._views)
        names = names if self.has_class("-wide") else names[1:]
        self.action_view(names[(names.index(self._view) + 1) % len(names)])

    def action_view(self, name: str) -> None:
        self._chosen = name
        self._rearranged()

    def action_details(self) -> None:
        shown = self.has_class("-wide") if self._details is None else self._details
        self._details = not shown
        self._rearranged()

    def action_next_layer(self) -> None:
        self._batch_view.tensor = (self._batch_view.tensor + 1) % len(LAYERS)
        if self._view != ALL:
            self._chosen = "grid"
        self._rearranged()

    async def action_beside(self) -> None:
        from tui.picker import ModelPicker  # its widgets are imported when first needed

        def chosen(name: str | None) -> None:
            if name:
                self._sides.add(name)
                self.action_view("beside")

        self.app.push_screen(ModelPicker(self.bench.model.name), chosen)

    def action_beside_less(self) -> None:
        self._sides.remove_last()
        self._rearranged()

    def action_entry(self) -> None:
        """The vocabulary, at the token under the cursor."""
        from tui.vocabulary import VocabularyScreen

        look = self._look()
        if look is not None:
            cell = look.batch.cell(look.row, look.column)
            self.app.push_screen(VocabularyScreen(look.readers.tokenizer, token_id=cell.input_id))

    def action_layout(self, change: str) -> None:
        getattr(self._layout, change)()
        self._relaid()

    def action_layout_step(self, change: str, step: int) -> None:
        getattr(self._layout, change)(step)
        self._relaid()

    def _relaid(self) -> None:
        """An option changed: the batch is laid out anew."""
        self._layout.arrange(self._document)
        self._cursor.clamp()
        self._rearranged()
        self._highlight()
        self.bench.show_summary()

    def _rearranged(self) -> None:
        self._arrange()
        self.bench.remember()

    def action_move(self, step: int) -> None:
        self._cursor.move(step)
        self._moved()

    def action_move_row(self, step: int) -> None:
        look = self._look()
        if look is not None:
            row, column = self._view_shown.below(look, step)
            if row == look.row:
                self._cursor.move(column - look.column)
            else:
                self._cursor.move_to(row, column)
            self._moved()

    def action_edge(self, end: int) -> None:
        self._cursor.to_edge(end=bool(end))
        self._moved()

    def action_page(self, step: int) -> None:
        look = self._look()
        cell = self._view_shown.page(look, step) if look is not None else None
        if cell is not None:
            self._cursor.move_to(*cell)
            self._moved()

    @on(View.Pointed)
    def _pointed(self, message: View.Pointed) -> None:
        self._cursor.move_to(message.row, message.column)
        self._moved()

    def _moved(self) -> None:
        self._draw()
        self._highlight()
