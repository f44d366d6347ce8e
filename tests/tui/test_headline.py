"""Words in rows: where they are broken, and that nothing of a path is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.visible import width
from tui.widgets.headline import wrap
from tui.widgets.rows import Part


def texts(paragraph: list[Part], cells: int) -> list[str]:
    return ["".join(text for text, _ in row) for row in wrap(paragraph, cells)]


def test_rows_are_broken_at_blanks_and_a_path_goes_on_in_the_next() -> None:
    words: list[Part] = [
        ("The weights of ", ""),
        ("/a/very/long/path/to/later", "strong"),
        (".", ""),
    ]
    assert texts(words, 60) == ["The weights of /a/very/long/path/to/later."]
    assert texts(words, 30) == ["The weights of ", "/a/very/long/path/to/later."]
    assert texts(words, 20) == ["The weights of ", "/a/very/long/path/to", "/later."]
    assert wrap(words, 20)[2] == [("/later", "strong"), (".", "")]


def test_a_word_of_many_rows_is_cut() -> None:
    assert texts([("x" * 1_000_000, "")], 10) == ["x" * 10] * 3 + ["x" * 9 + "…"]


@pytest.mark.parametrize("cells", [1, 2, 3, 8])
def test_wide_characters_end_in_some_row_of_any_width(cells: int) -> None:
    assert "".join(texts([("\u4e00\u4e8c", "")], cells)) == "\u4e00\u4e8c"


@given(st.lists(st.text("ab \u4e00", max_size=12), max_size=8), st.integers(2, 20))
def test_no_row_is_wider_than_it_may_be(parts: list[str], cells: int) -> None:
    rows = texts([(part, str(number)) for number, part in enumerate(parts)], cells)
    assert all(width(row.rstrip(" ")) <= cells for row in rows)
