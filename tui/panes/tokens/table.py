"""One sentence's tokens as a table, a row a token, padding included."""

from __future__ import annotations

from collections.abc import Hashable

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from core.text.encoding import Batch, Encoding
from core.text.visible import fit, visible, width
from tui.widgets.rows import Line, RowsView

_TOKEN = 15
_NUMBER = 5
"""Cells for the position of a token, at the least."""


class TableHeading(Line):
    """The names of the columns."""


class TokenTable(RowsView):
    """Position, token, id, type id, attention mask, special or not, and where it came from."""

    COMPONENT_CLASSES = {
        "table--cursor",
        "table--special",
        "table--padding",
        "table--number",
        "table--source",
    }

    class Clicked(Message):
        """A row was clicked."""

        def __init__(self, column: int) -> None:
            super().__init__()
            self.column = column

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._batch = Batch()
        self._row = 0
        self._column = 0

    def show(self, batch: Batch, row: int, column: int) -> None:
        """Draws row `row` of `batch` with its cell `column` marked and in view."""
        self._batch, self._row, self._column = batch, row, column
        self.reveal(column)
        self.redraw()

    @property
    def heading(self) -> str:
        """The names of the columns, as wide as they are."""
        names = f"{'token':<{_TOKEN}}{'id':>7}  type  mask  special  characters"
        return f"{'#':>{self._number}}  {names}"

    @property
    def _number(self) -> int:
        """Cells for the position, and for the mark before it."""
        return max(_NUMBER, len(str(self.row_count())) + 1)

    def row_count(self) -> int:
        if self._row >= len(self._batch.encodings):
            return 0
        return self._batch.row_length(self._row)

    def row_key(self, index: int) -> Hashable:
        encoding, here = self._batch.encodings[self._row], index == self._column
        position = index - self._batch.lead(self._row)
        if not 0 <= position < len(encoding):
            return index, here, self._batch.padding, self._number
        # Not the encoding itself: a key changes few of its tokens.
        return (
            (index, here, self._number, encoding.tokens[position], encoding.input_ids[position]),
            encoding.token_type_ids[position],
            encoding.special_tokens_mask[position],
            encoding.sequence_ids[position],
            encoding.span(position),
            encoding.source(position),
        )

    def row(self, index: int) -> Strip:
        cell = self._batch.cell(self._row, index)
        here = index == self._column
        if cell.position is None:
            token = f"{visible(cell.token):<{_TOKEN}}"
            numbers = f"{cell.input_id:>7}  {cell.token_type_id:>4}  {cell.attention_mask:>4}"
            name = "table--cursor" if here else "table--padding"
            text = f"{index:>{self._number}}  {token}{numbers}  padding  ░"
            return Strip([Segment(text, self.style(name))])
        encoding = self._batch.encodings[self._row]
        special = bool(encoding.special_tokens_mask[cell.position])
        token = fit(visible(cell.token), _TOKEN - 1)
        token += " " * (_TOKEN - width(token))
        numbers = f"{cell.input_id:>7}  {cell.token_type_id:>4}  {cell.attention_mask:>4}"
        numbers += "  yes      " if special else "  ·        "
        source = _source(
            encoding, cell.position, self.cells - self._number - 2 - _TOKEN - len(numbers)
        )
        if here:
            text = f"›{index:>{self._number - 1}}  {token}{numbers}{source}"
            return Strip([Segment(text, self.style("table--cursor"))])
        return Strip(
            [
                Segment(f"{index:>{self._number}}  ", self.style("table--number")),
                Segment(token, self.style("table--special" if special else "")),
                Segment(numbers, self.style("table--special" if special else "")),
                Segment(source, self.style("table--source")),
            ]
        )

    def on_click(self, event: events.Click) -> None:
        """Moves the cursor to the row under the mouse."""
        if self.top + event.y < self.row_count():
            self.post_message(self.Clicked(self.top + event.y))


def _source(encoding: Encoding, position: int, cells: int) -> str:
    """Where the token came from: `24–31 "Hugging"`, `pair 0–4 "Face"`; nothing for added ones.

    Cut to `cells`, the quotation marks kept.
    """
    sequence = encoding.sequence_ids[position]
    if sequence is None:
        return ""
    start, end = encoding.span(position)
    pair = "pair " if sequence == 1 else ""
    span = f"{pair}{start}–{end} "
    return f'{span}"{fit(visible(encoding.source(position)), max(1, cells - len(span) - 2))}"'
