"""The cells inside a chart's axes, and the axes' own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isfinite
from typing import Literal

from core.text.visible import fit
from core.text.visible import width as cell_len
from tui.widgets.chart.canvas import BRAILLE, Canvas, signs
from tui.widgets.chart.scale import Axis, Scale
from tui.widgets.chart.series import Bucket
from tui.widgets.chart.trace import Place, Point, trace_line, trace_raw

_PATTERNS = ("1", "111100", "1100", "11110100", "110000")
_SIGNS = "━╍┅╌┄"
"""How the curves' trends are dashed, told apart without colours too, and how words show it."""
_PLAIN_SIGNS = "*+o#%@&x=^"
"""In plain terminals each curve has a character instead."""
_DRAWN = re.compile("[^ ]+")
_DOT, _PER_DOT = "●", 6
"""A value on a line, and the columns for each below which there are none."""
_FAR = 1e6
"""Dots, more than any terminal has: outside it makes no difference how far."""
CURVES = "t1234"
"""The style letters of the curves' trends, one colour each."""


def _dashes(number: int) -> int:
    """With the sixth curve the colours begin anew, and each has other dashes than before."""
    return (number + number // len(CURVES)) % len(_PATTERNS)


def curve_sign(number: int, *, plain: bool) -> str:
    """What stands for the chart's curve `number`, from 0, in a legend."""
    return _PLAIN_SIGNS[number % len(_PLAIN_SIGNS)] if plain else _SIGNS[_dashes(number)]


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of its own, drawn over the lines."""

    x: float
    y: float
    kind: Literal["filled", "hollow"] = "filled"


@dataclass(frozen=True, slots=True)
class Cells:
    """A row: its characters, each one cell wide, and for each the letter of its style."""

    text: str
    styles: str

    def difference(self, other: Cells) -> tuple[int, int] | None:
        """The cells from the first to behind the last that differ; None where none do."""
        if self == other:
            return None
        if len(self.text) != len(other.text):
            return 0, max(len(self.text), len(other.text))
        pairs = zip(self.text, other.text, self.styles, other.styles, strict=True)
        differing = [x for x, (a, b, c, d) in enumerate(pairs) if a != b or c != d]
        return differing[0], differing[-1] + 1


@dataclass(frozen=True, slots=True)
class Trace:
    """One curve in view: its buckets, drawn where `raw`, and the trend through them.

    `scale` places it; None: the plot's axis does.
    """

    buckets: Sequence[Bucket]
    line: Sequence[Point]
    raw: bool
    scale: Scale | None = None
    spread: tuple[float, float] | None = None
    """The least and the greatest value of a scale of its own."""
    through: bool = False
    """Whether the line goes through the values instead of being their trend."""


class Panel:
    """The cells inside the axes."""

    def __init__(
        self, axis: Axis, start: float, stop: float, columns: int, rows: int, plain: bool
    ) -> None:
        self._axis = axis
        self._start, self._span = start, stop - start
        self._columns, self._rows, self._plain = columns, rows, plain
        self._dots = signs(".") if plain else BRAILLE
        self._texts = [[" "] * columns for _ in range(rows)]
        self._styles = [[" "] * columns for _ in range(rows)]

    def _x_of(self) -> Place:
        """From an x to its column of dots."""
        start, span = self._start, self._span
        last = self._columns * self._dots.across - 1

        def place(value: float) -> int:
            x = (value - start) / span * last + 0.5
            return floor(x) if -_FAR < x < _FAR else _far(x)

        return place

    def _y_of(self, scale: Scale | None = None) -> Place:
        """From a y to its row of dots, upwards."""
        height, down = (scale or self._axis).height, self._dots.down

        def place(value: float) -> int:
            y = height(value) * down
            return floor(y) if -_FAR < y < _FAR else _far(y)

        return place

    def column(self, value: float) -> int:
        """The cell that holds x, within the panel."""
        return max(0, min(self._columns - 1, self._x_of()(value) // self._dots.across))

    def trace(self, drawn: Sequence[Trace]) -> set[int]:
        """Draws all raw values, then all trends over them; returns the columns with gaps."""
        gaps: set[int] = set()
        x_of = self._x_of()
        under = Canvas(self._columns, self._rows, self._dots)
        for each in drawn:
            if each.raw:
                gaps |= trace_raw(under, each.buckets, x_of, self._y_of(each.scale))
        self._lay(under, "r")
        for number, each in reversed(list(enumerate(drawn))):
            plain = self._plain
            dots = signs(curve_sign(number, plain=True)) if plain else BRAILLE
            over = Canvas(self._columns, self._rows, dots)
            pattern = "1" if plain else _PATTERNS[_dashes(number)]
            trace_line(over, each.line, x_of, self._y_of(each.scale), pattern)
            letter = CURVES[number % len(CURVES)]
            self._lay(over, letter)
            if not plain:
                self._dot(each, letter)
        columns = {x // self._dots.across for x in gaps}
        return {column for column in columns if 0 <= column < self._columns}

    def _dot(self, each: Trace, letter: str) -> None:
        """A dot at each value of a line through few of them: else they are lost to the eye."""
        values = [point for point in each.line if point is not None and isfinite(point[1])]
        if not values or len(values) > (self._columns // _PER_DOT if each.through else 1):
            return
        y_of = self._y_of(each.scale)
        for x, y in values:
            row = self._rows - 1 - y_of(y) // self._dots.down
            column = self._x_of()(x) // self._dots.across
            if 0 <= row < self._rows and 0 <= column < self._columns:
                self._texts[row][column], self._styles[row][column] = _DOT, letter

    def _lay(self, canvas: Canvas, letter: str) -> None:
        for texts, styles, row in zip(self._texts, self._styles, canvas.rows(), strict=True):
            for found in _DRAWN.finditer(row):
                start, end = found.span()
                texts[start:end] = found.group()
                styles[start:end] = letter * (end - start)

    def mark(self, mark: Mark) -> None:
        """Draws a mark over the lines."""
        signs_ = {"filled": "O", "hollow": "o"} if self._plain else {"filled": "◆", "hollow": "◇"}
        row = self._rows - 1 - self._y_of()(mark.y) // self._dots.down
        if 0 <= row < self._rows:
            column = self.column(mark.x)
            self._texts[row][column], self._styles[row][column] = signs_[mark.kind], "m"

    def crosshair(self, x: float) -> None:
        """A vertical line where nothing else is."""
        column = self.column(x)
        for texts, styles in zip(self._texts, self._styles, strict=True):
            if texts[column] == " ":
                texts[column] = "|" if self._plain else "│"
            styles[column] = "c"

    def rows(self, labels: dict[int, str], left: int) -> list[Cells]:
        """The rows with the y axis and its labels before them."""
        found = []
        for row, (texts, styles) in enumerate(zip(self._texts, self._styles, strict=True)):
            label = labels.get(row, "")
            tick, line = ("+", "|") if self._plain else ("┤", "│")
            text = f" {label:>{left - 3}} {tick if label else line}{''.join(texts)} "
            found.append(Cells(text, "l" * (left - 1) + f"a{''.join(styles)} "))
        return found


def axis_row(
    left: int,
    width: int,
    done: int,
    broken: set[int],
    ticks: list[tuple[int, str]],
    *,
    plain: bool,
) -> Cells:
    """The x axis, brighter as far as the series goes, crossed where it is not a number."""
    corner, line, tick, cross = "+-+x" if plain else "└─┬×"
    text = [line] * width
    for column, _ in ticks:
        text[column] = tick
    style = ["d" if column <= done else "a" for column in range(width)]
    for column in broken:
        text[column], style[column] = cross, "x"
    return Cells(
        " " * (left - 1) + corner + "".join(text) + " ", " " * (left - 1) + f"a{''.join(style)} "
    )


def below(left: int, width: int, ticks: list[tuple[int, str]]) -> Cells:
    """The labels under the x axis, each centred under its tick as far as there is room."""
    text = [" "] * (left + width + 1)
    for column, label in ticks:
        start = left + column - len(label) // 2
        start = max(0, min(start, len(text) - len(label)))
        text[start : start + len(label)] = label
    return Cells("".join(text), "l" * len(text))


def heading(left: int, width: int, name: str) -> Cells:
    """The name of the next chart, which has the same x axis, instead of the labels."""
    cells = left + width + 1
    # A sign is one cell wide here.
    text = fit("".join(sign if cell_len(sign) == 1 else "·" for sign in f" {name}"), cells)
    return Cells(f"{text:<{cells}}", "l" * cells)


def _far(dot: float) -> int:
    """A dot out of sight on the side where `dot` is, which may be infinite."""
    return floor(_FAR if dot > 0 else -_FAR)
