"""Axes with round numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from math import ceil, floor, inf, isfinite, log10
from typing import Literal, Protocol

Unit = Literal["steps", "samples", "seconds"]
"""What an x axis counts."""

_LABELS = 6
"""How many are most pleasant on an axis."""
_FEWEST_LABELS = 3
"""Below which a logarithmic axis does not tell where one is."""
_ROUND = (1.0, 2.0, 2.5, 5.0)
_ENDS = (
    1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.2, 2.4, 2.6, 2.8, 3.0, 3.2, 3.5, 4.0, 4.5, 5.0,
    5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0, 9.5,
)  # fmt: skip
"""Where an axis may end, times powers of ten: at most a seventh of it is empty."""


def round_steps(smallest: float, factors: Sequence[float] = _ROUND) -> Iterator[float]:
    """`factors` times powers of ten, from the first that is at least `smallest` on."""
    exponent = floor(log10(smallest))
    while True:
        for factor in factors:
            step = factor * 10.0**exponent
            if step >= smallest * (1 - 1e-9):
                yield step
        exponent += 1


def whole_axis(planned: float, last: float) -> float:
    """Where an axis ends that goes from 0 to `planned`, or further where the `last` point is."""
    last = max(last, 1.0)
    # Where the end is not known it grows by leaps: every new one moves all there is.
    return planned if planned >= last else ceil(next(round_steps(last, _ENDS)) - 1e-6)


class Scale(Protocol):
    """Places values upwards over some rows."""

    def height(self, value: float) -> float:
        """How many rows `value` is above the lower edge."""


class Axis(Scale, Protocol):
    """A scale that is named at its left."""

    def labels(self) -> dict[int, str]:
        """Tick labels by row, counted from the top, all as wide."""


@dataclass(frozen=True, slots=True)
class YAxis:
    """Every `rows_per_tick` rows upwards from the lowest one the value grows by `step`.

    `low` is the value at the lower edge of the lowest row, where a tick stands.
    """

    low: float
    step: float
    rows_per_tick: int
    rows: int

    def height(self, value: float) -> float:
        """How many rows `value` is above the lower edge."""
        height = (value - self.low) / self.step * self.rows_per_tick
        # What rounding alone puts below the edge would not be seen.
        return 0.0 if -1e-6 <= height < 0 else height

    def labels(self) -> dict[int, str]:
        """Tick labels by row, counted from the top, all as wide, decimal points aligned."""
        rows = range(self.rows - 1, -1, -self.rows_per_tick)
        values = [self.low + index * self.step for index in range(len(rows))]
        texts = written(values, self.step)
        cells = max(map(len, texts), default=0)
        return {row: f"{text:>{cells}}" for row, text in zip(rows, texts, strict=True)}


def y_axis(low: float, high: float, rows: int, *, from_zero: bool = False) -> YAxis:
    """An axis of `rows` rows that holds all from `low` to `high`.

    It begins at zero where nothing is below and zero is near, or `from_zero` wants it to.
    """
    if not (isfinite(low) and isfinite(high)):
        low, high = 0.0, 1.0
    # Beyond these no difference could be drawn, and none smaller be told apart.
    low, high = (max(-1e300, min(1e300, value)) for value in (low, max(low, high)))
    largest = max(abs(low), abs(high))
    if low >= 0 and (from_zero or low <= 0.75 * high):
        low = 0.0
    if high - low < max(largest * 1e-9, 1e-290):
        high = low + (largest if largest > 1e-290 else 1.0) * 0.1
    usable = max(0.75, rows - 0.25)
    # Where no round numbers fit, which is in one or two rows, the lowest value is named alone.
    best = -inf, YAxis(low, (high - low) / usable * rows, rows, rows)
    for step in round_steps((high - low) / usable):
        if step > 4 * (high - low):
            break
        base = floor(low / step + 1e-9) * step
        ticks = (high - base) / step
        rows_per_tick = int(usable / ticks + 1e-9)
        if not 1 <= rows_per_tick < rows:
            continue
        filled = ticks * rows_per_tick / usable
        labels = ceil(rows / rows_per_tick)
        unpleasant = 0.5 if (rows_per_tick == 1 and rows > 4) or labels < 3 else 0.0
        score = filled - 0.04 * abs(labels - _LABELS) - unpleasant
        if score > best[0]:
            best = score, YAxis(base, step, rows_per_tick, rows)
    return best[1]


@dataclass(frozen=True, slots=True)
class SpanScale:
    """`rows` rows from `low` to `high`: the shape of a curve, whatever its magnitude."""

    low: float
    high: float
    rows: int

    def height(self, value: float) -> float:
        """How many rows `value` is above the lower edge; the middle where all values are alike."""
        span = self.high - self.low
        usable = self.rows - 0.25
        return (value - self.low) / span * usable if span > 0 else self.rows / 2


_LOG_TICKS = (((1.0, 2.0, 5.0), 1), ((1.0, 3.0), 1), *(((1.0,), n) for n in (1, 2, 3, 5, 10, 50)))
"""From dense to sparse: which multiples of which powers of ten."""


@dataclass(frozen=True, slots=True)
class LogAxis:
    """`rows` rows from `low` to `high`, both above zero, each row the same factor higher."""

    low: float
    high: float
    rows: int

    def height(self, value: float) -> float:
        """How many rows `value` is above the lower edge; what is not above zero is below it."""
        if value <= 0:
            return -1.0
        # The very smallest numbers are not apart by a factor.
        span = log10(self.high) - log10(self.low)
        return (log10(value) - log10(self.low)) / span * self.rows if span > 0 else self.rows / 2

    def labels(self) -> dict[int, str]:
        """Round multiples of powers of ten, or some of these alone where they are many.

        Within less than a few of these the round numbers between are named, as on a linear axis.
        """
        powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        found: dict[int, str] = {}
        for factors, stride in _LOG_TICKS:
            values = [factor * 10.0**power for power in powers[::stride] for factor in factors]
            values = [value for value in values if self.low <= value <= self.high]
            rows = [self.rows - 1 - floor(self.height(value) + 1e-9) for value in values]
            found = {
                row: f"{value:g}"
                for row, value in zip(rows, values, strict=True)
                if 0 <= row < self.rows
            }
            if len(values) <= max(2, 0.75 * self.rows) and len(found) == len(values):
                break
        if len(found) < _FEWEST_LABELS:
            found = max(found, self._labels_within(), key=len)
        if not found:
            found[self.rows - 1] = f"{self.low:.3g}"
        cells = max(map(len, found.values()))
        return {row: f"{text:>{cells}}" for row, text in found.items()}

    def _labels_within(self) -> dict[int, str]:
        """Round numbers, every row of its own with a free one between; none without room."""
        span = self.high - self.low
        for step in round_steps(span / self.rows) if span / self.rows > 0 else ():
            if step > span:
                break
            first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
            values = [index * step for index in range(first, last + 1)]
            rows = [self.rows - 1 - floor(self.height(value) + 1e-9) for value in values]
            if all(lower - upper > 1 for lower, upper in pairwise(rows)):
                texts = written(values, step)
                # Zero is a multiple of every step, and in no row.
                return {
                    row: text for row, text in zip(rows, texts, strict=True) if 0 <= row < self.rows
                }
        return {}


def log_axis(low: float, high: float, rows: int) -> LogAxis:
    """A logarithmic axis of `rows` rows; it holds what is above zero from `low` to `high`."""
    high = min(high, 1e300) if high > 0 else 1.0
    low = max(low, high * 1e-12) if low > 0 else high * 1e-3
    # Closer together no difference could be told apart.
    if high / low < 1 + 1e-9:
        low, high = low / 1.1, high * 1.1
    return LogAxis(low, high * (high / low) ** 0.02, max(1, rows))


_CLOCK = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
"""Round numbers of seconds."""


def clock(seconds: float) -> str:
    """`45 s`, `2 m 30`, `1 h 05`, `3 d 4 h`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} m {rest:02}" if rest else f"{minutes} m"
    hours, rest = divmod(whole // 60, 60)
    if hours < 24:
        return f"{hours} h {rest:02}" if rest else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def _label(value: float, unit: Unit) -> str:
    return clock(value) if unit == "seconds" else f"{value:,.0f}"


def x_ticks(
    end: float, cells: int, start: float = 0.0, unit: Unit = "steps"
) -> list[tuple[float, str]]:
    """Values from `start` to `end`, both included, whose labels fit on `cells` cells with room.

    Between the two ends they are round. Nothing but the first where they do not fit.
    """
    first, last = _label(start, unit), _label(end, unit)
    room = max(10, len(last) + 4)
    if end <= start or cells < room or first == last:
        return [(start, first)]
    smallest = max(1.0, (end - start) * room / cells)
    step = float(next((round_ for round_ in _CLOCK if round_ >= smallest), 0))
    if unit != "seconds" or not step:
        step = next(round_steps(smallest))
        step = 5.0 if step == 2.5 else step
    rounds = takewhile(lambda value: value < end, (index * step for index in _from(start, step)))
    # The ends are always named; what would touch them gives way.
    cells_each = cells / (end - start)
    free = {
        edge: (len(text) + len(_label(step, unit))) / 2 + 3
        for edge, text in ((start, first), (end, last))
    }
    between = [
        value
        for value in rounds
        if value > start
        and (end - value) * cells_each >= free[end]
        and (not start or (value - start) * cells_each >= free[start])
    ]
    values = [start, *between, end]
    return [(value, _label(value, unit)) for value in values]


def _from(start: float, step: float) -> Iterator[int]:
    """Every whole number from the first multiple of `step` that is not below `start` on."""
    index = ceil(start / step)
    while True:
        yield index
        index += 1


def written(values: list[float], step: float) -> list[str]:
    """`values`, multiples of `step`, with as many decimals as tell them apart."""
    largest = max(map(abs, values), default=0.0)
    if largest >= 1e6 or 0 < largest < 1e-4:
        # Enough digits to tell neighbours apart.
        digits = max(1, ceil(log10(largest) - log10(step) - 1e-9))
        return [f"{value:.{min(digits, 16)}e}" for value in values]
    decimals = max(0, -floor(log10(step) + 1e-9))
    if round(step / 10.0 ** floor(log10(step) + 1e-9), 6) == 2.5:
        decimals += 1
    return [f"{value + 0.0:.{decimals}f}" for value in values]
