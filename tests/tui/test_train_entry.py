"""A field's text being typed: what of it is seen, and where the caret is."""

from __future__ import annotations

import pytest

from core.text.visible import width
from tui.panes.train.entry import Entry


@pytest.mark.parametrize("value", ["", "mini", "a" * 40, "一二三四五六七八九十", "e\u0301" * 20])
@pytest.mark.parametrize("cells", [1, 2, 3, 9, 30])
def test_the_caret_is_seen_and_the_row_keeps_to_its_cells(value: str, cells: int) -> None:
    entry = Entry(value)
    for caret in range(len(value) + 1):
        entry.caret = caret
        (before, _), (at, _), (after, _) = entry.row(cells)
        assert at == (value + " ")[caret]
        assert value[:caret].endswith(before.removeprefix("‹"))
        assert value[caret + 1 :].startswith(after.rstrip(" ").removesuffix("›"))
        assert width(before + at + after) == max(cells, width(at))


def test_a_sign_says_where_the_value_goes_on() -> None:
    entry = Entry("abcdefghijklmnop")
    assert "".join(part for part, _ in entry.row(8)) == "‹klmnop "
    entry.caret = 0
    assert "".join(part for part, _ in entry.row(8)) == "abcdefg›"
