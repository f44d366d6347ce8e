"""Series of values to draw."""

from __future__ import annotations

import math
import random

from hypothesis import strategies as st

from tui.widgets.chart import Series

ANY = st.floats(width=32) | st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308, 0.0])


def series_of(values: list[float], at_once: int = 10**9) -> Series:
    series = Series()
    for start in range(0, len(values), at_once):
        part = values[start : start + at_once]
        series.extend(range(start + 1, start + 1 + len(part)), part)
    return series


def falling(count: int) -> Series:
    chance = random.Random(1)
    return series_of([0.7 * math.exp(-3 * n / count) + chance.random() / 5 for n in range(count)])
