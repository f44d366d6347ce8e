"""From a series to dots: the raw values as they spread, and the trend through them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isfinite

from tui.widgets.chart.canvas import Canvas
from tui.widgets.chart.series import Bucket, Series

Place = Callable[[float], int]
"""From a value to a dot."""
Point = tuple[float, float] | None
"""Of a line, x and y; None is a gap."""


def trace_raw(canvas: Canvas, buckets: Sequence[Bucket], x_of: Place, y_of: Place) -> set[int]:
    """Draws every value: where many share a dot's column, from the least to the greatest.

    Returns the dot columns with values that are not finite; the line is broken there.
    """
    gaps: set[int] = set()
    before: tuple[int, int, int] | None = None
    for bucket in buckets:
        x = x_of(bucket.first_x)
        if bucket.finite < bucket.size:
            gaps.add(x_of(bucket.last_x))
        if not bucket.finite:
            before = None
            continue
        low, high = y_of(bucket.low), y_of(bucket.high)
        canvas.bar(x, low, high)
        if before is not None:
            _connect(canvas, before, (x, low, high))
        before = None if bucket.finite < bucket.size else (x, low, high)
    return gaps


def _connect(canvas: Canvas, left: tuple[int, int, int], right: tuple[int, int, int]) -> None:
    """Joins two bars (x, low, high) between the ends that are nearest to each other."""
    (x0, low0, high0), (x1, low1, high1) = left, right
    if low1 > high0:
        canvas.line(x0, high0, x1, low1)
    elif high1 < low0:
        canvas.line(x0, low0, x1, high1)
    elif x1 > x0 + 1:
        middle = (max(low0, low1) + min(high0, high1)) // 2
        canvas.line(x0, middle, x1, middle)


def line_through(
    series: Series, first: int, buckets: Iterable[Bucket], window: float
) -> list[Point]:
    """The trend of `series` at the end of each bucket; they follow one another from `first` on.

    `window` is its time constant, in points.
    """
    trend, values = series.trend(window), series.y
    line: list[Point] = []
    end = first
    for bucket in buckets:
        end += bucket.size
        if bucket.finite:
            value = trend.at(values, end - 1)
            line.append(None if value is None else (bucket.last_x, value))
        if bucket.finite < bucket.size:
            line.append(None)
    return line


def line_of_values(series: Series, first: int, buckets: Iterable[Bucket]) -> list[Point]:
    """The value of `series` at the end of each bucket; they follow one another from `first` on."""
    line: list[Point] = []
    end = first
    for bucket in buckets:
        end += bucket.size
        value = series.y[end - 1]
        line.append((bucket.last_x, value) if isfinite(value) else None)
    return line


def trace_line(
    canvas: Canvas,
    line: Sequence[Point],
    x_of: Place,
    y_of: Place,
    pattern: str = "1",
) -> None:
    """Draws a line through points, broken where one is None or not finite.

    `pattern` is repeated along the x axis: no dot is drawn where it has a 0.
    """
    before: tuple[int, int] | None = None
    for point in line:
        if point is None or not isfinite(point[1]):
            before = None
            continue
        here = x_of(point[0]), y_of(point[1])
        canvas.line(*(before or here), *here, pattern)
        before = here
