"""Sentences as rows of coloured tokens."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from itertools import accumulate, compress, count
from operator import ne

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from core.text.changes import unchanged_ends
from core.text.detail import parts_of_characters
from core.text.encoding import Batch, Encoding, Padding
from core.text.visible import fit, visible, width
from tui.widgets.rows import RowsView, gutter_for

MOST_TOKENS = 4_000
"""Tokens of one sentence that are drawn as chips; the table shows any number."""
_LONG = 200
"""Tokens from which on a sentence is not laid out anew for each key."""
_HATCH = "░"
_PARTIAL = Style(underline=True)


@dataclass(frozen=True, slots=True)
class Chip:
    """A token's place in its row: the cell it begins at, what is drawn there, its position."""

    x: int
    text: str
    position: int
    apart: bool
    """Whether a blank cell stands before it."""
    partial: bool
    """Whether it is a part of a character only: those of one character are underlined."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence's chips, broken into rows. `used` is how many cells the last row takes."""

    rows: tuple[tuple[Chip, ...], ...]
    first: tuple[int, ...]
    """The position that each row begins with."""
    used: int
    left_out: int

    def row_of(self, position: int) -> int:
        """The row that holds the chip of `position`, the last one where none does."""
        return max(0, bisect_right(self.first, position) - 1)


@dataclass(slots=True)
class _Measured:
    """The rows that each encoding takes in one `frame`: what else its height depends on."""

    encodings: tuple[Encoding, ...] = ()
    frame: tuple[int, Padding | None, int] = (0, None, 0)
    heights: list[int] = field(default_factory=list)


def lay_out(
    encoding: Encoding, cells: int, indent: int, before: tuple[Encoding, Paragraph] | None = None
) -> Paragraph:
    """Breaks the tokens of `encoding` into rows of `cells`, the first one indented.

    `before` is another encoding laid out with the same `cells` and `indent`: the rows that both
    have at their beginning are taken over.
    """
    tokens = encoding.tokens
    last = min(len(tokens), MOST_TOKENS)
    rows, first = _rows_in_common(encoding, before) if before else ([], [])
    begin = first.pop() if first else 0
    row: list[Chip] = []
    x = 0 if rows else indent
    ascii_only = str(encoding.sentence).isascii()
    parts = [] if ascii_only else parts_of_characters(encoding, begin, last)
    for position in range(begin, last):
        token = tokens[position]
        text = token if token.isascii() and token.isprintable() else visible(token)
        size = width(text)
        if size > cells:
            text, size = fit(text, cells), cells
        shares = not ascii_only and parts[position - begin]
        apart = bool(row) and not shares and not token.startswith("##")
        if row and x + apart + size > cells:
            rows.append(tuple(row))
            row, x, apart = [], 0, False
        if not row:
            first.append(position)
        if shares and row:
            row[-1] = replace(row[-1], partial=True)
        row.append(Chip(x + apart, text, position, apart, shares))
        x += apart + size
    rows.append(tuple(row))
    return Paragraph(tuple(rows), tuple(first or [0]), x, len(tokens) - MOST_TOKENS)


def _rows_in_common(
    encoding: Encoding, before: tuple[Encoding, Paragraph]
) -> tuple[list[tuple[Chip, ...]], list[int]]:
    """Rows of the encoding `before` that `encoding` begins with, too, and what each begins with.

    Behind these places stands the one that the first row of its own begins with.
    """
    other, paragraph = before
    tokens, others = encoding.tokens, other.tokens
    shorter = min(len(tokens), len(others), MOST_TOKENS)
    same = next(compress(count(), map(ne, tokens[:shorter], others[:shorter])), shorter)
    text, other_text = encoding.sentence.text, other.sentence.text
    # A row counts if the token behind it is the same too, and was made of the same text.
    whole = bisect_left(paragraph.first, same) - 1
    while whole > 0:
        end = encoding.span(paragraph.first[whole])[1]
        of_first_text = encoding.sequence_ids[paragraph.first[whole]] == 0
        if of_first_text and text[:end] == other_text[:end]:
            return list(paragraph.rows[:whole]), list(paragraph.first[: whole + 1])
        whole -= 1
    return [], []


