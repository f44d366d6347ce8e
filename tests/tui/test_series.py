"""A series of values: exact about extremes, gaps and the trend, however it grew."""

from __future__ import annotations

import math
import random
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.series import ANY, falling, long_lists, series_of
from tui.widgets.chart import Curve, Plot
from tui.widgets.chart.picture import draw
from tui.widgets.chart.series import FANOUT
from tui.widgets.chart.trace import line_through
from tui.widgets.chart.trend import Trend, whole_points


@given(long_lists(ANY, 700), st.integers(1, 100), st.integers(1, 600))
def test_buckets_lose_no_extreme_and_no_gap(values: list[float], at_once: int, points: int) -> None:
    series = series_of(values, at_once)
    start = 0
    for bucket in series.buckets(points):
        covered = values[start : start + bucket.size]
        finite = [value for value in covered if math.isfinite(value)]
        assert bucket.size <= points
        assert bucket.finite == len(finite)
        assert (bucket.first_x, bucket.last_x) == (start + 1, start + bucket.size)
        if finite:
            assert (bucket.low, bucket.high) == (min(finite), max(finite))
        start += bucket.size
    assert start == len(values)
    assert series.gaps == sum(not math.isfinite(value) for value in values)


def test_a_coarse_look_reads_few_buckets() -> None:
    series = series_of([0.5] * 100_000)
    found = list(series.buckets(100_000 / 200))
    assert len(found) <= 200 * FANOUT + 4 * FANOUT
    assert sum(bucket.size for bucket in found) == 100_000


def test_a_point_takes_at_most_20_bytes() -> None:
    series = series_of([0.5] * 50_000, at_once=7)
    arrays = [series.x, series.y]
    for level in series._levels:
        arrays += [level.low, level.high, level.count]  # type: ignore[list-item]
    assert sum(map(sys.getsizeof, arrays)) / 50_000 <= 20


def test_only_what_is_looked_at_keeps_up() -> None:
    seen, unseen = falling(1_000), falling(1_000)
    list(seen.buckets(1))
    for series in (seen, unseen):
        series.extend([1_001.0], [0.25])
        series.keep_up()
    assert not seen.settle(), "the next look has nothing left to summarize"
    assert unseen.settle()


def test_a_long_series_is_summarized_a_part_at_a_time() -> None:
    series = falling(10_500)
    parts = 0
    while series.settle(1_000):
        parts += 1
    assert parts == 11
    assert not series.settle()


def test_the_trend_begins_where_the_values_do_and_breaks_at_a_gap() -> None:
    series = series_of([2.0, 2.0, math.nan, 1.0])
    line = line_through(series, 0, series.buckets(1), 10)
    assert line[0] == (1.0, pytest.approx(2.0))
    assert line[2] is None
    assert line[3] is not None
    assert 1.0 < line[3][1] < 2.0


@given(
    long_lists(st.floats(-1e6, 1e6) | st.just(math.nan), 300, shortest=1),
    st.floats(2, 1e4),
    st.integers(1, 100),
)
def test_the_trend_is_exact_at_every_step_however_it_grew(
    values: list[float], window: float, at_once: int
) -> None:
    kept = math.exp(-1 / window)
    series, trend = series_of([]), Trend(window)
    for start in range(0, len(values), at_once):
        part = values[start : start + at_once]
        series.extend(range(start, start + len(part)), part)
        trend.extend(series.y)
    weighted = weight = 0.0
    for index, value in enumerate(values):
        if math.isfinite(value):
            weighted = weighted * kept + value * (1 - kept)
            weight = weight * kept + (1 - kept)
        found = trend.at(series.y, index)
        assert (found is None) == (weight == 0)
        assert found is None or found == pytest.approx(weighted / weight, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("cursor", [None, 61_234.0])
def test_the_figures_are_the_same_in_every_terminal_and_at_every_zoom(
    cursor: float | None,
) -> None:
    series = falling(100_000)
    found = {
        draw(
            Plot((Curve(series),), 150_000, view=view, cursor=cursor), columns, 20, plain=plain
        ).readings
        for columns in (40, 80, 121, 200)
        for view in (None, (60_000.0, 62_000.0), (61_000.0, 100_000.0))
        for plain in (False, True)
    }
    assert len(found) == 1


def test_where_points_come_unevenly_the_trend_is_seldom_another() -> None:
    chance = random.Random(3)
    series = series_of([])
    step, windows = 0, set()
    for _ in range(5_000):
        step += chance.randint(1, 9)
        series.extend([step], [0.5])
        windows.add(whole_points(series.x, len(series), 30_000))
    assert len(windows) < 150
    assert whole_points(series.x, len(series), 30_000) == pytest.approx(6_000, rel=0.05)
