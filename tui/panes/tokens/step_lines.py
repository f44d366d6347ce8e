"""The three steps as rows: tokens over their ids, the text that comes back, what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from itertools import islice

from rich.segment import Segment
from textual.strip import Strip

from core.sizes import counted
from core.text.round_trip import Difference, RoundTrip
from core.text.spaces import shown
from core.text.visible import fit, visible, width
from tui.widgets.rows import Part, RowsView

_LABEL = 11
_MOST_CHANGES = 40
_OPEN, _CLOSE = "⟦", "⟧"
_Line = tuple[Part, ...]


class StepLines(RowsView):
    """The round trip of one text or two."""

    COMPONENT_CLASSES = {
        "steps--title",
        "steps--name",
        "steps--even",
        "steps--odd",
        "steps--id",
        "steps--differs",
        "steps--equal",
        "steps--cursor",
    }

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._trips: Sequence[RoundTrip] = ()
        self._cursor: tuple[int, int] | None = None
        self._lines: list[_Line] = []

    def show(self, trips: Sequence[RoundTrip], cursor: tuple[int, int] | None) -> None:
        """Draws `trips` with the token at `cursor` (text, place) marked and in view."""
        same = trips is self._trips
        self._trips, self._cursor = trips, cursor
        if not same:
            self.top = 0
        self._lay_out()
        self.redraw()

    def on_resize(self) -> None:
        super().on_resize()
        self._lay_out()

    def row_count(self) -> int:
        return len(self._lines)

    def row_key(self, index: int) -> Hashable:
        return self._lines[index]

    def row(self, index: int) -> Strip:
        return Strip([Segment(text, self.style(name)) for text, name in self._lines[index]])

    def _lay_out(self) -> None:
        room = max(16, self.cells - _LABEL - 1)
        lines: list[_Line] = []
        for number, trip in enumerate(self._trips):
            if len(self._trips) > 1:
                lines += [()] if number else []
                lines.append(((f" {('First', 'Second')[number]} text", "steps--title"),))
            here = self._cursor[1] if self._cursor and self._cursor[0] == number else None
            bands = list(_bands(trip, room, here))
            count = len(trip.tokens)
            lines.append(_heading("1", "tokenize", counted(count, "token")))
            lines.append(_heading("2", "convert_tokens_to_ids", _strays(trip)))
            for band, holds_cursor in bands:
                if holds_cursor and self.size.height:
                    self.reveal(0)  # as far up as the cursor allows
                    self.reveal(len(lines) + 1)
                lines += band
            lines.append(_heading("3", "decode", ""))
            lines += _round_trip(trip, room)
        self._lines = lines


def _heading(number: str, name: str, note: str) -> _Line:
    return (f" {number} ", "steps--name"), (f"{name}  ", "steps--title"), (note, "steps--id")


def _strays(trip: RoundTrip) -> str:
    if not trip.strays:
        return ""
    count = len(trip.strays)
    which = "1 id ≠ that" if count == 1 else f"{count:,} ids ≠ those"
    return f"{which} of the text encoded at once: the token took spaces in"


def _bands(
    trip: RoundTrip, room: int, cursor: int | None
) -> Iterator[tuple[tuple[_Line, _Line], bool]]:
    """Two rows at a time: tokens, and under each its id; whether the cursor is among them."""
    strays = frozenset(trip.strays)
    tokens, ids = _labels()
    used, has_cursor = 0, False
    for place, (token, token_id) in enumerate(zip(trip.tokens, trip.input_ids, strict=True)):
        text = fit(shown(token), room)
        number = f"{token_id}≠" if place in strays else str(token_id)
        size = max(width(text), len(number))
        if used and used + size > room:
            yield (tuple(tokens), tuple(ids)), has_cursor
            tokens, ids = _labels()
            used, has_cursor = 0, False
        kind = "steps--cursor" if place == cursor else ("steps--even", "steps--odd")[place % 2]
        has_cursor = has_cursor or place == cursor
        tokens += [(text, kind), (" " * (size - width(text) + 1), "")]
        kind = "steps--differs" if place in strays else "steps--id"
        ids.append((f"{number:<{size}} ", kind))
        used += size + 1
    if trip.tokens:
        yield (tuple(tokens), tuple(ids)), has_cursor


def _labels() -> tuple[list[Part], list[Part]]:
    return [(f" {'  tokens':<{_LABEL}}", "steps--name")], [(f" {'  ids':<{_LABEL}}", "steps--name")]


def _round_trip(trip: RoundTrip, room: int) -> Iterator[_Line]:
    original = [(each.start, each.end) for each in trip.differences]
    decoded = [(each.decoded_start, each.decoded_end) for each in trip.differences]
    yield from _marked("  decoded", trip.decoded, decoded, room)
    yield from _marked("  text", trip.text, original, room)
    label = f" {'':<{_LABEL}}"
    if not trip.differences:
        yield (label, ""), ("equal: the text comes back as it was", "steps--equal")
        return
    count = len(trip.differences)
    reasons = ", ".join(dict.fromkeys(why for each in trip.differences for why in each.reasons))
    places = counted(count, "place")
    yield (label, ""), (f"{places} not as before: {reasons}", "steps--differs")
    # The same change in many places, as spaces around signs are, is one row.
    changes = Counter((_change(trip, each), ", ".join(each.reasons)) for each in trip.differences)
    rows = [
        (f"{change} ×{times:,}" if times > 1 else change, why)
        for (change, why), times in islice(changes.items(), _MOST_CHANGES)
    ]
    cells = min(max(width(text) for text, _ in rows), room * 2 // 3)
    for text, why in rows:
        change = fit(text, cells)
        yield (label, ""), (f"{change}{' ' * (cells - width(change))}  ", ""), (why, "steps--id")
    if len(changes) > len(rows):
        yield (label, ""), (f"and {len(changes) - len(rows):,} more", "steps--id")


def _change(trip: RoundTrip, difference: Difference) -> str:
    before = trip.text[difference.start : difference.end]
    after = trip.decoded[difference.decoded_start : difference.decoded_end]
    return f"{shown(before) or 'nothing'} → {shown(after) or 'nothing'}"


def _marked(label: str, text: str, marks: Sequence[tuple[int, int]], room: int) -> Iterator[_Line]:
    """`text` in rows of `room` cells, each stretch of `marks` in brackets and in colour."""
    parts: list[Part] = []
    reached = 0
    for start, end in marks:
        parts.append((visible(text[reached:start]), ""))
        parts.append((f"{_OPEN}{shown(text[start:end])}{_CLOSE}", "steps--differs"))
        reached = end
    parts.append((visible(text[reached:]), ""))
    line: list[Part] = [(f" {label:<{_LABEL}}", "steps--name")]
    used = 0
    for part, name in parts:
        left = part
        while left:
            kept = _fitting(left, room - used)
            if kept:
                line.append((left[:kept], name))
                used += width(left[:kept])
                left = left[kept:]
            if left:
                yield tuple(line)
                line, used = [(f" {'':<{_LABEL}}", "")], 0
    yield tuple(line)


def _fitting(text: str, cells: int) -> int:
    """How many characters of `text` fit into `cells`, up to a blank where there is one."""
    if width(text) <= cells:
        return len(text)
    kept = min(len(text), cells)
    while kept and width(text[:kept]) > cells:
        kept -= 1
    blank = text.rfind(" ", 0, kept)
    return blank + 1 if blank >= kept // 2 else kept
