"""The Model pane in words: keys whole, nothing said twice."""

from __future__ import annotations

import pytest

from core.text.visible import width
from tui.panes.model import words


@pytest.mark.parametrize("view", ["tree", "fields", "weights", "page", "both"])
def test_the_keys_of_a_view_stand_there_whole_or_not_at_all(view: str) -> None:
    every = words.keys(view, 400, found=None, other="")
    for cells in (40, 80, 120):
        shown = words.keys(view, cells, found=None, other="")
        assert list(shown) == every[: len(shown)]
        assert width("".join(text for text, _ in shown).rstrip()) <= cells


def test_the_keys_of_the_key_bar_are_not_said_twice() -> None:
    shown = {text.strip() for text, _ in words.keys("tree", 80, found=None, other="")}
    assert {"Enter", "u", "p", "b", "a", "O"} <= shown
    assert not {"f", "w", "d", "/"} & shown
