"""The padded batch as a grid of numbers: what the model is given."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Literal

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from core.sizes import percent
from core.text.counts import TIMES, LimitUse
from core.text.encoding import Batch, Cell
from core.text.visible import fit
from tui.widgets.rows import Line, RowsView, gutter_for

Layer = Literal["input_ids", "token_type_ids", "attention_mask"]
LAYERS: tuple[Layer, ...] = ("input_ids", "token_type_ids", "attention_mask")

_USE = 8
"""Cells for how much of the limit a sentence fills."""


class GridHeading(Line):
    """Which tensor is shown, and its shape."""

    COMPONENT_CLASSES = {"grid--layer"}


class BatchGrid(RowsView):
    """One tensor of the batch, a row a sentence; `[PAD]` cells are dim."""

    COMPONENT_CLASSES = {
        "grid--cursor",
        "grid--padding",
        "grid--special",
        "grid--number",
        "grid--problem",
    }

    class Clicked(Message):
        """A cell was clicked."""

        def __init__(self, row: int, column: int) -> None:
            super().__init__()
            self.row, self.column = row, column

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._batch = Batch()
        self._layer: Layer = "input_ids"
        self._cursor = (0, 0)
        self._limit: int | None = None
        self._left = 0
        self._cells = 6

    def show(
        self,
        batch: Batch,
        layer: Layer,
        cursor: tuple[int, int],
        largest: int,
        limit: int | None,
    ) -> None:
        """Draws `layer` of `batch`; `cursor` is (row, column), `largest` the greatest id there is.

        The columns are as wide as `largest` needs. Before them stands how much of `limit`, the
        longest sequence that the model takes, each sentence fills.
        """
        self._batch, self._layer, self._cursor, self._limit = batch, layer, cursor, limit
        self._cells = len(str(largest)) + 1 if layer == "input_ids" else 2
        self.reveal(cursor[0])
        self._reveal_column()
        self.redraw()

    @property
    def _gutter(self) -> int:
        return gutter_for(len(self._batch.encodings)) + (_USE if self._limit else 0)

    @property
    def _columns(self) -> int:
        """How many columns are in view, a cell for `›` left at the right end."""
        return max(1, (self.cells - self._gutter - 1) // self._cells)

    def heading(self) -> str:
        """What stands over the cells before the numbers."""
        words = f"of {self._limit:,}" if self._limit else ""
        return f"{fit(words, self._gutter):>{self._gutter}}"

    def _reveal_column(self) -> None:
        if not self.cells:
            return  # not laid out yet: it is revealed with its first size
        columns = self._columns
        left = min(max(self._left, self._cursor[1] - columns + 1), self._cursor[1])
        self._left = max(0, min(left, self._batch.longest - columns))

    def on_resize(self) -> None:
        super().on_resize()
        self._reveal_column()

    def row_count(self) -> int:
        return len(self._batch.encodings)

    def row_key(self, index: int) -> Hashable:
        cursor = self._cursor[1] if index == self._cursor[0] else -1
        batch = self._batch
        return (
            batch.encodings[index],
            index,
            cursor,
            self._layer,
            self._left,
            (batch.padded_to, batch.padding, self._gutter, self._use(index)),
        )

    def row(self, index: int) -> Strip:
        here = index == self._cursor[0]
        segments = self._before(index)
        length = self._batch.row_length(index)
        last = min(length, self._left + self._columns)
        special = self._batch.encodings[index].special_tokens_mask
        for column in range(self._left, last):
            cell = self._batch.cell(index, column)
            name = ""
            if here and column == self._cursor[1]:
                name = "grid--cursor"
            elif cell.position is None:
                name = "grid--padding"
            elif special[cell.position]:
                name = "grid--special"
            segments.append(Segment(f"{self._number(cell):>{self._cells}}", self.style(name)))
        if last < length:
            segments.append(Segment("›", self.style("grid--number")))
        return Strip(segments)

    def _before(self, index: int) -> list[Segment]:
        """The row's number, how much of the limit its sentence fills; ‹: there is more before."""
        end = "‹" if self._left else " "
        gutter = gutter_for(len(self._batch.encodings))
        number, use = f"{index + 1:>{gutter - 1}}", self._use(index)
        if use is None:
            return [Segment(number + end, self.style("grid--number"))]
        text = percent(use.share)
        if use.excess:
            text = f"{percent(use.share, 0)}!" if use.share < TIMES else f"{use.share:,.0f}×!"
        name = "grid--problem" if use.excess else "grid--number"
        return [
            Segment(f"{number} ", self.style("grid--number")),
            Segment(f"{fit(text, _USE - 1):>{_USE - 1}}{end}", self.style(name)),
        ]

    def _use(self, index: int) -> LimitUse | None:
        """How much of the limit the sentence of row `index` fills, before it was cut."""
        if self._limit is None:
            return None
        origins, lengths = self._batch.overflow_to_sample_mapping, self._batch.whole_lengths
        sentence = index if origins is None else origins[index]
        length = lengths[sentence] if lengths else len(self._batch.encodings[sentence])
        return LimitUse(length, self._limit)

    def _number(self, cell: Cell) -> int:
        if self._layer == "input_ids":
            return cell.input_id
        return cell.token_type_id if self._layer == "token_type_ids" else cell.attention_mask

    def on_click(self, event: events.Click) -> None:
        """Moves the cursor to the cell under the mouse."""
        row = self.top + event.y
        column = self._left + max(0, event.x - self._gutter) // self._cells
        if row < self.row_count() and column < self._batch.row_length(row):
            self.post_message(self.Clicked(row, column))
