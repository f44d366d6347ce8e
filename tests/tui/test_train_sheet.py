"""Rows of parts in styles: where they are broken."""

from __future__ import annotations

import pytest

from core.text.visible import width
from tui.panes.train.sheet import key_words, wrapped_row
from tui.widgets.rows import Part

KEYS = [*key_words("Enter", "shows it"), *key_words("D", "delete"), *key_words("Z", "trash")]


def texts(row: list[Part], cells: int) -> list[str]:
    return ["".join(text for text, _ in line) for line in wrapped_row(row, cells)]


@pytest.mark.parametrize("cells", range(16, 40))
def test_a_key_and_what_it_does_stay_in_one_row_that_fits(cells: int) -> None:
    rows = texts(KEYS, cells)
    assert all(width(row) <= cells for row in rows)
    assert " ".join(" ".join(rows).split()) == "Enter shows it D delete Z trash"
    for key in ("Enter shows it", "D delete", "Z trash"):
        assert any(key in row for row in rows)


def test_a_word_in_two_styles_is_not_broken() -> None:
    row: list[Part] = [(" Delete calm-otter? (", "value"), ("D", "key"), (") ", "")]
    assert texts(row, 21) == [" Delete calm-otter?", " (D) "]
    assert ("D", "key") in wrapped_row(row, 21)[1]
