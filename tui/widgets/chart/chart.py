"""The chart widget: one series as raw values and trend, points marked, round axes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from math import isfinite
from typing import Literal

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip

from tui.widgets.chart.canvas import BRAILLE, POINTS, STARS, Canvas
from tui.widgets.chart.scale import round_steps, x_ticks, y_axis
from tui.widgets.chart.series import Series
from tui.widgets.chart.trace import trace_line, trace_raw, trend
from tui.widgets.rows import RowsView

_NAMES = {
    " ": "",
    "r": "chart--raw",
    "t": "chart--trend",
    "m": "chart--mark",
    "l": "chart--label",
    "a": "chart--axis",
    "d": "chart--done",
    "x": "chart--gap",
}
_SMALLEST = (14, 3)
"""Columns and rows below which nothing is drawn."""
_EARLY = 0.1


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of its own, drawn over the lines."""

    x: float
    y: float
    kind: Literal["filled", "hollow"] = "filled"


@dataclass(frozen=True, slots=True)
class Plot:
    """What is to be seen. The x axis goes from 0 to `x_end`, or further where points do.

    `smoothing` is the trend's time constant as a share of the x axis.
    """

    series: Series = field(default_factory=Series)
    x_end: float = 0.0
    marks: tuple[Mark, ...] = ()
    smoothing: float = 0.04


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


def terminal_is_plain(
    environment: Mapping[str, str] | None = None, encoding: str | None = None
) -> bool:
    """Whether braille cannot be shown: by the locale, by how output is encoded, or by the font.

    Looks at this process's environment, and at the stream that Textual writes to.
    """
    environment = os.environ if environment is None else environment
    if encoding is None:
        encoding = getattr(sys.__stderr__, "encoding", None) or "utf-8"
    # The Linux console's fonts have 512 characters, and no braille among them.
    if environment.get("TERM") == "linux" or "utf" not in encoding.lower():
        return True
    for variable in ("LC_ALL", "LC_CTYPE", "LANG"):
        if locale := environment.get(variable):
            return "utf" not in locale.lower()
    return False


