"""Tensors as rows: a column a token, and where they go on."""

from __future__ import annotations

from tui.widgets.tensors import tensor_rows


def drawn(left: int, cells: int) -> list[str]:
    tensors = [("tokens", ["[CLS]", "hug", "##gs", "[SEP]"]), ("ids", ["101", "7", "2", "102"])]
    rows = tensor_rows(tensors, lambda name, place: "", left, cells, name=12, gap=1)
    assert all(sum(len(text) for text, _ in row) <= cells for row in rows)
    return ["".join(text for text, _ in row) for row in rows]


def test_columns_are_as_wide_as_their_widest_value() -> None:
    assert drawn(0, 33) == [
        "   tokens    [CLS] hug ##gs [SEP]",
        "   ids         101   7    2   102",
    ]


def test_where_there_is_more_a_mark_says_so() -> None:
    assert drawn(0, 32) == ["   tokens    [CLS] hug ##gs›", "   ids         101   7    2›"]
    assert drawn(1, 22) == ["   tokens  ‹ hug ##gs›", "   ids     ‹   7    2›"]
    assert drawn(9, 40) == ["   tokens  ‹ [SEP]", "   ids     ‹   102"]
