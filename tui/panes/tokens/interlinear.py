"""Rows of text that stand under one another, column by column; it scrolls sideways."""

from __future__ import annotations

import textwrap
from bisect import bisect_right
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from rich.segment import Segment
from textual.strip import Strip

from core.text.visible import fit, width
from tui.widgets.rows import Part, RowsView

_INDENT = 2
_LABEL = 13
_BAR = "│"


@dataclass(frozen=True, slots=True)
class Piece:
    """Something in one column of a track: `visible` text, and the component class it is drawn in.

    `cut` is whether a piece begins here; else it goes on from the column before. `position` is
    that of the token that it is.
    """

    text: str
    kind: str = ""
    cut: bool = False
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """One row of the sheet, what stands in each column, and the words in the row above it.

    Where there is no room for such a row, the short `label` stands before the track.
    """

    label: str
    title: tuple[Part, ...]
    columns: tuple[tuple[Piece, ...], ...]


class Sheet:
    """Tracks over the same columns, each as wide as its widest content."""

    def __init__(self, tracks: Sequence[Track], notes: Sequence[Part] = ()) -> None:
        self.tracks = tuple(tracks)
        count = len(tracks[0].columns) if tracks else 0
        self.widths = [
            max(_width(track.columns[column]) for track in tracks) for column in range(count)
        ]
        self.starts = [0, *accumulate(size + 1 for size in self.widths)]
        """The cell each column begins at; a cell stands between two columns."""
        self.notes = tuple(notes)
        """Words under the tracks, each in rows of its own."""
        self.column_of = {
            piece.position: column
            for track in reversed(tracks)
            for column, pieces in enumerate(track.columns)
            for piece in pieces
            if piece.position is not None
        }

    def column_at(self, cell: int) -> int:
        """The column that `cell` is in."""
        return max(0, min(bisect_right(self.starts, cell) - 1, len(self.widths) - 1))


def _width(pieces: Sequence[Piece]) -> int:
    bars = sum(piece.cut for piece in pieces[1:])
    return bars + sum(width(piece.text) for piece in pieces)


