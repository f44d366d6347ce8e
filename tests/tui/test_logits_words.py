"""What the Logits pane says and where its numbers stand, without an engine."""

from __future__ import annotations

import math
from typing import Any

import pytest

from core.engine.protocol import LESSON, Arranged, ArrangedRow, Compared, ModelInfo
from core.text.sentences import Sentence
from tui.panes.logits import lesson, numbers
from tui.panes.logits.columns import plan_columns
from tui.panes.logits.experiment import (
    ComparedRow,
    Plan,
    Shown,
    probabilities,
    shown_rows,
    size_of,
    winner,
)
from tui.panes.logits.headline import wrap
from tui.widgets.pane import ModelState

INFO = ModelInfo("m", "/m", "/m", "Bert", 1, ["NO", "YES"], None, 512, "right")


def row_of(text: str, unmasked: float = 0.5, masked: float = 2e-7) -> ComparedRow:
    return ComparedRow(text, None, [1.0, 2.0], [1.5, 2.0], [1.0, 2.0], unmasked, masked)


def answer_of(*texts: str, width: int = 4) -> Compared:
    rows = [
        ArrangedRow([0] * width, [1] * width, None, [logit, 2.0], [0.3, 0.7], apart)
        for logit, apart in ((1.0, 0.0), (1.5, 0.5), (1.0, 2e-7))
    ]
    return Compared(
        1,
        INFO,
        [(text, None) for text in texts],
        [
            Arranged(arrangement, [row] * len(texts), 0.0)
            for arrangement, row in zip(LESSON, rows, strict=True)
        ],
        0.0,
    )


def plan_of(*texts: str, lengths: tuple[int, ...] | None = None) -> Plan:
    return Plan(tuple(map(Sentence, texts)), lengths or (4,) * len(texts))


def shown_texts(rows: tuple[Shown, ...]) -> list[str | None]:
    return [row.result.text if row.result else None for row in rows]


def test_numbers_stay_with_their_sentence_when_lines_come_and_go() -> None:
    answer = answer_of("a", "b", "c")
    typed = shown_rows(plan_of("a", "new", "b", "c"), answer, current=True)
    assert shown_texts(typed) == ["a", "b", "b", "c"] or shown_texts(typed) == ["a", None, "b", "c"]
    assert [row.alone_holds for row in typed] == [True, False, True, True]
    fewer = shown_rows(plan_of("b", "c"), answer, current=True)
    assert shown_texts(fewer) == ["b", "c"]
    assert all(row.batch_holds for row in fewer)
    edited = shown_rows(plan_of("a", "bx", "c"), answer, current=True)
    assert shown_texts(edited) == ["a", "b", "c"]
    assert [row.batch_holds for row in edited] == [True, False, True]


def test_another_models_numbers_never_hold() -> None:
    rows = shown_rows(plan_of("a"), answer_of("a"), current=False)
    assert shown_texts(rows) == ["a"]
    assert not rows[0].alone_holds
    assert not rows[0].batch_holds


def test_a_wider_batch_keeps_what_is_alone() -> None:
    rows = shown_rows(plan_of("a", "b", lengths=(4, 6)), answer_of("a", "b"), current=True)
    assert rows[0].alone_holds
    assert not rows[0].batch_holds
    assert rows[0].padding == 2


def words_of(paragraphs: list[Any]) -> str:
    return " ".join("".join(text for text, _ in paragraph) for paragraph in paragraphs)


def test_the_lesson_in_words() -> None:
    shown = Shown(Sentence("a"), 8, 8, row_of("a", 0.334), True, True)
    said = words_of(lesson.lesson(1, shown, ["NO", "YES"]))
    assert said.startswith(
        "Sentence 2 is padded by 8: without the mask its logits move by 0.334; with it by 2e-07."
    )
    turned = ComparedRow("a", None, [1.0, 2.0], [3.0, 2.0], [1.0, 2.0], 2.0, 0.0)
    said = words_of(lesson.lesson(0, Shown(Sentence("a"), 8, 8, turned, True, True), ["NO", "YES"]))
    assert "move by 2.00 and YES becomes NO; with it by 0." in said
    same = Shown(Sentence("a"), 8, 8, row_of("a", 1e-7), True, True)
    assert "even without the mask" in words_of(lesson.lesson(0, same, ["NO", "YES"]))
    worse = Shown(Sentence("a"), 8, 8, row_of("a", 0.3, 0.002), True, True)
    assert "with it still by 0.00200, more than the 1e-5" in words_of(
        lesson.lesson(0, worse, ["NO", "YES"])
    )


def test_the_lesson_is_about_the_current_sentence_if_it_is_padded() -> None:
    rows = [
        Shown(Sentence("a"), 4, 0, row_of("a", 0.0), True, True),
        Shown(Sentence("b"), 2, 2, row_of("b", 0.2), True, True),
        Shown(Sentence("c"), 3, 1, row_of("c", 0.9), True, True),
    ]
    assert lesson.subject(rows, 0) == 2
    assert lesson.subject(rows, 1) == 1
    assert lesson.subject(rows[:1], 0) is None


def test_loading_shows_how_far_it_is() -> None:
    model = ModelState(
        "mini", "loading", stage="reading weights", done=12_000_000, total=48_000_000
    )
    said = words_of(lesson.model_loading(model, 80))
    assert said.startswith("Loading mini: reading weights…")
    assert said.endswith("━━━━━━━━━━" + "─" * 30 + " 12.0 of 48.0 MB · 25%")


def test_probabilities_are_those_the_head_means() -> None:
    soft = probabilities([1000.0, 1001.0], None)
    assert soft == pytest.approx([0.2689414, 0.7310586])
    each = probabilities([0.0, -1000.0], "multi_label_classification")
    assert each == pytest.approx([0.5, 0.0])
    assert probabilities([0.3], None) is None
    assert probabilities([0.3, 0.2], "regression") is None
    broken = probabilities([math.nan, 1.0], None)
    assert broken is not None
    assert winner(broken) is None


def test_numbers_align_at_their_points() -> None:
    logits = [numbers.logit(value).rjust(12) for value in (-3.3464, 12.5, math.nan, math.inf)]
    assert {text.rstrip().find(".") for text in logits[:2]} == {7}
    assert [len(text.rstrip()) for text in logits[2:]] == [7, 7]
    shares = [numbers.percent(value).rjust(9) for value in (1.0, 0.0005, math.nan)]
    assert [text.find(".") for text in shares[:2]] == [4, 4]
    assert shares[2].index("nan") + 3 == 4
    texts = [numbers.difference(value) for value in (0.334, 2.4e-7, 12.31, 0.0)]
    assert texts == ["0.334", "2e-07", "12.3", "0"]
    assert [numbers.at_point(text, 3) for text in texts] == ["  0.334", "  2e-07", " 12.3", "  0"]


def test_a_difference_that_is_no_number_is_large() -> None:
    assert [size_of(value) for value in (0.0, 1e-5, 1.1e-5, 0.3, 2.0, math.nan)] == [
        "equal",
        "equal",
        "slight",
        "clear",
        "large",
        "large",
    ]


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


def test_words_wrap_at_blanks_and_long_ones_are_cut() -> None:
    rows = wrap([("one two three ", "a"), ("supercalifragilistic", "b")], 9)
    assert ["".join(text for text, _ in row).rstrip() for row in rows] == [
        "one two",
        "three",
        "supercal…",
    ]