class LineChart(RowsView):
    """Draws a `Plot` and sends the cells that changed; costs what its width costs.

    In plain terminals it draws with ASCII alone.
    """

    COMPONENT_CLASSES = {name for name in _NAMES.values() if name}
    DEFAULT_CSS = """
    LineChart {
        .chart--raw { color: $foreground 28%; }
        .chart--trend { color: $accent; }
        .chart--mark { color: $foreground; text-style: bold; }
        .chart--label { color: $foreground 55%; }
        .chart--axis { color: $foreground 22%; }
        .chart--done { color: $foreground 55%; }
        .chart--gap { color: $error; text-style: bold; }
    }
    """

    def __init__(self, *, plain: bool | None = None, id: str | None = None) -> None:
        super().__init__(id=id)
        self.plain = terminal_is_plain() if plain is None else plain
        self.trend: float | None = None
        """Where the trend stands at the last step that was drawn; None before the first one."""
        self._plot = Plot()
        self._cells: list[Cells] = []

    def show(self, plot: Plot) -> None:
        """Draws `plot`, or what was added to its series since it was shown last."""
        self._plot = plot
        self.redraw()

    # --- painting -------------------------------------------------------------------------

    def row_count(self) -> int:
        return self.size.height

    def row(self, index: int) -> Strip:
        return self._strip(self._cells[index])

    def redraw(self) -> None:
        if not self.is_mounted or not self.display or not self.size.height:
            return
        old, fresh = self._cells, self._picture()
        if len(self._painted) != len(fresh) or len(old) != len(fresh):
            self._painted = []
            self.refresh()
            return
        self._cells = fresh
        changed = []
        for y, (before, after) in enumerate(zip(old, fresh, strict=True)):
            span = before.difference(after)
            if span is not None:
                self._painted[y] = self._strip(after)
                changed.append(Region(span[0], y, span[1] - span[0], 1))
        if changed:
            self.refresh(*changed)

    def _draw(self) -> list[Strip]:
        self._cells = self._picture()
        return [self._strip(cells) for cells in self._cells]

    def _strip(self, cells: Cells) -> Strip:
        segments, start = [], 0
        for letter, run in groupby(cells.styles):
            end = start + len(list(run))
            segments.append(Segment(cells.text[start:end], self.style(_NAMES[letter])))
            start = end
        return Strip(segments, len(cells.text))

    # --- composing ------------------------------------------------------------------------

    def _picture(self) -> list[Cells]:
        columns, rows = self.size
        series = self._plot.series
        marks = [mark for mark in self._plot.marks if isfinite(mark.x) and isfinite(mark.y)]
        blank = Cells(" " * columns, " " * columns)
        if columns < _SMALLEST[0] or rows < _SMALLEST[1] or not len(series):
            return [blank] * rows
        last = max(series.x[-1], 1.0)
        # Where the end is not known it grows by leaps: every new one moves all there is.
        end = self._plot.x_end if self._plot.x_end >= last else next(round_steps(last))
        low, high = series.low, series.high
        for mark in marks:
            low, high = min(low, mark.y), max(high, mark.y)
        # The first values differ by noise alone: seen from zero they are as alike as they are.
        axis = y_axis(low, high, rows - 2, from_zero=series.x[-1] < _EARLY * end)
        labels = axis.labels()
        # A blank, the label, a blank, the axis; and a blank at the right.
        left = 3 + max(map(len, labels.values()))
        width = columns - left - 1
        if width < 8:
            return [blank] * rows
        canvas = Canvas(width, rows - 2, BRAILLE if not self.plain else POINTS)
        over = Canvas(width, rows - 2, BRAILLE if not self.plain else STARS)

        def x_of(value: float) -> int:
            return max(0, min(canvas.width - 1, int(value / end * (canvas.width - 1) + 0.5)))

        def y_of(value: float) -> int:
            return int(axis.height(value) * canvas.dots.down)

        # For evenly spaced steps this stays the same to the last bit, and so does what is drawn.
        density = (len(series) - 1) / max(series.x[-1] - series.x[0], 1.0) or 1.0
        points = density * end / canvas.width
        window = max(2.0, self._plot.smoothing * end * density)
        gaps = trace_raw(canvas, series, points, x_of, y_of)
        line = trend(series, points, window)
        self.trend = next((point[1] for point in reversed(line) if point), None)
        trace_line(over, line, x_of, y_of)
        texts, styles = _layers(canvas.rows(), over.rows())
        for mark in marks:
            row = rows - 3 - y_of(mark.y) // canvas.dots.down
            column = x_of(mark.x) // canvas.dots.across
            if 0 <= row < rows - 2:
                texts[row][column] = self._mark(mark)
                styles[row][column] = "m"
        found = [
            self._beside(labels.get(row, ""), left, "".join(text), "".join(style))
            for row, (text, style) in enumerate(zip(texts, styles, strict=True))
        ]
        done = x_of(series.x[-1]) // canvas.dots.across
        broken = {x // canvas.dots.across for x in gaps}
        ticks = [(x_of(x) // canvas.dots.across, text) for x, text in x_ticks(end, width)]
        return [
            *found,
            self._axis_row(left, width, done, broken, ticks),
            _below(left, width, ticks),
        ]

    def _mark(self, mark: Mark) -> str:
        if self.plain:
            return "O" if mark.kind == "filled" else "o"
        return "◆" if mark.kind == "filled" else "◇"

    def _beside(self, label: str, left: int, text: str, style: str) -> Cells:
        plain = "+" if label else "|"
        line = plain if self.plain else ("┤" if label else "│")
        return Cells(f" {label:>{left - 3}} {line}{text} ", "l" * (left - 1) + f"a{style} ")

    def _axis_row(
        self, left: int, width: int, done: int, broken: set[int], ticks: list[tuple[int, str]]
    ) -> Cells:
        """The x axis, brighter as far as the series goes, crossed where it is not a number."""
        corner, line, tick, cross = "+-+x" if self.plain else "└─┬×"
        text = [line] * width
        for column, _ in ticks:
            text[column] = tick
        style = ["d" if column <= done else "a" for column in range(width)]
        for column in broken:
            text[column], style[column] = cross, "x"
        return Cells(
            " " * (left - 1) + corner + "".join(text) + " ",
            " " * (left - 1) + f"a{''.join(style)} ",
        )


def _layers(under: list[str], over: list[str]) -> tuple[list[list[str]], list[list[str]]]:
    """Characters and style letters of two canvases, the upper one hiding the lower one."""
    texts, styles = [], []
    for below, above in zip(under, over, strict=True):
        texts.append([a if a != " " else b for a, b in zip(above, below, strict=True)])
        styles.append(
            [
                "t" if a != " " else "r" if b != " " else " "
                for a, b in zip(above, below, strict=True)
            ]
        )
    return texts, styles


def _below(left: int, width: int, ticks: list[tuple[int, str]]) -> Cells:
    """The labels under the x axis, each centred under its tick as far as there is room."""
    text = [" "] * (left + width + 1)
    for column, label in ticks:
        start = left + column - len(label) // 2
        start = max(0, min(start, len(text) - len(label)))
        text[start : start + len(label)] = label
    return Cells("".join(text), "l" * len(text))
