"""Axes with round numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, inf, isfinite, log10

_LABELS = 6
"""How many are most pleasant on an axis."""
_ROUND = (1.0, 2.0, 2.5, 5.0)


def round_steps(smallest: float) -> Iterator[float]:
    """1, 2, 2.5 and 5 times powers of ten, from the first that is at least `smallest` on."""
    exponent = floor(log10(smallest))
    while True:
        for factor in _ROUND:
            step = factor * 10.0**exponent
            if step >= smallest * (1 - 1e-9):
                yield step
        exponent += 1


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
        return (value - self.low) / self.step * self.rows_per_tick

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


def x_ticks(end: float, cells: int) -> list[tuple[float, str]]:
    """Values from 0 to `end`, both included, whose labels fit on `cells` cells with room between.

    Nothing but the two ends where they alone fit.
    """
    last = f"{end:,.0f}"
    room = max(10, len(last) + 4)
    if end <= 0 or cells < room:
        return [(0.0, "0")]
    step = max(1.0, next(round_steps(end * room / cells)))
    if step == 2.5:
        step = 5.0
    count = ceil(end / step) - 1
    values = [index * step for index in range(count + 1)]
    # The end is always named; what would touch it gives way.
    free = (len(last) + len(f"{step:,.0f}")) / 2 + 3
    values = [value for value in values if (end - value) / end * cells >= free or not value]
    return [*((value, f"{value:,.0f}") for value in values), (end, last)]


def written(values: list[float], step: float) -> list[str]:
    """`values`, multiples of `step`, with as many decimals as tell them apart."""
    largest = max(map(abs, values), default=0.0)
    if largest >= 1e6 or 0 < largest < 1e-4:
        # Enough digits to tell neighbours apart.
        digits = max(1, ceil(log10(largest / step) - 1e-9))
        return [f"{value:.{min(digits, 9)}e}" for value in values]
    decimals = max(0, -floor(log10(step) + 1e-9))
    if round(step / 10.0 ** floor(log10(step) + 1e-9), 6) == 2.5:
        decimals += 1
    return [f"{value + 0.0:.{decimals}f}" for value in values]
