"""Zoom, pan, crosshair, several curves, a logarithmic axis: each exact about what it shows."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.tui.series import ANY, falling, long_lists, series_of
from tui.widgets.chart import Curve, Mark, Plot, Series, Window
from tui.widgets.chart.panel import CURVES
from tui.widgets.chart.picture import draw
from tui.widgets.chart.scale import clock, log_axis, x_ticks
from tui.widgets.chart.series import FANOUT


@given(long_lists(ANY, 700), st.integers(1, 600), st.integers(0, 700), st.integers(0, 700))
def test_any_part_of_a_series_is_covered_exactly(
    values: list[float], points: int, start: int, stop: int
) -> None:
    series = series_of(values)
    at = start
    for bucket in series.buckets(points, start, stop):
        covered = values[at : at + bucket.size]
        finite = [value for value in covered if math.isfinite(value)]
        assert bucket.size <= points
        assert bucket.finite == len(finite)
        assert (bucket.first_x, bucket.last_x) == (at + 1, at + bucket.size)
        if finite:
            assert (bucket.low, bucket.high) == (min(finite), max(finite))
        at += bucket.size
    assert at == max(start, min(stop, len(values)))


def test_a_look_at_a_part_reads_few_buckets() -> None:
    series = falling(300_000)
    found = list(series.buckets(100_000 / 200, 33_333, 133_333))
    assert len(found) <= 200 * FANOUT + 8 * FANOUT


def test_series_that_share_their_steps_grow_together() -> None:
    steps = array("d")
    loss, rate = Series(steps), Series(steps)
    for start in range(0, 300, 50):
        steps.extend(range(start + 1, start + 51))
        loss.extend_values([0.5] * 50)
        rate.extend_values([1e-4] * 50)
    assert [bucket.last_x for bucket in loss.buckets(64)] == [
        bucket.last_x for bucket in rate.buckets(64)
    ]
    assert loss.span(100, 110) == (98, 111)


def test_a_zoomed_picture_is_that_of_the_points_in_it() -> None:
    values = [math.sin(n / 300) for n in range(10_000)]
    whole = series_of(values)
    part = Series()
    part.extend(range(4_001, 4_203), values[4_000:4_202])
    view = (4_002.0, 4_200.0)
    ours = draw(Plot((Curve(whole),), 10_000, view=view, smoothing=0), 100, 20, plain=False)
    alone = draw(Plot((Curve(part),), 10_000, view=view, smoothing=0), 100, 20, plain=False)
    assert [row.text for row in ours.rows] == [row.text for row in alone.rows]


def test_the_trend_in_a_zoomed_picture_is_the_trend_of_the_whole() -> None:
    series = falling(5_000)
    near = draw(
        Plot((Curve(series),), 5_000, view=(4_000, 4_100), cursor=4_050), 100, 20, plain=False
    )
    far = draw(Plot((Curve(series),), 5_000, cursor=4_050), 4_000, 20, plain=False)
    assert near.readings[0].y == far.readings[0].y == series.y[4_049]
    assert near.readings[0].trend == pytest.approx(far.readings[0].trend, rel=5e-3)


def test_lines_from_far_outside_cross_the_picture() -> None:
    series = Series()
    series.extend([0, 1e9], [0.0, 1.0])
    picture = draw(
        Plot((Curve(series),), 1e9, view=(5e8, 5e8 + 100), smoothing=0), 60, 10, plain=False
    )
    crossing = [row.text[8:-1] for row in picture.rows[:-2] if row.text[8:-1].strip()]
    assert len(crossing) == 1
    assert " " not in crossing[0]


def test_the_crosshair_reads_exact_values() -> None:
    losses, rates = series_of([0.9, 0.7, math.nan, 0.5]), series_of([4.0, 3.0, 2.0, 1.0])
    plot = Plot((Curve(losses, "loss"), Curve(rates, "rate")), 4, cursor=2.2)
    picture = draw(plot, 60, 12, plain=False)
    assert [(each.name, each.x, each.y) for each in picture.readings] == [
        ("loss", 2.0, 0.7),
        ("rate", 2.0, 3.0),
    ]
    [column] = {row.styles.index("c") for row in picture.rows[:-2]}
    crossed = [row.text[column] for row in picture.rows[:-2]]
    assert 5 < crossed.count("│") < 10, "the curves go on over it"
    assert picture.x_at(column) == pytest.approx(2.2, abs=4 / 50)
    newest = draw(Plot((Curve(losses, "loss"),), 4), 60, 12, plain=False).readings[0]
    assert (newest.x, newest.y) == (4.0, 0.5)


def test_a_place_in_a_part_is_read_where_it_is() -> None:
    plot = Plot((Curve(series_of([0.5] * 400)),), 400, view=(300, 400))
    picture = draw(plot, 60, 12, plain=False)
    middle = picture.left + picture.columns // 2
    assert picture.x_at(middle) == pytest.approx(350, abs=2)
    assert (picture.x_at(0), picture.x_at(1_000)) == (pytest.approx(300, abs=2), 400)


@pytest.mark.parametrize("cursor", [None, 1.0])
def test_a_curve_without_points_beside_one_with_a_single_point(cursor: float | None) -> None:
    curves = Curve(series_of([0.5]), "one"), Curve(Series(), "none")
    one, none = draw(Plot(curves, 10, cursor=cursor), 60, 12, plain=False).readings
    assert (one.x, one.y, one.is_none) == (1.0, 0.5, False)
    assert none.is_none


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_mark_without_a_finite_value_is_not_drawn(value: float) -> None:
    curves = (Curve(series_of([0.5] * 20)),)
    with_mark = draw(Plot(curves, 20, (Mark(3, value),)), 60, 12, plain=False)
    assert with_mark.rows == draw(Plot(curves, 20), 60, 12, plain=False).rows


def test_the_first_values_are_seen_from_zero() -> None:
    def lowest(steps: int, view: tuple[float, float] | None = None) -> float:
        values = [0.7 + 0.01 * (n % 2) for n in range(steps)]
        plot = Plot((Curve(series_of(values)),), 1_000, view=view)
        row = draw(plot, 60, 12, plain=False).rows[-3]
        return float(row.text.split("┤")[0])

    assert lowest(50) == 0
    assert lowest(500) > 0.6
    assert lowest(50, view=(0, 50)) > 0.6


@pytest.mark.parametrize("log", [False, True])
def test_a_curve_on_its_own_scale_fills_the_plot_and_says_from_where_to_where(log: bool) -> None:
    loss = Curve(series_of([2.0 - n / 200 for n in range(200)]), "loss")
    rate = Curve(series_of([1e-5 * (n + 1) for n in range(200)]), "rate", smooth=False, scale="lr")
    picture = draw(Plot((loss, rate), 200, log=log), 100, 20, plain=False)
    assert picture.readings[0].spread is None
    assert picture.readings[1].spread == pytest.approx((1e-5, 2e-3))
    rows = [y for y, row in enumerate(picture.rows) if CURVES[1] in row.styles]
    assert (rows[0], rows[-1]) == (0, 17)


def test_a_curve_without_a_trend_is_drawn_by_its_values() -> None:
    plot = Plot((Curve(series_of([0.5] * 20), raw=False),), 20, smoothing=0)
    assert any("r" in row.styles for row in draw(plot, 60, 12, plain=False).rows)


@pytest.mark.parametrize("name", ["learning rate", "損失"])
def test_the_chart_below_is_named_instead_of_the_steps(name: str) -> None:
    plot = Plot((Curve(series_of([0.5] * 20)),), 20, next=name)
    below = draw(plot, 60, 12, plain=False).rows[-1]
    assert len(below.text) == len(below.styles) == 60
    assert below.text.strip() == (name if name.isascii() else "··"), "every sign is one cell wide"


def test_a_curve_has_no_value_where_it_does_not_go() -> None:
    long, short = Curve(series_of([1.0] * 200), "long"), Curve(series_of([2.0] * 50), "short")
    near = {}
    for cursor in (1, 49, 50, 53, 199):
        readings = draw(Plot((long, short), 200, cursor=cursor), 100, 12, plain=False).readings
        near[cursor] = tuple(reading.is_near for reading in readings)
    assert near == {
        1: (True, True),
        49: (True, True),
        50: (True, True),
        53: (True, False),
        199: (True, False),
    }
    # Evaluations are far apart: the last one counts until the next is due.
    sparse = Series()
    sparse.extend([20.0, 40.0], [0.5, 0.4])
    plot = Plot((long, Curve(sparse, "validation loss")), 200, cursor=55)
    assert draw(plot, 100, 12, plain=False).readings[1].is_near


def test_curves_differ_without_colours() -> None:
    flat = [Curve(series_of([level] * 200), raw=False) for level in (0.2, 0.5, 0.8)]
    for plain in (False, True):
        picture = draw(Plot(tuple(flat), 200), 100, 20, plain=plain)
        drawn = []
        for letter in CURVES[:3]:
            row = next(row for row in picture.rows if letter in row.styles)
            begin = row.styles.index(letter)
            drawn.append("".join(row.text[begin : begin + 40]))
        assert len(set(drawn)) == 3


@given(st.floats(1e-12, 1e6), st.floats(1, 1e9), st.integers(1, 60))
@example(44.0, 755019499.0, 3)
def test_a_logarithmic_axis_holds_what_is_above_zero(low: float, factor: float, rows: int) -> None:
    axis = log_axis(low, low * factor, rows)
    assert axis.height(low) >= -1e-6
    assert axis.height(low * factor) < rows
    assert axis.labels()
    assert all(0 <= row < rows for row in axis.labels())


def test_a_logarithmic_axis_of_the_smallest_number_has_it_in_its_middle() -> None:
    assert log_axis(5e-324, 5e-324, 10).height(5e-324) == 5


def test_each_row_of_a_logarithmic_axis_is_the_same_factor() -> None:
    axis = log_axis(0.001, 1.0, 30)
    assert {text.strip() for text in axis.labels().values()} >= {"0.001", "0.01", "0.1", "1"}
    assert axis.height(0.1) - axis.height(0.01) == pytest.approx(axis.height(1) - axis.height(0.1))
    assert axis.height(0) < 0


def test_a_logarithmic_axis_within_a_decade_names_what_is_there() -> None:
    axis = log_axis(1.09, 1.1025, 8)
    assert list(axis.labels().values()) == ["1.090", "1.095", "1.100"]
    # The curve fills it, as on a linear axis.
    assert (axis.height(1.09), axis.height(1.1025)) == pytest.approx((0, 7.85), abs=0.05)


@given(st.lists(ANY, max_size=40), st.floats(0, 1e6), st.floats(0, 1e6), st.booleans())
@example(values=[0.0], start=0.0, width=5e-324, log=False)
def test_every_value_can_be_drawn_in_every_view(
    values: list[float], start: float, width: float, log: bool
) -> None:
    plot = Plot(
        (Curve(series_of(values)),),
        50,
        (Mark(3, 0.5),),
        view=(start, start + width),
        log=log,
        cursor=start,
        unit="seconds",
    )
    picture = draw(plot, 80, 12, plain=False)
    assert all(len(row.text) == len(row.styles) == 80 for row in picture.rows)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 m"),
        (150, "2 m 30"),
        (3_900, "1 h 05"),
        (97_200, "1 d 3 h"),
    ],
)
def test_time_is_told_shortly(seconds: float, words: str) -> None:
    assert clock(seconds) == words


def test_ticks_of_a_part_are_round_between_its_ends() -> None:
    assert [text for _, text in x_ticks(4_210, 60, 4_010)] == [
        "4,010", "4,050", "4,100", "4,150", "4,210",
    ]  # fmt: skip
    assert [text for _, text in x_ticks(3_600, 60, unit="seconds")] == [
        "0 s", "10 m", "20 m", "30 m", "40 m", "50 m", "1 h",
    ]  # fmt: skip


# --- the window -----------------------------------------------------------------------------


def test_zooming_in_from_the_whole_follows_the_newest_steps() -> None:
    window = Window().zoomed(0.5, last=400, end=1_000)
    assert window.kind == "live"
    start, stop = window.range(last=400, end=1_000)
    assert (start, stop) == (0, 500)
    start, stop = window.range(last=900, end=1_000)
    assert start <= 900 <= stop
    assert stop - start == 500


def test_a_live_window_moves_by_leaps() -> None:
    window = Window("live", width=80)
    ranges = {window.range(last, 10_000) for last in range(500, 600)}
    assert len(ranges) <= 12


def test_zooming_in_around_a_point_keeps_it_where_it_is() -> None:
    window = Window().zoomed(0.5, 1_000, 1_000, around=300)
    start, stop = window.range(1_000, 1_000)
    assert (300 - start) / (stop - start) == pytest.approx(0.3)
    assert window.kind == "frozen"
    assert window.range(2_000, 2_000) == (start, stop)


def test_a_frozen_window_is_zoomed_where_it_stands() -> None:
    window = Window("frozen", 200, 100)
    assert window.zoomed(0.5, 1_000, 1_000) == Window("frozen", 250, 50)
    assert window.zoomed(0.5, 1_000, 1_000, around=225) == Window("frozen", 212.5, 50)
    assert window.zoomed(10, 1_000, 1_000) == Window()
    at_the_end = Window("frozen", 900, 100).zoomed(2, 1_000, 1_000, around=900)
    assert at_the_end == Window("frozen", 800, 200), "nothing is behind the end of the run"


def test_zooming_out_far_enough_shows_the_whole() -> None:
    window = Window("frozen", 100, 50)
    for _ in range(12):
        window = window.zoomed(2, 1_000, 1_000)
    assert window == Window()


def test_panning_stops_at_the_ends_and_follows_again_at_the_newest_step() -> None:
    window = Window("live", width=100)
    window = window.panned(-0.5, last=1_000, end=1_000)
    assert (window.kind, window.start) == ("frozen", 850)
    for _ in range(40):
        window = window.panned(-0.5, 1_000, 1_000)
    assert window.start == 0
    for _ in range(40):
        window = window.panned(0.5, 1_000, 1_000)
    assert window.kind == "live"


def test_panning_follows_only_where_it_goes_on_to_the_newest_step() -> None:
    assert Window("frozen", 850, 100).panned(0.5, 1_000, 1_000) == Window("live", width=100)
    early = Window("live", width=200).panned(-0.25, last=10, end=1_000)
    assert early == Window("frozen", 0, 200)


def test_a_window_is_frozen_and_followed_by_one_key() -> None:
    live = Window("live", width=100)
    frozen = live.followed(1_000, 1_000)
    assert frozen.range(5_000, 5_000) == live.range(1_000, 1_000)
    assert frozen.followed(5_000, 5_000) == live