class Interlinear(RowsView):
    """Draws a sheet with the column of the cursor marked and in view."""

    COMPONENT_CLASSES = {
        "sheet--title",
        "sheet--name",
        "sheet--problem",
        "sheet--even",
        "sheet--odd",
        "sheet--special",
        "sheet--unknown",
        "sheet--changed",
        "sheet--bar",
        "sheet--here",
        "sheet--cursor",
    }

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._sheet = Sheet(())
        self._position: int | None = None
        self._left = 0

    def show(self, sheet: Sheet, position: int | None) -> None:
        """Draws `sheet`; the token at `position` of the tracks that have tokens is the cursor."""
        if sheet is not self._sheet:
            self._sheet = sheet
            self._drawings.clear()
        self._position = position
        self._reveal_column()
        self.redraw()

    @property
    def _here(self) -> int | None:
        return None if self._position is None else self._sheet.column_of.get(self._position)

    def _reveal_column(self) -> None:
        room = self._room
        sheet, here = self._sheet, self._here
        left = self._left
        if here is not None:
            # A little of what surrounds the column is kept in view, too.
            start, end = sheet.starts[max(0, here - 1)], sheet.starts[here + 1]
            if here + 1 < len(sheet.widths):
                end = min(end + sheet.widths[here + 1], sheet.starts[here] + room)
            left = min(max(left, end - room), start)
        self._left = max(0, min(left, sheet.starts[-1] - room))

    def on_resize(self) -> None:
        super().on_resize()
        self._reveal_column()

    def scroll_sideways(self, step: int) -> None:
        """Moves the view by most of its width."""
        room = self._room
        last = max(0, self._sheet.starts[-1] - room)
        self._left = max(0, min(self._left + step * room * 3 // 4, last))
        self.redraw()

    @property
    def _spacing(self) -> int:
        """Rows for each track: three with a blank one, two with its title, else one."""
        rows = (self.size.height - len(self._notes)) // max(1, len(self._sheet.tracks))
        return max(1, min(rows, 3))

    @property
    def _notes(self) -> list[tuple[Part, ...]]:
        """The notes in rows as wide as this is."""
        return [
            ((line, name),)
            for words, name in self._sheet.notes
            for line in textwrap.wrap(words, max(20, self.cells - _INDENT))
        ]

    @property
    def _margin(self) -> int:
        """Cells before the columns."""
        return _INDENT if self._spacing > 1 else _LABEL

    @property
    def _room(self) -> int:
        """Cells for the columns."""
        return max(1, self.cells - self._margin - _INDENT)

    def row_count(self) -> int:
        return len(self._rows())

    def _rows(self) -> list[Track | tuple[Part, ...]]:
        """What stands in each row: a track's content, or words."""
        spacing = self._spacing
        rows: list[Track | tuple[Part, ...]] = []
        for track in self._sheet.tracks:
            rows += [()] if spacing == 3 and rows else []
            rows += [track.title] if spacing > 1 else []
            rows.append(track)
        return [*rows, *([()] if spacing == 3 else []), *self._notes]

    def row_key(self, index: int) -> Hashable:
        return index, self._position, self._left, self._spacing

    def row(self, index: int) -> Strip:
        found = self._rows()[index]
        return self._content(found) if isinstance(found, Track) else self._titled(found)

    def _titled(self, parts: Sequence[Part]) -> Strip:
        name = "sheet--title"
        segments = [Segment(text, self.style(kind or name)) for text, kind in parts]
        return Strip([Segment(" ", self.style()), *segments])

    def _content(self, track: Track) -> Strip:
        sheet = self._sheet
        room, edge = self._room, self.style("sheet--bar")
        if not sheet.widths:
            return Strip([])
        first, last = sheet.column_at(self._left), sheet.column_at(self._left + room)
        segments: list[Segment] = []
        for column in range(first, last + 1):
            segments += self._column(track, column)
        shift = self._left - sheet.starts[first]
        strip = Strip(segments).crop(shift, shift + room)
        before = "" if self._spacing > 1 else fit(f" {track.label}", self._margin - 2)
        before += " " * (self._margin - 2 - width(before))
        segments = [Segment(before, self.style("sheet--title"))]
        segments.append(Segment("‹ " if self._left else "  ", edge))
        if sheet.starts[-1] - 1 <= self._left + room:
            return Strip([*segments, *strip])
        strip = strip.adjust_cell_length(room, self.style())
        return Strip([*segments, *strip, Segment(" ›", edge)])

    def _column(self, track: Track, column: int) -> list[Segment]:
        """The column's content, filled to its width, and the cell behind it."""
        pieces = track.columns[column]
        following = track.columns[column + 1] if column + 1 < len(track.columns) else ()
        segments: list[Segment] = []
        used = 0
        here = column == self._here
        for number, piece in enumerate(pieces):
            if number and piece.cut:
                segments.append(Segment(_BAR, self.style("sheet--bar")))
                used += 1
            segments.append(Segment(piece.text, self.style(self._kind(piece, here))))
            used += width(piece.text)
        goes_on = bool(pieces and following and not following[0].cut)
        filling = self.style(pieces[-1].kind if goes_on and pieces[-1].kind in _TINTS else "")
        segments.append(Segment(" " * (self._sheet.widths[column] - used), filling))
        if pieces and following and following[0].cut:
            segments.append(Segment(_BAR, self.style("sheet--bar")))
        else:
            segments.append(Segment(" ", filling))
        return segments

    def _kind(self, piece: Piece, here: bool) -> str:
        if here and piece.position is not None and piece.position == self._position:
            return "sheet--cursor"
        if here and piece.position is None and piece.kind not in ("sheet--changed", *_TINTS):
            return "sheet--here"
        return piece.kind


_TINTS = ("sheet--even", "sheet--odd")
