"""The cell of the padded batch under the cursor, and the ways it moves."""

from __future__ import annotations

from core.text.encoding import Batch
from tui.document import Document
from tui.panes.tokens.layout import BatchLayout


class Cursor:
    """A row and a column of the batch that `layout` holds; padding can be looked at too."""

    def __init__(self, layout: BatchLayout) -> None:
        self._layout = layout
        self.row = 0
        self.column = 0

    @property
    def _batch(self) -> Batch:
        return self._layout.batch

    @property
    def number(self) -> int:
        """The sentence that the row is of."""
        return self._layout.sentence_of(self.row)

    def move_to(self, row: int, column: int) -> None:
        """Goes there, or as near as the batch allows."""
        self.row = max(0, min(row, len(self._batch.encodings) - 1))
        if self._batch.encodings:
            self.column = max(0, min(column, self._batch.row_length(self.row) - 1))

    def clamp(self) -> None:
        """The batch changed: stays where it is, as far as there is such a place."""
        self.move_to(self.row, self.column)

    def move(self, step: int) -> None:
        """Goes `step` cells on, from the end of a row to the next row."""
        column, rows = self.column + step, len(self._batch.encodings)
        if not rows:
            return
        if column < 0 and self.row > 0:
            self.move_to(self.row - 1, self._batch.row_length(self.row - 1) - 1)
        elif column >= self._batch.row_length(self.row) and self.row + 1 < rows:
            self.move_to(self.row + 1, 0)
        else:
            self.move_to(self.row, column)

    def to_edge(self, *, end: bool) -> None:
        """The first or the last cell of the row."""
        if self._batch.encodings:
            self.move_to(self.row, self._batch.row_length(self.row) - 1 if end else 0)

    def follow_caret(self, document: Document, line: int, column: int) -> None:
        """Goes to the token of the editor's character: the one before the caret, if any."""
        sentence = document.row_of_line(line)
        if sentence is None:
            return
        batch = self._batch
        row = first = self._layout.row_of(sentence)
        on_line = document.lines[sentence].line == line
        while on_line and row < len(batch.encodings) and self._layout.sentence_of(row) == sentence:
            encoding = batch.encodings[row]
            for character in (max(0, column - 1), column):
                position = encoding.token_at(character)
                if position is not None:
                    self.move_to(row, position + batch.lead(row))
                    return
            row += 1
        # Nothing there became a token: the sentence's beginning, unless that is where it is.
        self.move_to(first, self.column if first == self.row else batch.lead(first))
