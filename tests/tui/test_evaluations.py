"""One evaluation in full: who was taken for whom, in every width."""

from __future__ import annotations

import pytest

from core.runs.events import ClassScore, Evaluation, Misjudged
from core.text.visible import width
from tui.panes.train.evaluations import evaluation_rows, line_of
from tui.panes.train.sheet import Row


def evaluation(labels: int, confusion: list[list[int]], *worst: Misjudged) -> Evaluation:
    return Evaluation(
        global_step=1_234,
        epoch=2.0,
        split="validation",
        loss=0.5,
        accuracy=0.9,
        confusion=confusion,
        classes=[
            ClassScore(label=f"label {n}", rows=10, precision=0.5, recall=0.25, f1=1 / 3)
            for n in range(labels)
        ],
        worst=list(worst),
    )


def texts(rows: list[Row]) -> list[str]:
    return ["".join(text for text, _ in row) for row in rows]


def shown(found: Evaluation, cells: int = 120, chosen: int = 0) -> list[str]:
    return texts(evaluation_rows([found], 0, chosen, cells)[0])


@pytest.mark.parametrize("labels", [2, 5, 12])
def test_a_matrix_is_shown_where_it_fits(labels: int) -> None:
    confusion = [[1_000 * (row == column) for column in range(labels)] for row in range(labels)]
    seen = set()
    for cells in range(30, 240):
        rows = shown(evaluation(labels, confusion), cells)
        assert all(width(row) <= cells for row in rows[:-1] if "most frequent" not in row)
        seen.add((any(row.startswith(" true") for row in rows), "precision" in " ".join(rows)))
    assert seen == {(False, False), (True, False), (True, True)}


def test_of_many_labels_the_most_frequent_mistakes_are_named() -> None:
    confusion = [[100 * (row == column) for column in range(13)] for row in range(13)]
    confusion[3][4], confusion[5][6] = 7, 9
    rows = shown(evaluation(13, confusion))
    at = next(n for n, row in enumerate(rows) if "13 labels" in row)
    assert [row.split() for row in rows[at + 1 : at + 4]] == [
        ["9", "label", "5", "taken", "for", "label", "6"],
        ["7", "label", "3", "taken", "for", "label", "4"],
        [],
    ]


def test_a_log_without_a_matrix_has_its_mistakes_all_the_same() -> None:
    wrong = [
        Misjudged(text=f"text {n}", label="label 0", predicted="label 1", probability=0.9)
        for n in range(3)
    ]
    found = evaluation(2, [], *wrong)
    rows, marked = evaluation_rows([found], 0, 1, 120)
    assert not any("true" in row for row in texts(rows))
    assert texts(rows)[marked].startswith(" › label 1")
    assert texts(rows)[marked].endswith("text 1")


def test_a_mistake_is_one_line_of_the_editor() -> None:
    pair = Misjudged(text="a\nb", text_pair="c\td", label="x", predicted="y", probability=0.5)
    assert line_of(pair) == "a b\tc d"
