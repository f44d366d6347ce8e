"""The Tokens pane: three views of one batch, and a cursor they share."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from core.text.encoding import Batch
from core.text.options import DEFAULT_OPTIONS
from core.text.visible import visible
from tui.document import Document
from tui.panes.tokens.bindings import LAYOUT, MOVING
from tui.panes.tokens.chips import TokenChips
from tui.panes.tokens.grid import LAYERS, BatchGrid, GridHeading
from tui.panes.tokens.layout import BatchLayout, LayoutLine
from tui.panes.tokens.table import HEADINGS, TableHeading, TokenTable
from tui.widgets.pane import ModelState, Option, Pane

VIEWS = ("chips", "table", "grid")
ALL = "all"
_WIDE = (110, 20)
"""Columns and rows from which the three views stand side by side."""


class TokensPane(Pane):
    """What the tokenizer made of every sentence, live."""

    TITLE = "Tokens"
    ABOUT = (
        "What the tokenizer makes of every sentence, as you type: **chips** (special tokens dim, "
        "padding hatched), a **table** of the current sentence, and the padded batch as a **grid** "
        "of `input_ids`, `token_type_ids` or `attention_mask`. Moving through the tokens "
        "highlights the characters they came from."
    )
    DEFAULT_CSS = (Path(__file__).parent / "tokens.tcss").read_text()
    BINDINGS: ClassVar[list[BindingType]] = [*MOVING, *LAYOUT]

    def __init__(self) -> None:
        super().__init__(id="tokens")
        self._document = Document()
        self._row = 0
        self._column = 0
        """A column of the padded batch, so that padding can be looked at too."""
        self._view = ALL
        self._layer = 0
        self._layout = BatchLayout()
        self._chips_height: int | None = None

    def compose(self) -> ComposeResult:
        self._empty = Static(id="empty", markup=False)
        self._chips = TokenChips(id="chips")
        self._heading = TableHeading(id="table-heading")
        self._table = TokenTable(id="table")
        self._grid_heading = GridHeading(id="grid-heading")
        self._grid = BatchGrid(id="grid")
        self._layout_line = LayoutLine(id="layout")
        yield self._empty
        yield self._layout_line
        yield self._chips
        with Horizontal(id="below"):
            with Vertical(id="table-side"):
                yield self._heading
                yield self._table
            with Vertical(id="grid-side"):
                yield self._grid_heading
                yield self._grid

    def on_mount(self) -> None:
        self._heading.show([(HEADINGS, "")])
        self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= _WIDE[0] and event.size.height >= _WIDE[1], "-wide")
        self._arrange()

    # --- what the workbench tells ---------------------------------------------------------

    def document_changed(self, document: Document) -> None:
        had = bool(self._document.lines)
        self._document = document
        self._layout.arrange(document)
        if had != bool(document.lines):
            self._arrange()
            self.model_changed(self.bench.model)
        self._clamp()
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
        sentence = self._document.row_of_line(line)
        if sentence is not None:
            self._row = self._row_at(sentence, line, column)
        self._clamp()
        self._draw()

    def _row_at(self, sentence: int, line: int, column: int) -> int:
        """The row that holds the token of the editor's character; its column is taken over."""
        batch = self._batch
        row = first = self._layout.row_of(sentence)
        while row < len(batch.encodings) and self._layout.sentence_of(row) == sentence:
            encoding = batch.encodings[row]
            for character in (max(0, column - 1), column):
                position = encoding.token_at(character)
                if position is not None and self._document.lines[sentence].line == line:
                    self._column = position + batch.lead(row)
                    return row
            row += 1
        if first != self._row:
            self._column = batch.lead(first)
        return first

    def options(self) -> dict[str, Option]:
        return {"view": self._view, "layer": LAYERS[self._layer], **self._layout.saved()}

    def restore(self, options: dict[str, Option]) -> None:
        if options.get("view") in (*VIEWS, ALL):
            self._view = str(options["view"])
        layer = options.get("layer")
        if layer in LAYERS:
            self._layer = LAYERS.index(layer)
        self._layout.restore(options)

    # --- drawing --------------------------------------------------------------------------

    @property
    def _batch(self) -> Batch:
        return self._layout.batch

    def _arrange(self) -> None:
        """Shows the views that the width and the user's choice call for."""
        wide = self.has_class("-wide")
        view = self._view
        if not wide and view == ALL:
            view = VIEWS[0]
        some = bool(self._document.lines)
        self._empty.display = not some
        self._layout_line.display = some and (wide or self._layout.options != DEFAULT_OPTIONS)
        self._chips.display = some and view in (ALL, "chips")
        self.query_one("#below").display = some and view != "chips"
        self.query_one("#table-side").display = view in (ALL, "table")
        self.query_one("#grid-side").display = view in (ALL, "grid")
        self._draw()

    def _clamp(self) -> None:
        batch = self._batch
        self._row = max(0, min(self._row, len(batch.encodings) - 1))
        if batch.encodings:
            self._column = max(0, min(self._column, batch.row_length(self._row) - 1))

    def _draw(self) -> None:
        batch = self._batch
        if not batch.encodings:
            return
        self._layout_line.show(self._layout.words())
        cursor = (self._row, self._column)
        position = self._column - batch.lead(self._row)
        if self._chips.display:
            self._chips.show(batch, (self._row, position))
            self._fit_chips()
        self._table.show(batch, self._row, self._column)
        tokenizer = self._document.tokenizer
        largest = tokenizer.vocabulary_size if tokenizer else 99_999
        layer = LAYERS[self._layer]
        self._grid.show(batch, layer, cursor, largest)
        shape = "ragged" if batch.shape is None else f"[{batch.shape[0]}, {batch.shape[1]}]"
        self._grid_heading.show([("   ", ""), (layer, "grid--layer"), (f"  shape {shape}", "")])

    def _fit_chips(self) -> None:
        """Side by side, the chips take the rows they need, up to two fifths of the pane."""
        if self.has_class("-wide") and self._view == ALL:
            rows = max(3, min(self._chips.row_count(), self.size.height * 2 // 5))
            if self._chips_height != rows:
                self._chips_height = rows
                self._chips.styles.height = rows
        elif self._chips_height is not None:
            self._chips_height = None
            self._chips.styles.height = "1fr"

    def _highlight(self) -> None:
        """Marks, in the editor, the characters that the token under the cursor came from."""
        editor = self.bench.editor
        span = None
        batch = self._batch
        if self.has_focus and batch.encodings:
            encoding = batch.encodings[self._row]
            position = self._column - batch.lead(self._row)
            if 0 <= position < len(encoding):
                span = encoding.span_in_line(position)
        sentence = self._layout.sentence_of(self._row) if span else 0
        line = self._document.lines[sentence].line if span else 0
        editor.span = (line, *span) if span else None
        if span:
            editor.show_line(line, span[0])

    def on_focus(self) -> None:
        self._highlight()

    # --- keys -----------------------------------------------------------------------------

    def action_next_view(self) -> None:
        views = (ALL, *VIEWS) if self.has_class("-wide") else VIEWS
        shown = self._view if self._view in views else VIEWS[0]
        self._view = views[(views.index(shown) + 1) % len(views)]
        self._arrange()
        self.bench.remember()

    def action_next_layer(self) -> None:
        self._layer = (self._layer + 1) % len(LAYERS)
        if not self.has_class("-wide") or self._view != ALL:
            self._view = "grid"
            self._arrange()
        self._draw()
        self.bench.remember()

    def action_layout(self, change: str) -> None:
        getattr(self._layout, change)()
        self._relaid()

    def action_layout_step(self, change: str, step: int) -> None:
        getattr(self._layout, change)(step)
        self._relaid()

    def _relaid(self) -> None:
        """An option changed: the batch is laid out anew."""
        self._layout.arrange(self._document)
        self._clamp()
        self._arrange()
        self._highlight()
        self.bench.show_summary()
        self.bench.remember()

    def action_move(self, step: int) -> None:
        batch = self._batch
        if not batch.encodings:
            return
        self._column += step
        if self._column < 0 and self._row > 0:
            self._row -= 1
            self._column = batch.row_length(self._row) - 1
        elif self._column >= batch.row_length(self._row) and self._row + 1 < len(batch.encodings):
            self._row += 1
            self._column = 0
        self._moved()

    def action_move_row(self, step: int) -> None:
        if self._view == "table":
            self.action_move(step)
            return
        self._row += step
        self._moved()

    def action_edge(self, end: int) -> None:
        if self._batch.encodings:
            self._column = (self._batch.row_length(self._row) - 1) if end else 0
            self._moved()

    def action_page(self, step: int) -> None:
        if self._table.display:
            self._column += step * max(1, self._table.size.height - 1)
            self._moved()
        else:
            self._chips.scroll_by(step * max(1, self._chips.size.height - 1))

    def _moved(self) -> None:
        self._clamp()
        self._draw()
        self._highlight()

    @on(TokenChips.Reflowed)
    def _chips_reflowed(self) -> None:
        self._fit_chips()

    @on(TokenChips.Clicked)
    def _chip_clicked(self, message: TokenChips.Clicked) -> None:
        self._row = message.row
        self._column = message.position + self._batch.lead(message.row)
        self._moved()

    @on(TokenTable.Clicked)
    def _row_clicked(self, message: TokenTable.Clicked) -> None:
        self._column = message.column
        self._moved()

    @on(BatchGrid.Clicked)
    def _cell_clicked(self, message: BatchGrid.Clicked) -> None:
        self._row, self._column = message.row, message.column
        self._moved()
