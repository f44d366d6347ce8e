"""Points that grow without end, with summaries that are exact about extremes at any zoom."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import ceil, isfinite, nan
from typing import NamedTuple

from tui.widgets.chart.trend import Trend

FANOUT = 8


class Bucket(NamedTuple):
    """Consecutive points: where they begin and end, and what their finite values come to.

    `finite` of the `size` points have finite values; with none of them these are NaN.
    """

    first_x: float
    last_x: float
    low: float
    high: float
    finite: int
    size: int


class _Level:
    """Summaries of the level below, `FANOUT` at a time; 20 bytes each."""

    def __init__(self) -> None:
        self.low = array("d")
        self.high = array("d")
        self.count = array("I")

    def __len__(self) -> int:
        return len(self.count)

    def add(self, low: float, high: float, count: int) -> None:
        self.low.append(low)
        self.high.append(high)
        self.count.append(count)


class Series:
    """Points (x, y) in the order they came; y may be NaN or infinite, which is a gap.

    Several series may share one `x`, which whoever shares it then extends first. The values of a
    point take 8 bytes, its x 8 more, and the summaries of all 8, 64, 512, … together 4 bytes a
    point. They never change once their last point is there, so that adding a point costs the same
    however many there are; they are made when the series is looked at, so that one that nobody
    looks at costs next to nothing.
    """

    def __init__(self, x: array[float] | None = None) -> None:
        self.x = array("d") if x is None else x
        self.y = array("d")
        self._levels: list[_Level] = []
        self._gaps = 0
        self._settled = 0
        self._trend: Trend | None = None

    def __len__(self) -> int:
        return len(self.y)

    def extend(self, xs: Sequence[float], ys: Sequence[float]) -> None:
        """Adds points, one x for each y; for a series that has its x for itself."""
        if len(xs) != len(ys):
            raise ValueError("one x for each y")
        self.x.extend(array("d", xs))
        self.extend_values(ys)

    def extend_values(self, ys: Sequence[float]) -> None:
        """Adds values at the x that the shared array has for them already."""
        self.y.extend(ys if isinstance(ys, array) else array("d", ys))

    @property
    def gaps(self) -> int:
        """How many points are not finite."""
        self.settle()
        return self._gaps

    def settle(self, most: int | None = None) -> bool:
        """Summarizes points that came since this was called last, as every look does with all.

        At most about `most` of them; returns whether there were any.
        """
        before = self._settled
        if before == len(self.y):
            return False
        end = len(self.y) if most is None else min(len(self.y), before + most)
        fresh = self.y[before:end].tolist()
        self._settled = end
        if not isfinite(sum(fresh)):
            self._gaps += len(fresh) - sum(map(isfinite, fresh))
        first = self._level(0)
        fresh = self.y[len(first) * FANOUT : end // FANOUT * FANOUT].tolist()
        if isfinite(sum(fresh)):
            # The nth values of all groups: many groups at once is what opening a long run needs.
            nth = [fresh[place::FANOUT] for place in range(FANOUT)]
            first.low.extend(map(min, *nth))
            first.high.extend(map(max, *nth))
            first.count.extend([FANOUT] * len(nth[0]))
        else:
            for start in range(0, len(fresh), FANOUT):
                first.add(*_summary(fresh[start : start + FANOUT]))
        depth = 0
        while len(self._levels[depth]) // FANOUT > len(self._level(depth + 1)):
            below, level = self._levels[depth], self._levels[depth + 1]
            for start in range(len(level) * FANOUT, len(below) // FANOUT * FANOUT, FANOUT):
                part = slice(start, start + FANOUT)
                low, high, _ = _summary(below.low[part] + below.high[part])
                level.add(low, high, sum(below.count[part]))
            depth += 1
        return True

    def keep_up(self) -> None:
        """Takes new points in at once, where it was looked at before: the next look waits less."""
        if self._settled:
            self.settle()
        if self._trend is not None:
            self._trend.extend(self.y)

    def _level(self, depth: int) -> _Level:
        if depth == len(self._levels):
            self._levels.append(_Level())
        return self._levels[depth]

    # --- reading --------------------------------------------------------------------------

    def span(self, start: float, end: float, x: array[float] | None = None) -> tuple[int, int]:
        """The points from `start` to `end`, and one more on each side where there is one.

        `x` is another axis of the same points, ascending as all are.
        """
        axis, count = self.x if x is None else x, len(self.y)
        first = bisect_left(axis, start, 0, count)
        last = bisect_left(axis, end, first, count)
        return max(0, first - 1), min(count, last + 2)

    def nearest(self, value: float, x: array[float] | None = None) -> int | None:
        """The point whose x is nearest to `value`; None in an empty series."""
        axis, count = self.x if x is None else x, len(self.y)
        if not count:
            return None
        after = min(bisect_left(axis, value, 0, count), count - 1)
        before = max(0, after - 1)
        return before if value - axis[before] < axis[after] - value else after

    def trend(self, window: float) -> Trend:
        """Its average with that time constant; the one that was asked for last is kept."""
        if self._trend is None or self._trend.window != window:
            self._trend = Trend(window)
        self._trend.extend(self.y)
        return self._trend

    def columns(
        self,
        first: int,
        behind: int,
        start: float,
        width: float,
        x: array[float] | None = None,
    ) -> Iterator[Bucket]:
        """The points from `first` to `behind` in order, about one bucket a column.

        A column is `width` of the x axis, the first one begins at `start`. A bucket is drawn
        where it begins, and reaches at most as far into the next column as the summaries that it
        is made from do; where values are not finite, these stay apart.
        """
        if first >= behind:
            return
        self.settle()
        axis = self.x if x is None else x
        # For evenly spaced steps this stays the same to the last bit, and so does what is drawn.
        density = (len(self.y) - 1) / max(axis[len(self.y) - 1] - axis[0], 1.0) or 1.0
        points = density * width
        depth = 0
        while depth < len(self._levels) and FANOUT ** (depth + 1) <= points:
            depth += 1
        size = FANOUT**depth
        reach = 2 * (ceil(points) + size)
        whole = len(self._levels[depth - 1]) if depth else len(self.y)
        here, last = -(-first // size), min(behind // size, whole)
        if here >= last:
            yield from self.buckets(size, first, behind, x)
            return
        yield from self.buckets(size, first, here * size, x)
        level = self._levels[depth - 1] if depth and not self._gaps else None
        while here < last:
            edge = start + ((axis[here * size] - start) // width + 1) * width
            # Where points come evenly the next column is near: seldom are all of them looked at.
            near = min(here * size + reach, last * size)
            if axis[near - 1] < edge:
                near = last * size
            point = bisect_left(axis, edge, here * size + 1, near)
            after = min(-(-point // size), last)
            if level is None:
                yield from self._group(depth, here, after, axis)
            else:
                # As `_group` does, without its steps: this is what a frame of a long run waits for.
                low, high = min(level.low[here:after]), max(level.high[here:after])
                count = (after - here) * size
                yield Bucket(axis[here * size], axis[after * size - 1], low, high, count, count)
            here = after
        yield from self.buckets(size, last * size, behind, x)

    def _group(self, depth: int, here: int, after: int, axis: array[float]) -> Iterator[Bucket]:
        """The summaries from `here` to `after` as one, or one by one where some have gaps."""
        size = FANOUT**depth
        first, last = axis[here * size], axis[after * size - 1]
        if not depth:
            values = self.y[here:after]
            if isfinite(sum(values)):
                yield Bucket(first, last, min(values), max(values), after - here, after - here)
                return
        else:
            level, count = self._levels[depth - 1], (after - here) * size
            if not self._gaps or sum(level.count[here:after]) == count:
                low, high = min(level.low[here:after]), max(level.high[here:after])
                yield Bucket(first, last, low, high, count, count)
                return
        yield from self.buckets(size, here * size, after * size, axis)

    def buckets(
        self,
        points: float,
        start: int = 0,
        stop: int | None = None,
        x: array[float] | None = None,
    ) -> Iterator[Bucket]:
        """The points from `start` to `stop` in order, as buckets of at most `points` points.

        Yields at most `FANOUT` buckets for every `points` points, and a few at both ends, where
        a summary reaches too far or is not there yet.
        """
        self.settle()
        axis = self.x if x is None else x
        stop = len(self.y) if stop is None else min(stop, len(self.y))
        depth = 0
        while depth < len(self._levels) and FANOUT ** (depth + 1) <= points:
            depth += 1
        while start < stop:
            height = self._height(start, stop, depth)
            size = FANOUT**height
            end = stop
            if height < depth:
                # There a higher one may fit.
                end = min(end, (start // (size * FANOUT) + 1) * size * FANOUT)
            if height:
                level = self._levels[height - 1]
                end = min(end, len(level) * size)
                for index in range(start // size, end // size):
                    yield Bucket(
                        axis[index * size],
                        axis[(index + 1) * size - 1],
                        level.low[index],
                        level.high[index],
                        level.count[index],
                        size,
                    )
                start = end // size * size
                continue
            for index in range(start, end):
                y = self.y[index]
                finite = isfinite(y)
                value = y if finite else nan
                yield Bucket(axis[index], axis[index], value, value, int(finite), 1)
            start = end

    def _height(self, start: int, stop: int, most: int) -> int:
        """The height of the largest summary that begins at `start` and ends within `stop`."""
        height, size = 0, FANOUT
        while (
            height < most
            and start % size == 0
            and start + size <= stop
            and start // size < len(self._levels[height])
        ):
            height, size = height + 1, size * FANOUT
        return height


def _summary(values: Sequence[float]) -> tuple[float, float, int]:
    """Least, greatest and number of the finite values; NaN, NaN, 0 where there are none."""
    if not isfinite(sum(values)):
        values = [value for value in values if isfinite(value)]
    return (min(values), max(values), len(values)) if values else (nan, nan, 0)
