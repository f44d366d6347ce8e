"""Dots in character cells: bars and lines without holes, cut at the edges."""

from __future__ import annotations

import math
import unicodedata
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.chart.canvas import BRAILLE, Canvas
from tui.widgets.chart.series import Bucket
from tui.widgets.chart.trace import trace_raw


def dots_of(canvas: Canvas) -> set[tuple[int, int]]:
    """The dots as the Unicode names of the characters have them, (0, 0) at the lower left."""
    found = set()
    for up, row in enumerate(reversed(canvas.rows())):
        for column, character in enumerate(row):
            for number in unicodedata.name(character).partition("DOTS-")[2]:
                across, down = {"7": (0, 3), "8": (1, 3)}.get(number) or divmod(int(number) - 1, 3)
                found.add((2 * column + across, 4 * up + 3 - down))
    return found


def test_every_dot_is_where_unicode_has_it() -> None:
    for x, y in product(range(4), range(8)):
        canvas = Canvas(2, 2, BRAILLE)
        canvas.bar(x, y, y)
        assert dots_of(canvas) == {(x, y)}


@given(*[st.integers(-15, 25)] * 4)
def test_a_line_has_no_holes_and_is_cut_at_the_edges(x0: int, x1: int, y0: int, y1: int) -> None:
    x0, x1 = sorted((x0, x1))
    part, whole = Canvas(5, 3, BRAILLE), Canvas(22, 11, BRAILLE)
    part.line(x0, y0, x1, y1)
    whole.line(x0 + 16, y0 + 16, x1 + 16, y1 + 16)
    dots = {(x - 16, y - 16) for x, y in dots_of(whole)}
    assert dots_of(part) == dots & set(product(range(part.width), range(part.height)))
    assert {(x0, y0), (x1, y1)} <= dots
    bars = [sorted(y for x, y in dots if x == column) for column in range(x0, x1 + 1)]
    assert sum(map(len, bars)) == len(dots)
    assert all(bar == list(range(bar[0], bar[-1] + 1)) for bar in bars)
    for left, right in pairwise(bars):
        assert max(left[0], right[0]) - min(left[-1], right[-1]) <= 1
    assert all(min(y0, y1) <= y <= max(y0, y1) for _, y in dots)


@pytest.mark.parametrize("low", range(9))
@pytest.mark.parametrize("high", range(9))
def test_a_bar_has_every_dot_from_its_lower_end_to_its_upper(low: int, high: int) -> None:
    at_once, singly = Canvas(2, 2, BRAILLE), Canvas(2, 2, BRAILLE)
    at_once.bar(1, low, high)
    for y in range(low, min(7, high) + 1):
        singly.bar(1, y, y)
    assert at_once.rows() == singly.rows()


def test_a_bucket_with_gaps_is_drawn_and_breaks_the_line_behind_it() -> None:
    canvas = Canvas(10, 2, BRAILLE)
    buckets = [
        Bucket(0, 0, 6, 6, 1, 1),
        Bucket(5, 9, 6, 6, 4, 5),
        Bucket(18, 18, 6, 6, 1, 1),
        Bucket(19, 19, math.nan, math.nan, 0, 1),
    ]
    gaps = trace_raw(canvas, buckets, int, lambda y: -1 if math.isnan(y) else int(y))
    assert gaps == {9, 19}
    above, below = canvas.rows()
    assert [character != " " for character in above] == [True] * 3 + [False] * 6 + [True]
    assert not below.strip()
