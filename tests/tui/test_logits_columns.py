"""The columns of the Logits pane's table, in any room and for any labels."""

from __future__ import annotations

import pytest

from core.text.visible import width
from tui.panes.logits.columns import plan_columns, short_names


@pytest.mark.parametrize("room", [20, 40, 64, 80, 120, 200])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 28])
def test_columns_fit_their_room(room: int, count: int) -> None:
    labels = [f"label {number}" for number in range(count)]
    columns = plan_columns(
        room, labels, emphasis="logits", first=99, longest_logit=8, likely=count > 1
    )
    assert 0 <= columns.first <= max(0, count - columns.count)
    used = columns.name + columns.tail
    used += sum(columns.cells[group] for group in columns.groups) * min(columns.count, count)
    if columns.winner:
        used += 3 + columns.winner + (9 if columns.percent else 0)
    if columns.bar:
        used += 2 + columns.bar
    assert used <= max(room, 29)


def test_of_one_label_none_is_the_likeliest() -> None:
    columns = plan_columns(
        80, ["LABEL_0"], emphasis="logits", first=0, longest_logit=8, likely=True
    )
    assert columns.groups == ("logits", "probabilities")
    assert (columns.winner, columns.percent, columns.bar) == (0, False, 0)


def test_labels_that_begin_alike_are_told_apart() -> None:
    labels = (
        "a long label 1",
        "a long label 28",
        "joy",
        "disappointment",
        "漢字漢字漢字a",
        "漢字漢字漢字b",
    )
    short = short_names(labels, 9)
    assert short[:4] == ("a lo…el 1", "a lo…l 28", "joy", "disappoi…")
    assert len(set(short)) == len(labels)
    assert all(width(each) <= 9 for each in short)
