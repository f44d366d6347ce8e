"""The smoothed line: an exponential moving average, exact at every point of the longest run."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import exp, expm1, isfinite
from operator import mul

_BLOCK = 64
"""Points between two that are remembered: what is between them is added up when looked at."""


class Trend:
    """The average of one series' values up to any of its points, whatever is drawn of them.

    `window` is its time constant, in points. The weights of what came before the first point are
    taken out (Kingma and Ba 2015, section 3), so that the line begins where the values do. Values
    that are not finite count as if they were not there. Takes a fifth of a byte a point.
    """

    def __init__(self, window: float) -> None:
        if not window > 0:
            raise ValueError("a time constant is above zero")
        self.window = window
        latest = -expm1(-1 / window)
        self._weights = [latest * exp(-age / window) for age in reversed(range(_BLOCK))]
        # At the beginning of every block: the weighted sum, and of how many values.
        self._sums = array("d", [0.0])
        self._counts = array("Q", [0])

    def extend(self, values: array[float]) -> None:
        """Takes in what `values` has more than it had; never has it less, or changed."""
        done = (len(self._sums) - 1) * _BLOCK
        for start in range(done, len(values) // _BLOCK * _BLOCK, _BLOCK):
            total, count = self._folded(values[start : start + _BLOCK], len(self._sums) - 1)
            self._sums.append(total)
            self._counts.append(count)

    def at(self, values: array[float], index: int) -> float | None:
        """The average after point `index` of `values`, all that was given to `extend`.

        None where no value up to there is finite.
        """
        block = min((index + 1) // _BLOCK, len(self._sums) - 1)
        between = values[block * _BLOCK : index + 1]
        total, count = self._sums[block], self._counts[block]
        if between:
            total, count = self._folded(between, block)
        return total / -expm1(-count / self.window) if count else None

    def _folded(self, values: Sequence[float], block: int) -> tuple[float, int]:
        """The weighted sum and the count at the beginning of `block`, with `values` after it."""
        if not isfinite(sum(values)):
            values = [value for value in values if isfinite(value)]
        fresh = len(values)
        before = self._sums[block] * exp(-fresh / self.window)
        weights = self._weights if fresh == _BLOCK else self._weights[_BLOCK - fresh :]
        return before + sum(map(mul, values, weights)), self._counts[block] + fresh


def whole_points(axis: array[float], count: int, end: float) -> float:
    """How many points there are on the whole of an axis that goes from 0 to `end`.

    Taken from the first `count`, and rounded to two digits: where points come unevenly it would
    otherwise be another number with each of them, and every average another line.
    """
    if count < 2:
        return end
    density = (count - 1) / max(axis[count - 1] - axis[0], 1.0)
    return float(f"{end * density:.1e}")