class TokenChips(RowsView):
    """Every sentence of the batch as chips: special tokens dim, padding hatched."""

    COMPONENT_CLASSES = {
        "chips--even",
        "chips--odd",
        "chips--special",
        "chips--unknown",
        "chips--cursor",
        "chips--padding",
        "chips--number",
        "chips--current",
    }

    class Clicked(Message):
        """A token was clicked."""

        def __init__(self, row: int, position: int) -> None:
            super().__init__()
            self.row, self.position = row, position

    class Reflowed(Message):
        """The width changed, and with it how many rows there are."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._batch = Batch()
        self._cursor: tuple[int, int] = (0, 0)
        self._unknown_id: int | None = None
        self._starts: list[int] = [0]
        self._measured = _Measured()
        self._paragraphs: OrderedDict[tuple[Encoding, int, int], Paragraph] = OrderedDict()

    def show(self, batch: Batch, cursor: tuple[int, int], unknown_id: int | None) -> None:
        """Draws `batch` with the chip at `cursor` (row, position) marked and in view."""
        self._unknown_id = unknown_id
        changed = batch is not self._batch or len(self._starts) != len(batch.encodings) + 1
        self._batch, self._cursor = batch, cursor
        if changed:
            self._measure()
        row, position = cursor
        if row < len(batch.encodings):
            # The sentence's first row too, where both fit.
            self.reveal(self._starts[row])
            self.reveal(self._starts[row] + self._paragraph(row).row_of(position))
        self.redraw()

    def on_resize(self) -> None:
        super().on_resize()
        self._measure()
        self.post_message(self.Reflowed())

    @property
    def _gutter(self) -> int:
        return gutter_for(len(self._batch.encodings))

    def _measure(self) -> None:
        """Where each sentence begins; only those that changed are laid out and counted again."""
        batch, before = self._batch, self._measured
        after = _Measured(batch.encodings, (batch.padded_to, batch.padding, self.cells))
        head = tail = 0
        if after.frame == before.frame and self._gutter == gutter_for(len(before.heights)):
            head, tail = unchanged_ends(before.encodings, after.encodings)
        count = len(after.encodings)
        fresh = map(self._height, range(head, count - tail))
        after.heights = [*before.heights[:head], *fresh]
        after.heights += before.heights[len(before.heights) - tail :]
        self._measured = after
        self._starts = list(accumulate(after.heights, initial=0))

    def _padding_of(self, row: int) -> int:
        return self._batch.row_length(row) - len(self._batch.encodings[row])

    def _paragraph(self, row: int) -> Paragraph:
        lead = self._batch.lead(row)
        indent = width(_hatched(lead, 0)) + 1 if lead else 0
        key = (self._batch.encodings[row], self.cells - self._gutter, indent)
        found = self._paragraphs.get(key)
        if found is None:
            before = self._laid_out_before(row, key)
            found = self._paragraphs[key] = lay_out(key[0], max(8, key[1]), indent, before)
            if len(self._paragraphs) > 2 * len(self._batch.encodings) + 64:
                self._paragraphs.popitem(last=False)
        return found

    def _laid_out_before(
        self, row: int, key: tuple[Encoding, int, int]
    ) -> tuple[Encoding, Paragraph] | None:
        """What stood in this row before, if it is long and was laid out alike."""
        shown = self._measured.encodings
        if len(key[0]) < _LONG or row >= len(shown):
            return None
        paragraph = self._paragraphs.get((shown[row], *key[1:]))
        return None if paragraph is None else (shown[row], paragraph)

    def _height(self, row: int) -> int:
        paragraph = self._paragraph(row)
        if self.cells - self._gutter - paragraph.used >= 10 or self._batch.lead(row):
            return len(paragraph.rows)
        return len(paragraph.rows) + (1 if self._padding_of(row) else 0)

    def row_count(self) -> int:
        return self._starts[-1]

    def row_key(self, index: int) -> Hashable:
        sentence = bisect_right(self._starts, index) - 1
        cursor = self._cursor[1] if sentence == self._cursor[0] else -1
        encoding = self._batch.encodings[sentence]
        return (
            encoding,
            index - self._starts[sentence],
            sentence,
            cursor,
            (self._batch.padded_to, self._batch.padding, self._gutter),
        )

    def row(self, index: int) -> Strip:
        sentence = bisect_right(self._starts, index) - 1
        line = index - self._starts[sentence]
        paragraph = self._paragraph(sentence)
        current = sentence == self._cursor[0]
        number = f"{sentence + 1:>{self._gutter - 1}} " if line == 0 else " " * self._gutter
        segments = [Segment(number, self.style("chips--current" if current else "chips--number"))]
        lead = self._batch.lead(sentence)
        if line == 0 and lead:
            segments.append(Segment(_hatched(lead, 0) + " ", self.style("chips--padding")))
        chips = paragraph.rows[line] if line < len(paragraph.rows) else ()
        segments += self._segments(sentence, chips)
        if index == self._starts[sentence + 1] - 1:
            segments += self._tail(sentence, paragraph, line)
        return Strip(segments)

    def _segments(self, sentence: int, chips: tuple[Chip, ...]) -> list[Segment]:
        encoding = self._batch.encodings[sentence]
        special = encoding.special_tokens_mask
        cursor = self._cursor[1] if sentence == self._cursor[0] else -1
        base = self.style()
        segments: list[Segment] = []
        for chip in chips:
            if chip.apart:
                segments.append(Segment(" ", base))
            if chip.position == cursor:
                name = "chips--cursor"
            elif special[chip.position]:
                name = "chips--special"
            elif encoding.input_ids[chip.position] == self._unknown_id:
                name = "chips--unknown"
            else:
                name = "chips--odd" if chip.position % 2 else "chips--even"
            style = self.style(name) + _PARTIAL if chip.partial else self.style(name)
            segments.append(Segment(chip.text, style))
        return segments

    def _tail(self, sentence: int, paragraph: Paragraph, line: int) -> list[Segment]:
        used = paragraph.used if line == len(paragraph.rows) - 1 else 0
        room = self.cells - self._gutter - used - 1
        if paragraph.left_out > 0:
            more = f"… {paragraph.left_out:,} more"
            words = next(
                (each for each in (f"{more} tokens: see the table", more) if len(each) <= room), "…"
            )
            return [Segment(f" {words}", self.style("chips--padding"))]
        padding = self._padding_of(sentence)
        if not padding or self._batch.lead(sentence):
            return []
        apart = " " if used else ""
        return [Segment(apart + _hatched(padding, room), self.style("chips--padding"))]

    def on_click(self, event: events.Click) -> None:
        """Moves the cursor to the token under the mouse."""
        index = self.top + event.y
        if index >= self.row_count():
            return
        sentence = bisect_right(self._starts, index) - 1
        paragraph = self._paragraph(sentence)
        line = min(index - self._starts[sentence], len(paragraph.rows) - 1)
        cells = event.x - self._gutter
        before = [chip for chip in paragraph.rows[line] if chip.x <= cells]
        if before:
            self.post_message(self.Clicked(sentence, before[-1].position))


def _hatched(count: int, room: int) -> str:
    """`count` padding cells, each drawn where they fit into `room`, else as a number."""
    return " ".join(_HATCH * count) if 2 * count - 1 <= room else f"{_HATCH}×{count:,}"
