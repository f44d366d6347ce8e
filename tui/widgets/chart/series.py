"""Points that grow without end, with summaries that are exact about extremes at any zoom."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from math import inf, isfinite, nan
from typing import NamedTuple

FANOUT = 8


class Bucket(NamedTuple):
    """Consecutive points: where they begin and end, and what their finite values come to.

    `finite` of the `size` points have finite values; with none of them these are NaN.
    """

    first_x: float
    last_x: float
    low: float
    high: float
    mean: float
    finite: int
    size: int


class _Level:
    """Summaries of the level below, `FANOUT` at a time; 28 bytes each."""

    def __init__(self) -> None:
        self.low = array("d")
        self.high = array("d")
        self.total = array("d")
        self.count = array("I")

    def __len__(self) -> int:
        return len(self.count)

    def add(self, low: float, high: float, total: float, count: int) -> None:
        self.low.append(low)
        self.high.append(high)
        self.total.append(total)
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
        self._low, self._high = inf, -inf
        self._gaps = 0
        self._settled = 0

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
    def low(self) -> float:
        """The least finite y; `inf` where there is none."""
        self.settle()
        return self._low

    @property
    def high(self) -> float:
        """The greatest finite y; `-inf` where there is none."""
        self.settle()
        return self._high

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
        low, high, _, count = _summary(fresh)
        if count:
            self._low, self._high = min(self._low, low), max(self._high, high)
        self._gaps += len(fresh) - count
        first = self._level(0)
        fresh = self.y[len(first) * FANOUT : end // FANOUT * FANOUT].tolist()
        if isfinite(sum(fresh)):
            # The nth values of all groups: many groups at once is what opening a long run needs.
            nth = [fresh[place::FANOUT] for place in range(FANOUT)]
            first.low.extend(map(min, *nth))
            first.high.extend(map(max, *nth))
            first.total.extend(map(sum, zip(*nth, strict=True)))
            first.count.extend([FANOUT] * len(nth[0]))
        else:
            for start in range(0, len(fresh), FANOUT):
                first.add(*_summary(fresh[start : start + FANOUT]))
        depth = 0
        while len(self._levels[depth]) // FANOUT > len(self._level(depth + 1)):
            below, level = self._levels[depth], self._levels[depth + 1]
            for start in range(len(level) * FANOUT, len(below) // FANOUT * FANOUT, FANOUT):
                part = slice(start, start + FANOUT)
                low, high, _, _ = _summary(below.low[part] + below.high[part])
                level.add(low, high, _total(below.total[part]), sum(below.count[part]))
            depth += 1
        return True

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
                    count = level.count[index]
                    yield Bucket(
                        axis[index * size],
                        axis[(index + 1) * size - 1],
                        level.low[index],
                        level.high[index],
                        level.total[index] / count if count else nan,
                        count,
                        size,
                    )
                start = end // size * size
                continue
            for index in range(start, end):
                y = self.y[index]
                finite = isfinite(y)
                value = y if finite else nan
                yield Bucket(axis[index], axis[index], value, value, value, int(finite), 1)
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


def merged(buckets: Iterable[Bucket], start: float, columns: float) -> list[Bucket]:
    """One bucket for those that begin in the same of so many `columns` an x; gaps stay apart."""
    found: list[Bucket] = []
    group: list[Bucket] = []
    place = -inf
    for bucket in buckets:
        whole = bucket.finite == bucket.size
        here = (bucket.first_x - start) * columns // 1
        if group and (here != place or not whole):
            found.append(_merge(group))
            group = []
        if whole:
            group.append(bucket)
            place = here
        else:
            found.append(bucket)
    if group:
        found.append(_merge(group))
    return found


def _merge(group: list[Bucket]) -> Bucket:
    """Of buckets without gaps."""
    if len(group) == 1:
        return group[0]
    size = sum([bucket.size for bucket in group])
    return Bucket(
        group[0].first_x,
        group[-1].last_x,
        min([bucket.low for bucket in group]),
        max([bucket.high for bucket in group]),
        sum([bucket.mean * (bucket.size / size) for bucket in group]),
        size,
        size,
    )


def _summary(values: Sequence[float]) -> tuple[float, float, float, int]:
    """Least, greatest, sum and number of the finite values; NaN, NaN, 0, 0 where there are none."""
    total = sum(values)
    if not isfinite(total):
        values = [value for value in values if isfinite(value)]
        total = _total(values)
    if not values:
        return nan, nan, 0.0, 0
    return min(values), max(values), total, len(values)


def _total(values: Sequence[float]) -> float:
    """The sum, kept finite: enormous losses are shown as such and break nothing."""
    return max(-1e308, min(1e308, sum(values)))
