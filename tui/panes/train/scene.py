"""The chart as shapes on a page, for files: the same curves and axes as on the screen, in lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Literal

from tui.panes.train.chart_words import spread_words
from tui.widgets.chart.panel import Trace
from tui.widgets.chart.picture import Plot, Traces, traces
from tui.widgets.chart.scale import Scale, x_ticks

WIDTH, HEIGHT = 960, 540
"""Units of a page, each a pixel at its own size."""
INK, FAINT, PAPER = "#1f2430", "#9aa1ad", "#ffffff"
COLOURS = ("#b45309", "#15803d", "#1d4ed8", "#b91c1c", "#6d28d9")
"""Of the curves, told apart on white paper; their dashes tell them apart without colour."""
DASHES: tuple[tuple[int, ...], ...] = ((), (10, 4), (4, 4), (10, 3, 2, 3), (2, 5))
_LEFT, _RIGHT, _TITLE, _AXIS = 76, 24, 44, 34
_Place = Callable[[float], float]
_ROW = 16.0
"""Height of a row of the screen, by which the ticks of the y axis are spaced."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points (x, y), y downwards; `filled`: what it goes around is, too."""

    points: Sequence[tuple[float, float]]
    colour: str
    width: float = 1.0
    dashes: tuple[int, ...] = ()
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """Text whose baseline begins, is centred or ends at (x, y)."""

    x: float
    y: float
    text: str
    anchor: Literal["start", "middle", "end"] = "start"
    colour: str = INK
    size: int = 13


@dataclass(slots=True)
class Scene:
    """Shapes in the order in which they are drawn, on `WIDTH` × `height` units."""

    height: int
    lines: list[Line] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Titled:
    """A plot with the name of what it shows."""

    title: str
    plot: Plot


def scene(plots: Sequence[Titled]) -> Scene:
    """The plots under one another, each with its axes, its legend and its curves."""
    each = max(240, HEIGHT // max(1, len(plots)))
    found = Scene(0)
    for titled in plots:
        found.height += _draw(found, titled, found.height, each)
    found.height = max(found.height, HEIGHT)
    return found


def _draw(found: Scene, titled: Titled, top: int, height: int) -> int:
    """Draws a plot from `top` on; returns its height, which grows with the rows of its legend."""
    plot = titled.plot
    wide, inner = WIDTH - _LEFT - _RIGHT, height - _TITLE - _AXIS
    drawn = traces(plot, wide, max(3, round(inner / _ROW)))
    if drawn is not None and len(plot.curves) > 1:
        height += _legend(found, plot, drawn.traces, top + 38)
    low = top + height - _AXIS
    found.words.append(Words(_LEFT, top + 22, titled.title, size=15))
    found.words.append(Words(WIDTH - _RIGHT, top + 22, caption(plot), "end", FAINT, 12))
    if drawn is None:
        found.words.append(Words(_LEFT, top + 50, "no values yet", colour=FAINT))
        return height
    axis, unit = drawn.axis, inner / drawn.rows

    def x_of(value: float) -> float:
        return _LEFT + (value - drawn.start) / (drawn.stop - drawn.start) * wide

    def y_by(scale: Scale) -> _Place:
        return lambda y: low - max(-0.2, min(drawn.rows + 0.2, scale.height(y))) * unit

    y_of = y_by(axis)

    for row, label in axis.labels().items():
        y = low - (drawn.rows - 1 - row) * unit
        found.lines.append(Line([(_LEFT, y), (WIDTH - _RIGHT, y)], "#e5e7eb"))
        found.words.append(Words(_LEFT - 8, y + 4, label.strip(), "end", FAINT, 12))
    for x, label in x_ticks(drawn.stop, wide // 7, drawn.start, plot.unit):
        found.lines.append(Line([(x_of(x), low), (x_of(x), low + 5)], FAINT))
        found.words.append(Words(x_of(x), low + 20, label, "middle", FAINT, 12))
    found.lines.append(Line([(_LEFT, low), (WIDTH - _RIGHT, low)], FAINT))
    _curves(found, drawn, x_of, y_by)
    for mark in drawn.marks:
        x, y = x_of(mark.x), y_of(mark.y)
        found.lines.append(_diamond(x, y, 5, INK, filled=mark.kind == "filled"))
    return height


def caption(plot: Plot) -> str:
    """What its axes and its marks are."""
    words = ["diamonds: evaluations, hollow on the test split"] if plot.marks else []
    words += ["y: logarithmic"] if plot.log else []
    return ", ".join([*words, f"x: {'time' if plot.unit == 'seconds' else plot.unit}"])


def _diamond(x: float, y: float, reach: float, colour: str, *, filled: bool) -> Line:
    corners = [(x - reach, y), (x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)]
    return Line(corners, colour, 1.5, filled=filled)


def _curves(found: Scene, drawn: Traces, x_of: _Place, y_by: Callable[[Scale], _Place]) -> None:
    for number, trace in enumerate(drawn.traces):
        y_of = y_by(trace.scale or drawn.axis)
        colour, dashes = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
        if trace.raw:
            raw: list[tuple[float, float]] = []
            faint = FAINT if trace.line else colour
            for bucket in trace.buckets:
                if bucket.finite:
                    middle = (bucket.first_x + bucket.last_x) / 2
                    raw += [(middle, bucket.low), (middle, bucket.high)][: 2 if trace.line else 1]
                if bucket.finite < bucket.size:
                    raw.append((bucket.last_x, nan))
            _pieces(found, raw, faint, 0.7 if trace.line else 1.8, x_of, y_of, dashes)
        points = [(point[0], point[1]) if point else (nan, nan) for point in trace.line]
        _pieces(found, points, colour, 1.8, x_of, y_of, dashes)


def _pieces(
    found: Scene,
    points: Sequence[tuple[float, float]],
    colour: str,
    width: float,
    x_of: _Place,
    y_of: _Place,
    dashes: tuple[int, ...],
) -> None:
    """One line for each stretch without a gap."""
    piece: list[tuple[float, float]] = []
    for x, y in [*points, (nan, nan)]:
        if isfinite(y):
            piece.append((x_of(x), y_of(y)))
            continue
        if len(piece) == 1:
            found.lines.append(_diamond(*piece[0], width, colour, filled=True))
        elif piece:
            found.lines.append(Line(piece, colour, width, dashes if width > 1 else ()))
        piece = []


def _legend(found: Scene, plot: Plot, drawn: Sequence[Trace], y: float) -> int:
    """Names the curves that have a line, from `y` on; returns the height of its later rows."""
    x, rows = float(_LEFT), 0
    for number, (curve, trace) in enumerate(zip(plot.curves, drawn, strict=True)):
        if not curve.series:
            continue
        name = f"{curve.name} {spread_words(trace.spread)}" if trace.spread else curve.name
        if x > _LEFT and x + 32 + 7.2 * len(name) > WIDTH - _RIGHT:
            x, rows = float(_LEFT), rows + 1
        here = y + rows * _ROW
        colour, dashes = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
        found.lines.append(Line([(x, here - 4), (x + 26, here - 4)], colour, 1.8, dashes))
        found.words.append(Words(x + 32, here, name, size=12))
        x += 48 + 7.2 * len(name)
    return rows * round(_ROW)
