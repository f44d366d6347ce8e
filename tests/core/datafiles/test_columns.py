"""Columns and labels are found by looking, as a person would."""

from __future__ import annotations

import pytest

from core.datafiles.columns import (
    ColumnChoice,
    Columns,
    find_columns,
    is_header,
    label_key,
    sort_labels,
)
from core.errors import DataError


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"id": "1", "text": "fine", "label": "1"}, Columns("text", "label")),
        ({"Review": "fine", "Sentiment": "pos"}, Columns("Review", "Sentiment")),
        ({"label_text": "x", "text": "fine", "label": 3}, Columns("text", "label")),
        (
            {"sentence1": "a b", "sentence2": "c d", "label": 0, "idx": 7},
            Columns("sentence1", "label", "sentence2"),
        ),
        (
            {"premise": "a", "hypothesis": "b", "label": 0},
            Columns("premise", "label", "hypothesis"),
        ),
    ],
)
def test_columns_are_known_by_name(row: dict[str, object], expected: Columns) -> None:
    assert find_columns([row], "data.csv") == expected


def test_columns_without_a_known_name_are_known_by_what_stands_in_them() -> None:
    rows = [
        {"nr": str(n), "who": "ann" if n % 2 else "bob", "said": f"a sentence, number {n}"}
        for n in range(40)
    ]
    assert find_columns(rows, "data.csv") == Columns("said", "who")


ROW = {"id": 1, "title": "a", "text": "b", "premise": "c", "hypothesis": "d", "label": 0, "who": 1}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ColumnChoice(), Columns("premise", "label", "hypothesis")),
        (ColumnChoice(text="title"), Columns("title", "label")),
        (ColumnChoice(text_pair=""), Columns("text", "label")),
        (ColumnChoice(text_pair="title"), Columns("text", "label", "title")),
        (ColumnChoice(label="who"), Columns("premise", "who", "hypothesis")),
        (ColumnChoice("hypothesis", "who", "text"), Columns("hypothesis", "who", "text")),
    ],
)
def test_what_the_user_says_of_columns_holds(choice: ColumnChoice, expected: Columns) -> None:
    assert find_columns([ROW], "data.csv", choice) == expected


def test_columns_that_are_not_there_or_serve_twice_are_refused() -> None:
    with pytest.raises(DataError, match=r"data.csv has no column 'verdict'; it has 'id', 'title'"):
        find_columns([ROW], "data.csv", ColumnChoice(label="verdict"))
    with pytest.raises(DataError, match="three different columns"):
        find_columns([ROW], "data.csv", ColumnChoice("text", "text"))


def test_where_there_is_no_label_the_columns_are_named() -> None:
    rows = [{"said": f"a sentence, number {n}"} for n in range(40)]
    with pytest.raises(DataError, match=r"labels.*'said'.*--label-column"):
        find_columns(rows, "data.csv")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["text", "label"], ["fine", "1"]], True),
        ([["1", "a fine film"], ["0", "a dull film"]], False),
        ([["pos", "a fine film"], ["neg", "a dull film"], ["pos", "yes"]], False),
        ([["verdict", "said"], ["pos", "a fine film"], ["neg", "a dull film"]], True),
    ],
)
def test_a_header_is_told_from_data(rows: list[list[str]], expected: bool) -> None:
    assert is_header(rows) is expected


def test_labels_are_the_same_however_they_were_written() -> None:
    assert {label_key(value) for value in (1, 1.0, "1", " 1 ")} == {"1"}
    assert label_key(True) == "true"
    assert [label_key(value) for value in (None, "", "  ", 0.5, ["x"])] == [None] * 5


def test_labels_are_sorted_by_value_or_by_name() -> None:
    assert sort_labels({"10", "9", "-1"}) == ["-1", "9", "10"]
    assert sort_labels({"pos", "neg", "10"}) == ["10", "neg", "pos"]
