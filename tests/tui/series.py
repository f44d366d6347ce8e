"""Series of values to draw."""

from __future__ import annotations

import math
import random

from hypothesis import strategies as st

from tui.widgets.chart import Series

ANY = st.floats(width=32) | st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308, 0.0])


def long_lists(
    values: st.SearchStrategy[float], longest: int, shortest: int = 0
) -> st.SearchStrategy[list[float]]:
    """Lists of every length up to `longest`; those of `st.lists` seldom have more than thirty."""
    return st.builds(
        lambda some, count, seed: random.Random(seed).choices(some, k=count),
        st.lists(values, min_size=1, max_size=8),
        st.integers(shortest, longest),
        st.integers(0, 2**16),
    )


def series_of(values: list[float], at_once: int = 10**9) -> Series:
    series = Series()
    for start in range(0, len(values), at_once):
        part = values[start : start + at_once]
        series.extend(range(start + 1, start + 1 + len(part)), part)
    return series


def falling(count: int) -> Series:
    chance = random.Random(1)
    return series_of([0.7 * math.exp(-3 * n / count) + chance.random() / 5 for n in range(count)])
