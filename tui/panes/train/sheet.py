"""Rows of words in named styles: what the pane's texts are drawn with."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby

from rich.segment import Segment
from textual.strip import Strip

from core.text.visible import fit, width
from tui.widgets.rows import Line, Part, RowsView

_BETWEEN = " · "
Row = Sequence[Part]
"""Texts that are already `visible`, each with the component class it is drawn in."""


_CURVES = tuple(f"sheet--curve-{number}" for number in range(5))


def curve_style(number: int) -> str:
    """The style that has the colour of the chart's curve `number`, from 0."""
    return _CURVES[number % len(_CURVES)]


_STYLES = {
    *_CURVES,
    "sheet--name",
    "sheet--label",
    "sheet--value",
    "sheet--accent",
    "sheet--good",
    "sheet--bad",
    "sheet--key",
    "sheet--cursor",
}


Layout = Callable[[int, int], Sequence[Row]]
"""Rows for a place of so many cells and rows."""


class WordLine(Line):
    """One row in a sheet's styles."""

    COMPONENT_CLASSES = _STYLES


class Sheet(RowsView):
    """Shows rows; a word that changes is sent alone."""

    COMPONENT_CLASSES = _STYLES

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._content: Sequence[Row] | Layout = ()
        self._rows: Sequence[Row] = ()

    def show(self, content: Sequence[Row] | Layout) -> None:
        """Draws these rows, or those that a layout makes for the place there is."""
        self._content = content
        self.redraw()

    def _draw(self) -> list[Strip]:
        content = self._content
        self._rows = content(*self.size) if callable(content) else content
        return super()._draw()

    def row_count(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> Strip:
        room = self.size.width
        segments = []
        for text, name in self._rows[index]:
            shown = fit(text, room)
            room -= width(shown)
            segments.append(Segment(shown, self.style(name)))
        return Strip(segments)


_NO_BREAK = "\u00a0"


class Foot(Sheet):
    """A sentence in as many rows as it needs, one at least and `MOST` at most."""

    MOST = 4
    DEFAULT_CSS = "Foot { height: 1; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._words: Row = ()
        self._height = 1

    def say(self, words: Row) -> None:
        """Shows `words` instead of what was there."""
        if words != self._words:
            self._words = words
            self.show(lambda cells, rows: wrapped_row(words, cells))
            self._fit()

    def _fit(self) -> None:
        height = len(wrapped_row(self._words, self.size.width or 80))
        height = max(1, min(self.MOST, height))
        if height != self._height:
            self._height = height
            self.styles.height = height

    def on_resize(self) -> None:
        super().on_resize()
        self._fit()


def filled(text: str, cells: int) -> str:
    """`text` in just so many cells: cut, or with blanks behind it."""
    shown = fit(text, cells)
    return shown + " " * (cells - width(shown))


def aligned_right(text: str, cells: int) -> str:
    """The same with the blanks before it, two at the least."""
    shown = fit(text, cells - 2)
    return " " * (cells - width(shown)) + shown


def wrapped_row(row: Row, cells: int) -> list[Row]:
    """`row` in rows of at most `cells` cells; later ones begin with a blank.

    It is broken where " · " stands, which is then left out, and within a part that is longer than
    a row at spaces.
    """
    rows: list[list[Part]] = [[]]
    room = cells
    for number, unit in enumerate(_units(row)):
        if number and _cells(unit) <= room - len(_BETWEEN):
            rows[-1].append((_BETWEEN, unit[0][1] if unit else ""))
            room -= len(_BETWEEN)
        elif number:
            rows.append([(" ", "")])
            room = cells - 1
        room = _add_words(rows, unit, room, cells)
    return [_merged(line) for line in rows]


def _units(row: Row) -> list[list[Part]]:
    """What stands between the separators."""
    units: list[list[Part]] = [[]]
    for text, name in row:
        first, *rest = text.split(_BETWEEN)
        units[-1].append((first, name))
        units += [[(part, name)] for part in rest]
    return units


def _add_words(rows: list[list[Part]], unit: Row, room: int, cells: int) -> int:
    """Writes a unit on, in further rows where it is longer; returns the cells that are left."""
    for word in _words(unit):
        parts = word
        if _cells(word) > room and rows[-1]:
            (first, name), *others = word
            parts = [(first.lstrip(" "), name), *others]
            if not _cells(parts):
                continue
            rows.append([(" ", name)])
            room = cells - 1
        room -= _cells(parts)
        rows[-1] += parts
    return room


def _merged(line: Row) -> Row:
    """Neighbours of one style as one."""
    return [
        ("".join(text for text, _ in parts), name)
        for name, parts in groupby(line, key=lambda part: part[1])
    ]


def _cells(parts: Row) -> int:
    return sum(width(text) for text, _ in parts)


def _words(row: Row) -> list[list[Part]]:
    """The words of `row`, each with the blanks before it, and in all of its styles."""
    words: list[list[Part]] = []
    for text, name in row:
        for word in re.findall(r" *[^ ]+| +$", text):
            part = (word.replace(_NO_BREAK, " "), name)
            if words and not word.startswith(" "):
                words[-1].append(part)
            else:
                words.append([part])
    return words


def key_words(key: str, does: str) -> list[Part]:
    """A key and what it does, which stay together in one row."""
    return [(f" {key}", "sheet--key"), (f"{_NO_BREAK}{does.replace(' ', _NO_BREAK)} ", "")]


def wrapped(text: str, cells: int) -> list[str]:
    """`text` in lines of at most `cells` cells, broken between words where that can be."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width(longer) <= cells:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while width(line) > max(1, cells):
            part = fit(line, cells + 1).removesuffix("…")
            lines.append(part)
            line = line[max(1, len(part)) :]
    return [*lines, line] if line else lines
