"""From what is to be seen to rows of characters: no widget, no colour, no state."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite, isnan, nan

from tui.widgets.chart.canvas import BRAILLE
from tui.widgets.chart.panel import Cells, Mark, Panel, Trace, axis_row, below, heading
from tui.widgets.chart.scale import (
    Axis,
    Scale,
    SpanScale,
    Unit,
    log_axis,
    whole_axis,
    x_ticks,
    y_axis,
)
from tui.widgets.chart.series import Series
from tui.widgets.chart.trace import line_of_values, line_through
from tui.widgets.chart.trend import whole_points

_SMALLEST = (14, 3)
"""Columns and rows below which nothing is drawn."""
_NARROWEST = 8
_EARLY = 0.1
_AS_NEAR = 0.005
"""Of the x axis: about a column, in which a point counts as being at the crosshair."""
_SHORTEST = 2.0
"""Points, the least time constant of a trend."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One series on the chart: its values faint, where wanted, and its trend.

    `x` is the axis its points are laid along; None: the series' own. `points` is how many there
    are on the whole of the plot's x axis; None: as many as its own density makes of it. A curve
    that is not `smooth` goes through its values instead, as bright as a trend. Curves of one
    `scale` share a y axis: "" is the plot's, any other fills the plot with their own range.
    """

    series: Series
    name: str = ""
    x: array[float] | None = None
    raw: bool = True
    points: float | None = None
    smooth: bool = True
    scale: str = ""

    @property
    def axis(self) -> array[float]:
        """The x of its points, ascending."""
        return self.series.x if self.x is None else self.x


@dataclass(frozen=True, slots=True)
class Plot:
    """What is to be seen. The whole x axis goes from 0 to `x_end`, or further where points do.

    `view` is the part of it that is shown, None for all. `smoothing` is the trends' time constant
    as a share of the whole axis; 0 leaves the trends out. `cursor` is the x of the crosshair.
    """

    curves: tuple[Curve, ...] = ()
    x_end: float = 0.0
    marks: tuple[Mark, ...] = ()
    smoothing: float = 0.04
    view: tuple[float, float] | None = None
    log: bool = False
    cursor: float | None = None
    unit: Unit = "steps"
    left: int = 0
    """Cells before the plot, at the least: charts under one another begin in one column."""
    next: str = ""
    """What the chart under it shows, along the same x axis, whose labels stand there."""

    @property
    def last(self) -> float:
        """The x of the newest point; 0 where there is none."""
        return max(
            (curve.axis[len(curve.series) - 1] for curve in self.curves if curve.series),
            default=0.0,
        )

    @property
    def end(self) -> float:
        """Where the whole x axis ends."""
        return whole_axis(self.x_end, self.last)

    def window(self, curve: Curve) -> float:
        """The time constant of a curve's trend, in points; 0: it has none."""
        points = curve.points
        if points is None:
            points = whole_points(curve.axis, len(curve.series), self.end)
        wanted = self.smoothing and curve.smooth
        return max(_SHORTEST, self.smoothing * points) if wanted else 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """The exact value of a curve's point nearest to the crosshair, or of its newest point."""

    name: str
    x: float
    y: float
    trend: float | None
    spread: tuple[float, float] | None = None
    """The values at the lower and the upper edge, where they are not those of the y axis."""
    is_near: bool = True
    """Whether the curve goes as far as the crosshair."""

    @property
    def is_none(self) -> bool:
        """Whether the curve has no point."""
        return isnan(self.x)


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn plot: its rows, what its curves are at the crosshair, and the x of each column."""

    rows: list[Cells]
    readings: tuple[Reading, ...] = ()
    left: int = 0
    """Cells before the first column of the plot; its own labels need `labels` of them."""
    labels: int = 0
    columns: int = 0
    start: float = 0.0
    stop: float = 0.0

    def x_at(self, column: int) -> float:
        """The x at a cell of the widget, counted from its left edge."""
        share = (column - self.left + 0.5) / max(1, self.columns)
        return self.start + max(0.0, min(1.0, share)) * (self.stop - self.start)


def _reading(curve: Curve, plot: Plot) -> Reading:
    """At the crosshair, or at the newest point; the trend is that of all points up to there."""
    series, axis = curve.series, curve.axis
    index = len(series) - 1 if plot.cursor is None else series.nearest(plot.cursor, curve.x)
    if index is None or index < 0:
        return Reading(curve.name, nan, nan, None)
    window = plot.window(curve)
    trend = series.trend(window).at(series.y, index) if window else None
    near = plot.cursor is None or _is_near(axis, len(series), index, plot)
    return Reading(curve.name, axis[index], series.y[index], trend, is_near=near)


def _is_near(axis: Sequence[float], count: int, index: int, plot: Plot) -> bool:
    """Whether the point `index` of `count` says anything of what is at the crosshair.

    Beyond its ends a curve has no value; a place less than its last gap away is not beyond.
    """
    right = max(1, min(index, count - 1))
    gap = axis[right] - axis[right - 1] if count > 1 else 0.0
    distance = abs((plot.cursor or 0.0) - axis[index])
    inside = axis[0] <= (plot.cursor or 0.0) <= axis[count - 1]
    return inside or distance <= max(gap, plot.end * _AS_NEAR)


def along_one_axis(plots: Sequence[Plot]) -> list[Plot]:
    """The plots as they stand under one another: one place is one x in all of them."""
    end = max((plot.end for plot in plots), default=0.0)
    return [replace(plot, x_end=end) for plot in plots]


def latest_trend(plot: Plot) -> float | None:
    """The trend of a plot's first curve at its newest point, wherever the crosshair is."""
    if not plot.curves:
        return None
    return _reading(plot.curves[0], replace(plot, cursor=None)).trend


