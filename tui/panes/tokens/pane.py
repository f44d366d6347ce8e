"""The Tokens pane: views of one batch, and the cursor they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from core.text.code import load, token_code
from core.text.encoding import Batch
from core.text.options import DEFAULT_OPTIONS
from core.text.visible import visible
from tui.bench import ModelState
from tui.document import Document
from tui.panes.tokens.batch_view import ALL
from tui.panes.tokens.bindings import LAYOUT, MOVING, VIEWS
from tui.panes.tokens.choice import Choice
from tui.panes.tokens.counts import CountsTable
from tui.panes.tokens.cursor import Cursor
from tui.panes.tokens.detail import TokenCard
from tui.panes.tokens.layout import BatchLayout, LayoutLine
from tui.panes.tokens.look import Look, Readers
from tui.panes.tokens.view import View
from tui.sources import source_of
from tui.widgets.keys import open_above
from tui.widgets.pane import Code, Export, Option, Pane


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
        self._layout = BatchLayout()
        self._cursor = Cursor(self._layout)
        self._choice = Choice()

    def compose(self) -> ComposeResult:
        self._empty = Static(id="empty", markup=False)
        self._layout_line = LayoutLine(id="layout")
        self._card = TokenCard(id="card-below")
        self._counts = CountsTable(id="counts")
        yield self._empty
        yield self._layout_line
        yield from self._choice.views
        yield self._card
        yield self._counts

    def on_mount(self) -> None:
        self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        self._choice.measure(event.size.width, event.size.height)
        self.set_class(self._choice.wide, "-wide")
        self.set_class(self._choice.low, "-low")
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
        typing = self.bench.editor.has_focus
        above = "Type a sentence above" if typing else "Press i and type a sentence"
        words = f"{above}: its tokens appear here."
        if self._document.tokenizer is None:
            waiting = f"{model.name}: {model.stage}…" if model.status == "loading" else words
            way_out = f"{'Esc, then o' if typing else 'o'} chooses another model."
            words = f"{model.problem} {way_out}" if model.problem else waiting
        self._empty.update(visible(words))

    def batch_in_view(self, document: Document) -> Batch:
        return self._layout.batch

    def caret_moved(self, line: int, column: int) -> None:
        self._cursor.follow_caret(self._document, line, column)
        self._draw()

    def options(self) -> dict[str, Option]:
        return {**self._choice.saved(), **self._layout.saved()}

    def restore(self, options: dict[str, Option]) -> None:
        self._choice.restore(options)
        self._layout.restore(options)

    def code(self) -> Code | None:
        look = self._look()
        if look is None or self.bench.desk.good is None:
            return None
        source = source_of(self.bench.desk.good)
        view = self._choice.view.code(look, source)
        is_plain = look.encoding is look.whole and look.options.add_special_tokens
        details = self._choice.details and is_plain
        if view is None or look.position is None or not details:
            return view
        detail = look.readers.detail.read(look.encoding, look.position)
        token = token_code(source.checkpoint, look.sentence, detail)
        if self._choice.low:
            return Code("One token", token, source.note)
        loaded = load(source.checkpoint)
        if view.python.startswith(loaded):
            token = token.removeprefix(loaded)
        return replace(view, title=f"{view.title}, and one token", python=f"{view.python}\n{token}")

    def exports(self) -> Sequence[Export]:
        look = self._look()
        if look is None or self.bench.desk.good is None:
            return ()
        return self._choice.view.exports(look, source_of(self.bench.desk.good))

    # --- drawing --------------------------------------------------------------------------

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

    @property
    def _options_shown(self) -> bool:
        """Whether the options have a row even where there is a problem to tell."""
        changed = self._layout.options != DEFAULT_OPTIONS
        return self._choice.wide or (self._choice.tall and changed)

    def _arrange(self) -> None:
        """Shows what the room and the user's choice call for."""
        choice, some = self._choice, bool(self._document.lines)
        below = some and choice.details and not (choice.wide and choice.name == ALL)
        self._empty.display = not some
        self._counts.display = some
        self._card.display = below
        self._card.styles.height = "1fr" if choice.low else max(7, min(11, self.size.height // 2))
        self._layout_line.display = some and (
            choice.wide or self._layout.options != DEFAULT_OPTIONS or bool(self._layout.problem)
        )
        for view in choice.views:
            view.display = some and view is choice.view and not (below and choice.low)
        if choice.view is choice.batch:
            choice.batch.choose(choice.name, wide=choice.wide, card=choice.details)
        elif choice.view is choice.sides:
            choice.sides.read(self.bench.engine)
        self._draw()

    def _draw(self) -> None:
        look = self._look()
        if look is None:
            return
        self._layout_line.show(self._layout, both=self._options_shown)
        if self._choice.view.display:
            self._choice.view.show(look)
        if self._card.display:
            self._card.show(look)
        self._counts.show(look, rows=1 if self._choice.low else 3)

    def _highlight(self, *, moved: bool = True) -> None:
        """Marks, in the editor, the characters that the token under the cursor came from.

        Where the cursor `moved`, the caret goes there too, and typing goes on there.
        """
        editor, look = self.bench.editor, self._look()
        if look is None or self.screen.focused is not self:
            editor.span = None
            return
        line = self._document.lines[look.number].line
        span = None if look.position is None else look.encoding.span_in_line(look.position)
        editor.span = span and (line, *span)
        if moved:
            # A token without characters leaves the caret where it is, but in its sentence.
            column = min(editor.cursor_location[1], len(editor.document.get_line(line)))
            editor.show_line(line, span[0] if span else column)

    def on_focus(self) -> None:
        if self._empty.display:
            self.model_changed(self.bench.model)
        line, column = self.bench.editor.cursor_location
        if self._document.row_of_line(line) not in (None, self._cursor.number):
            # Another sentence was chosen in another pane.
            self._cursor.follow_caret(self._document, line, column)
        self._draw()
        self._highlight(moved=False)

    def on_blur(self) -> None:
        self.bench.editor.span = None  # other panes have no token under a cursor
        if self._empty.display:
            self.model_changed(self.bench.model)

    # --- keys -----------------------------------------------------------------------------

    def action_choose(self, change: str) -> None:
        getattr(self._choice, change)()
        self._rearranged()

    def action_view(self, name: str) -> None:
        self._choice.choose(name)
        self._rearranged()

    async def action_beside(self) -> None:
        from tui.screens.picker import ModelPicker  # its widgets are imported when first needed

        def chosen(name: str | None) -> None:
            if name:
                self._choice.sides.add(name)
                self.action_view("beside")

        picker = ModelPicker(
            self.bench, self.bench.model.name, title="Another tokenizer beside this one"
        )
        await open_above(self.app, picker, chosen)

    def action_beside_less(self) -> None:
        """Takes one away, where they are in sight; else shows them."""
        if self._choice.view is self._choice.sides:
            self._choice.sides.remove_last()
        self.action_view("beside")

    async def action_entry(self) -> None:
        """The vocabulary, at the token under the cursor."""
        from tui.screens.vocabulary import VocabularyScreen

        look = self._look()
        if look is not None:
            cell = look.batch.cell(look.row, look.column)
            tokenizer = look.readers.tokenizer
            screen = VocabularyScreen(tokenizer, name=look.name, token_id=cell.input_id)
            await open_above(self.app, screen)

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
            row, column = self._choice.view.below(look, step)
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
        cell = self._choice.view.page(look, step) if look is not None else None
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
