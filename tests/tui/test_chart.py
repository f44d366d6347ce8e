"""The chart: its axes and cells, as cheap for a million steps as for a hundred."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Region

from tests.tui.series import ANY, falling, long_lists, series_of
from tui.widgets.chart import Curve, LineChart, Mark, Plot, Series
from tui.widgets.chart.canvas import BRAILLE, Canvas
from tui.widgets.chart.chart import terminal_is_plain
from tui.widgets.chart.picture import draw
from tui.widgets.chart.scale import whole_axis, x_ticks, y_axis
from tui.widgets.chart.series import FANOUT, Bucket


class ChartApp(App[None]):
    """A chart and nothing else."""

    def __init__(self, *, plain: bool = False) -> None:
        super().__init__()
        self.chart = LineChart(plain=plain)

    def compose(self) -> ComposeResult:
        yield self.chart


def lines(app: ChartApp) -> list[str]:
    return [strip.text for strip in app.screen._compositor.render_strips()]


# --- the axes -------------------------------------------------------------------------------


@given(
    st.floats(-1e9, 1e9) | st.floats(),
    st.floats(0, 1e9) | st.sampled_from([0.0, 1e-12, 1e-3, 1e300]),
    st.integers(1, 60),
)
@example(-6e-305, 1e300, 1)
@example(-2.5e-225, 1e300, 1)
def test_the_axis_holds_all_and_its_ticks_are_regular(low: float, span: float, rows: int) -> None:
    axis = y_axis(low, low + span, rows)
    if math.isfinite(low) and abs(low) < 1e290 and span < 1e290:
        assert axis.height(low) >= 0
        assert axis.height(low + span) <= rows
    labels = axis.labels()
    assert labels
    assert len({len(text) for text in labels.values()}) == 1
    assert len(set(labels.values())) == len(labels)
    if all(1e-50 < size < 1e50 or not size for size in (abs(low), span)):
        assert len({text.find(".") for text in labels.values()}) == 1
    ordered = sorted(labels)
    assert {b - a for a, b in pairwise(ordered)} in (
        set(),
        {axis.rows_per_tick},
    )


@given(st.integers(1, 1000), st.integers(4, 40))
def test_one_value_alone_is_seen(hundredths: int, rows: int) -> None:
    for plain, sign in ((False, "●"), (True, "*")):
        picture = draw(Plot((Curve(series_of([hundredths / 100])),), 1), 80, rows, plain=plain)
        text = "\n".join(row.text for row in picture.rows)
        assert text.count(sign) == 1, text


def test_values_on_a_line_through_few_of_them_are_dots() -> None:
    few = Curve(series_of([0.2, 0.5, 0.8]), raw=False, smooth=False)
    picture = draw(
        Plot((few, replace(few, series=series_of([0.7, 0.6, 0.4]))), 4), 60, 12, plain=False
    )
    dots = [
        style
        for row in picture.rows
        for sign, style in zip(row.text, row.styles, strict=True)
        if sign == "●"
    ]
    assert sorted(dots) == ["1", "1", "1", "t", "t", "t"]
    many = Curve(series_of([0.5] * 30), raw=False, smooth=False)
    assert not any("●" in row.text for row in draw(Plot((many,), 30), 60, 12, plain=False).rows)


def test_axis_labels_are_round() -> None:
    assert [*y_axis(0.03, 0.98, 20).labels().values()] == ["0.0", "0.2", "0.4", "0.6", "0.8"]
    assert [*y_axis(0.03, 0.98, 10).labels().values()] == ["0.00", "0.25", "0.50", "0.75", "1.00"]
    assert [*y_axis(2.31, 2.49, 12).labels().values()] == ["2.30", "2.35", "2.40", "2.45"]
    assert y_axis(0.69, 0.71, 12, from_zero=True).low == 0


@given(st.floats(1, 1e12))
def test_an_axis_without_a_known_end_ends_near_the_data(last: float) -> None:
    end = whole_axis(0, last)
    assert last <= end * (1 + 1e-9)
    assert end <= max(last + 1, last * 1.15)
    assert whole_axis(0, end) == end


def test_axes_end_at_round_numbers_or_where_the_run_will() -> None:
    assert [whole_axis(0, last) for last in (1, 40, 115, 1_010)] == [1, 40, 120, 1_100]
    assert whole_axis(375, 115) == 375


@given(st.floats(1, 1e12), st.integers(8, 300))
def test_steps_are_named_from_none_to_the_last(end: float, cells: int) -> None:
    ticks = x_ticks(end, cells)
    assert ticks[0] == (0.0, "0")
    spans = [(x / end * cells - len(t) / 2, x / end * cells + len(t) / 2) for x, t in ticks]
    assert all(right[0] > left[1] for left, right in pairwise(spans))
    if len(ticks) > 1:
        assert ticks[-1] == (end, f"{end:,.0f}")


@pytest.mark.parametrize(
    ("environment", "encoding", "plain"),
    [
        ({}, "utf-8", False),
        ({"LANG": "de_DE.UTF-8"}, "utf-8", False),
        ({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, "utf-8", True),
        ({"LANG": "de_DE.ISO-8859-1"}, "utf-8", True),
        ({"LC_CTYPE": "C.UTF-8"}, "utf-8", False),
        ({"TERM": "linux", "LANG": "de_DE.UTF-8"}, "utf-8", True),
        ({"LANG": "de_DE.UTF-8"}, "ascii", True),
    ],
)
def test_where_braille_cannot_be_shown(
    environment: dict[str, str], encoding: str, plain: bool
) -> None:
    assert terminal_is_plain(environment, encoding) is plain


# --- the picture ----------------------------------------------------------------------------


async def test_a_single_spike_among_many_steps_is_drawn() -> None:
    values = [0.1] * 50_000
    values[25_000] = 0.9
    app = ChartApp()
    async with app.run_test(size=(80, 14)) as pilot:
        app.chart.show(Plot((Curve(series_of(values)),), 50_000))
        await pilot.pause()
        top = next(line for line in lines(app) if any("\u2800" < c <= "\u28ff" for c in line))
        spike = next(x for x, character in enumerate(top) if "\u2800" < character <= "\u28ff")
        assert abs(spike - 42) <= 2


async def test_the_axis_goes_on_to_the_end_of_the_run() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 14)) as pilot:
        app.chart.show(Plot((Curve(falling(100)),), 375))
        await pilot.pause()
        *picture, axis, labels = lines(app)
        assert labels.split() == ["0", "100", "200", "300", "375"]
        assert axis.count("┬") == 5
        drawn = max(len(line[:-1].rstrip()) for line in picture)
        assert drawn < 80 * 0.35
        styles = app.chart._picture.rows[-2].styles
        assert styles.count("d") == pytest.approx(100 / 375 * 74, abs=2)


async def test_what_is_no_number_is_a_gap() -> None:
    values = [0.5] * 40 + [math.nan] * 20 + [0.5] * 40
    app = ChartApp()
    async with app.run_test(size=(106, 10)) as pilot:
        app.chart.show(Plot((Curve(series_of(values)),), 100))
        await pilot.pause()
        [row] = [line for line in lines(app) if any("\u2800" < c <= "\u28ff" for c in line)]
        curve = row[row.index("│") + 1 if "│" in row else row.index("┤") + 1 :].strip()
        before, _, after = curve.partition(" ")
        assert len(after) - len(after.lstrip()) >= 17
        assert len(before) == pytest.approx(40, abs=2)
        assert lines(app)[-2].count("×") == pytest.approx(20, abs=1)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("values", [[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]])
def test_values_far_apart_are_joined_by_a_straight_line(values: list[float], plain: bool) -> None:
    picture = draw(Plot((Curve(series_of(values)),), 2, smoothing=0), 60, 20, plain=plain)
    rows: dict[int, list[int]] = {}
    for y, row in enumerate(picture.rows[:-2]):
        for x, style in enumerate(row.styles):
            if style == "r":
                rows.setdefault(x, []).append(y)
    first, last = min(rows), max(rows)
    assert last - first >= 20
    assert sorted(rows) == list(range(first, last + 1))
    for x, found in rows.items():
        share = (x - first) / (last - first)
        on_the_line = (1 - share) * rows[first][0] + share * rows[last][-1]
        assert all(abs(y - on_the_line) <= 2 for y in found)


async def test_marks_stand_at_their_step_and_value() -> None:
    app = ChartApp()
    async with app.run_test(size=(106, 22)) as pilot:
        series = series_of([1.0] + [0.0] * 99)
        app.chart.show(Plot((Curve(series),), 100, (Mark(50, 0.5), Mark(100, 0.25, "hollow"))))
        await pilot.pause()
        shown = lines(app)
        filled = next(y for y, line in enumerate(shown) if "◆" in line)
        hollow = next(y for y, line in enumerate(shown) if "◇" in line)
        labels = [(line.split("┤")[0], y) for y, line in enumerate(shown) if "┤" in line]
        [low] = [y for label, y in labels if float(label) == 0]
        [high] = [y for label, y in labels if float(label) == 1]
        assert abs(filled - (low + high) / 2) <= 1
        assert abs(hollow - (3 * low + high) / 4) <= 1
        left = shown[-2].index("└") + 1
        assert shown[filled].index("◆") == pytest.approx(left + 50, abs=1)


async def test_a_plain_terminal_gets_ascii_alone() -> None:
    app = ChartApp(plain=True)
    async with app.run_test(size=(80, 14)) as pilot:
        values = [0.5] * 30 + [math.nan] + [0.4] * 30
        app.chart.show(Plot((Curve(series_of(values)),), 100, (Mark(50, 0.45),)))
        await pilot.pause()
        shown = "\n".join(lines(app))
        assert shown.isascii()
        assert {"*", "O", "x", "|", "-", "+"} <= set(shown)


async def test_a_new_step_repaints_a_few_cells_and_no_step_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = ChartApp()
    async with app.run_test(size=(120, 30)) as pilot:
        series = falling(1_000)
        app.chart.show(Plot((Curve(series),), 2_000))
        await pilot.pause()
        asked: list[tuple[Region, ...]] = []
        refresh = app.chart.refresh

        def spy(*regions: Region, **others: bool) -> LineChart:
            asked.append(regions)
            return refresh(*regions, **others)

        monkeypatch.setattr(app.chart, "refresh", spy)
        app.chart.show(Plot((Curve(series),), 2_000))
        assert asked == []
        for n in range(1_001, 1_101):
            series.extend([n], [0.3])
            app.chart.show(Plot((Curve(series),), 2_000))
        assert asked
        assert all(asked)  # never the whole widget
        cells = sum(region.area for regions in asked for region in regions)
        assert cells < 100 * 30
        for regions in asked:
            assert all(region.x > 50 for region in regions)
        await pilot.pause()
        piecemeal = lines(app)
        app.chart._painted = []
        app.refresh()
        await pilot.pause()
        assert lines(app) == piecemeal


def test_the_work_depends_on_the_width_and_not_on_the_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = {"bars": 0, "buckets": 0}
    bar, buckets = Canvas.bar, Series.buckets

    def counting_bar(self: Canvas, x: int, low: int, high: int) -> None:
        counts["bars"] += 1
        bar(self, x, low, high)

    def counting_buckets(self: Series, points: float, *where: Any) -> Iterator[Bucket]:
        for bucket in buckets(self, points, *where):
            counts["buckets"] += 1
            yield bucket

    monkeypatch.setattr(Canvas, "bar", counting_bar)
    monkeypatch.setattr(Series, "buckets", counting_buckets)
    work = {}
    for steps in (2_000, 200_000):
        counts.update(bars=0, buckets=0)
        draw(Plot((Curve(falling(steps)),), steps), 100, 30, plain=False)
        work[steps] = dict(counts)
    dots = 100 * BRAILLE.across
    for counted in work.values():
        assert counted["buckets"] <= 2 * (dots * FANOUT + 6 * FANOUT)
        assert counted["bars"] <= 4 * (dots * FANOUT + 6 * FANOUT)


@given(
    st.lists(ANY, max_size=40),
    st.integers(0, 60),
    st.integers(0, 20),
    st.floats(0, 1e6),
    st.booleans(),
)
def test_every_size_and_every_value_can_be_drawn(
    values: list[float], columns: int, rows: int, end: float, plain: bool
) -> None:
    plot = Plot((Curve(series_of(values)),), end, (Mark(3, 0.5), Mark(4, math.nan)))
    picture = draw(plot, columns, rows, plain=plain).rows
    assert len(picture) == rows
    assert all(len(cells.text) == len(cells.styles) == columns for cells in picture)


@given(
    long_lists(st.floats(-1e6, 1e6) | st.just(math.nan), 700),
    st.integers(1, 40),
    st.floats(0, 1),
    st.floats(0.01, 1),
)
def test_a_column_has_one_bucket_and_loses_no_extreme_and_no_gap(
    values: list[float], columns: int, begin: float, share: float
) -> None:
    series = series_of(values)
    start, span = begin * len(values), max(share * len(values), 1.0)
    first, behind = series.span(start, start + span)
    here = first
    found = []
    for bucket in series.columns(first, behind, start, span / columns):
        covered = values[here : here + bucket.size]
        finite = [value for value in covered if math.isfinite(value)]
        assert bucket.finite == len(finite)
        assert (bucket.first_x, bucket.last_x) == (here + 1, here + bucket.size)
        if finite:
            assert (bucket.low, bucket.high) == (min(finite), max(finite))
        here += bucket.size
        found.append(bucket)
    assert here == behind
    gaps = sum(map(math.isnan, values[first:behind]))
    # At both ends, and around a gap, come the summaries that the others are made from.
    assert len(found) <= columns + 4 * FANOUT * 3 + 2 * FANOUT * gaps