@dataclass(frozen=True, slots=True)
class Traces:
    """What of a plot is in view: its curves' buckets and trends, its marks, its axes.

    `axis` is upwards over `rows` rows.
    """

    traces: Sequence[Trace]
    marks: Sequence[Mark]
    axis: Axis
    rows: int
    start: float
    stop: float


def traces(plot: Plot, dots: int, rows: int) -> Traces | None:
    """Reads from the series what `dots` columns can show; None where nothing is to be seen."""
    if not any(len(curve.series) for curve in plot.curves):
        return None
    start, stop = plot.view or (0.0, plot.end)
    if (stop - start) / dots <= 0:  # no column is so narrow
        return None
    drawn = [_extract(curve, plot, start, stop, dots) for curve in plot.curves]
    marks = [
        mark
        for mark in plot.marks
        if isfinite(mark.x) and isfinite(mark.y) and start <= mark.x <= stop
    ]
    early = plot.view is None and plot.last < _EARLY * plot.end
    shared = [each for each, curve in zip(drawn, plot.curves, strict=True) if not curve.scale]
    axis = _axis(shared, marks, rows, log=plot.log, from_zero=early)
    return Traces(_on_own_scales(drawn, plot, rows), marks, axis, rows, start, stop)


def _on_own_scales(drawn: Sequence[Trace], plot: Plot, rows: int) -> list[Trace]:
    """Those whose curves have another scale than the plot's are placed by it."""
    groups: dict[str, list[Trace]] = {}
    for each, curve in zip(drawn, plot.curves, strict=True):
        groups.setdefault(curve.scale, []).append(each)
    found = []
    for each, curve in zip(drawn, plot.curves, strict=True):
        if curve.scale:
            lows, highs = _extremes(groups[curve.scale])
            low, high = min(lows, default=0.0), max(highs, default=0.0)
            scale: Scale = SpanScale(low, high, rows)
            if plot.log and high > 0:
                low = min((value for value in lows if value > 0), default=high)
                scale = log_axis(low, high, rows)
            found.append(replace(each, scale=scale, spread=(low, high)))
        else:
            found.append(each)
    return found


def _extremes(drawn: Sequence[Trace]) -> tuple[list[float], list[float]]:
    """The least and the greatest values of all buckets in view."""
    lows = [bucket.low for each in drawn for bucket in each.buckets if bucket.finite]
    highs = [bucket.high for each in drawn for bucket in each.buckets if bucket.finite]
    return lows, highs


def draw(plot: Plot, columns: int, rows: int, *, plain: bool) -> Picture:
    """Draws `plot` on `columns` × `rows` cells, in ASCII alone where `plain`."""
    blank = [Cells(" " * columns, " " * columns)] * rows
    if columns < _SMALLEST[0] or rows < _SMALLEST[1]:
        return Picture(blank)
    # Before the labels' width is known: the buckets may be a little finer than they need be.
    seen = traces(plot, columns * BRAILLE.across if not plain else columns, rows - 2)
    if seen is None:
        return Picture(blank)
    drawn, start, stop = seen.traces, seen.start, seen.stop
    labels = seen.axis.labels()
    # A blank, the label, a blank, the axis; and a blank at the right.
    needed = 3 + max(map(len, labels.values()))
    left = max(plot.left, needed)
    width = columns - left - 1
    if width < _NARROWEST:
        return Picture(blank)
    panel = Panel(seen.axis, start, stop, width, rows - 2, plain)
    gaps = panel.trace(drawn)
    for mark in seen.marks:
        panel.mark(mark)
    if plot.cursor is not None:
        panel.crosshair(plot.cursor)
    ticks = [(panel.column(x), text) for x, text in x_ticks(stop, width, start, plot.unit)]
    done = panel.column(min(plot.last, stop))
    found = [
        *panel.rows(labels, left),
        axis_row(left, width, done, gaps, ticks, plain=plain),
        heading(left, width, plot.next) if plot.next else below(left, width, ticks),
    ]
    readings = tuple(
        replace(_reading(curve, plot), spread=trace.spread)
        for curve, trace in zip(plot.curves, drawn, strict=True)
    )
    return Picture(found, readings, left, needed, width, start, stop)


def _extract(curve: Curve, plot: Plot, start: float, stop: float, dots: int) -> Trace:
    """The buckets of a curve that are in view, about one a dot's column, and its trend."""
    series = curve.series
    if not len(series):
        return Trace([], [], raw=False)
    first, behind = series.span(start, stop, curve.x)
    buckets = list(series.columns(first, behind, start, (stop - start) / dots, curve.x))
    window = plot.window(curve)
    if not curve.smooth:
        line = line_of_values(series, first, buckets)
    else:
        line = line_through(series, first, buckets, window) if window else []
    return Trace(buckets, line, raw=curve.raw or not line, through=not curve.smooth)


def _axis(
    drawn: Sequence[Trace], marks: Sequence[Mark], rows: int, *, log: bool, from_zero: bool
) -> Axis:
    """An axis that holds all that is in view."""
    lows, highs = _extremes(drawn)
    lows += [mark.y for mark in marks]
    highs += [mark.y for mark in marks]
    if log:
        above = [value for value in lows if value > 0]
        return log_axis(min(above, default=1.0), max(highs, default=1.0), rows)
    # The first values differ by noise alone: seen from zero they are as alike as they are.
    return y_axis(min(lows, default=nan), max(highs, default=nan), rows, from_zero=from_zero)
