"""A chart as shapes on a page: where its curves, gaps, marks and names are, and how it is drawn."""

from __future__ import annotations

import io
import math
from itertools import groupby

import pytest
from PIL import Image

from tests.tui.series import series_of
from tui.panes.train.drawing import as_png
from tui.panes.train.scene import COLOURS, HEIGHT, INK, WIDTH, Line, Scene, Titled, scene
from tui.widgets.chart import Curve, Mark, Plot, Series


def lines_of(found: Scene, colour: str) -> list[Line]:
    return [line for line in found.lines if line.colour == colour]


def x_of(found: Scene, label: str) -> float:
    [x] = [words.x for words in found.words if (words.text, words.anchor) == (label, "middle")]
    return x


def y_of(found: Scene, value: float) -> float:
    labels = [words for words in found.words if words.anchor == "end" and words.x < WIDTH / 2]
    [y] = [words.y - 4 for words in labels if float(words.text) == value]
    return y


def test_a_curve_goes_through_its_values_as_the_axes_name_them() -> None:
    curve = Curve(series_of([0.0, 1.0, 0.5]), raw=False, smooth=False)
    found = scene([Titled("loss", Plot((curve,), 4))])
    [line] = lines_of(found, COLOURS[0])
    (first_x, first), (_, second), (last_x, last) = line.points
    assert first == pytest.approx(y_of(found, 0.0))
    assert second == pytest.approx(y_of(found, 1.0))
    assert last == pytest.approx((first + second) / 2)
    start, end = x_of(found, "0"), x_of(found, "4")
    assert (first_x, last_x) == pytest.approx((start + (end - start) / 4, end - (end - start) / 4))
    assert found.height == HEIGHT


def test_a_gap_breaks_the_line_and_a_point_alone_is_a_dot() -> None:
    values = [0.5, 0.6, math.nan, 0.7, math.inf, 0.8, 0.9]
    curve = Curve(series_of(values), raw=False, smooth=False)
    found = scene([Titled("loss", Plot((curve,), 7))])
    first, dot, last = lines_of(found, COLOURS[0])
    assert (len(first.points), len(last.points)) == (2, 2)
    assert (first.filled, dot.filled, last.filled) == (False, True, False)
    assert first.points[-1][0] < dot.points[0][0] < last.points[0][0]


def test_marks_are_diamonds_around_their_place() -> None:
    curve = Curve(series_of([0.0] * 4), raw=False, smooth=False)
    marks = Mark(2, 1.0), Mark(4, 0.0, "hollow")
    found = scene([Titled("loss", Plot((curve,), 4, marks))])
    filled, hollow = lines_of(found, INK)
    assert (filled.filled, hollow.filled) == (True, False)
    middle = [sum(x for x, _ in each.points[:4]) / 4 for each in (filled, hollow)]
    start, end = x_of(found, "0"), x_of(found, "4")
    assert middle == pytest.approx([(start + end) / 2, end])
    height = sum(y for _, y in filled.points[:4]) / 4
    assert height == pytest.approx(y_of(found, 1.0))


def test_raw_values_are_faint_under_their_trend() -> None:
    curve = Curve(series_of([0.5 + 0.1 * (n % 2) for n in range(50)]))
    with_trend = scene([Titled("loss", Plot((curve,), 50))])
    [trend] = lines_of(with_trend, COLOURS[0])
    assert trend.width > 1
    alone = scene([Titled("loss", Plot((curve,), 50, smoothing=0))])
    [raw] = lines_of(alone, COLOURS[0])
    assert len(raw.points) == 50


def test_charts_stand_under_one_another_with_their_own_legends() -> None:
    many = tuple(Curve(series_of([0.5] * 9), f"a-run-with-a-long-name-{n}") for n in range(9))
    empty = Curve(Series(), "without-points")
    plots = [Titled("loss", Plot((*many, empty), 9)), Titled("rate", Plot(many[:1], 9))]
    found = scene(plots)
    titles = {words.text: words.y for words in found.words if words.size == 15}
    assert list(titles) == ["loss", "rate"]
    names = [words for words in found.words if words.text.startswith("a-run")]
    assert len(names) == 9
    assert "without-points" not in [words.text for words in found.words]
    assert len({words.y for words in names}) > 1, "the legend has several rows"
    assert all(titles["loss"] < words.y < titles["rate"] for words in names)
    assert all(words.x + 7 * len(words.text) < WIDTH for words in names)
    curves = [line for line in found.lines if len(line.points) == 9]
    assert all(y > max(words.y for words in names) for line in curves for _, y in line.points)
    assert max(y for line in found.lines for _, y in line.points) <= found.height


def test_where_no_values_are_the_page_says_so() -> None:
    empty = Curve(Series(), "one"), Curve(Series(), "other")
    found = scene([Titled("loss", Plot(empty, 9))])
    assert "no values yet" in [words.text for words in found.words]


def test_dashes_go_on_round_corners() -> None:
    """In the picture they are pieces, each as long as it is to be."""
    corners = [(20.0, 10.0), (27.0, 10.0), (160.0, 10.0)]
    picture = Image.open(io.BytesIO(as_png(Scene(20, [Line(corners, "#000000", 1, (10, 4))]))))
    row = [picture.getpixel((x, 20)) == (0, 0, 0) for x in range(picture.width)]
    runs = [(dark, len(list(run))) for dark, run in groupby(row)][1:-1]
    dark = [length for is_dark, length in runs if is_dark]
    blank = [length for is_dark, length in runs if not is_dark]
    assert len(dark) == 10
    assert all(length == pytest.approx(20, abs=2) for length in dark)
    assert all(length == pytest.approx(8, abs=2) for length in blank)
