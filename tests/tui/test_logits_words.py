"""What the Logits pane says and where its numbers stand, without an engine."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from core.engine.protocol import (
    ALONE,
    MASKED,
    UNMASKED,
    Arranged,
    ArrangedRow,
    Arrangement,
    Compared,
    ModelInfo,
)
from core.text.encoding import Batch, Encoding
from core.text.sentences import Sentence
from tui import waiting
from tui.bench import ModelState
from tui.document import Document
from tui.panes.logits import lesson
from tui.panes.logits.experiment import Figures, Shown, shown_rows, size_of, winner
from tui.panes.logits.steps import LESSON, Setup, most_further, slider, steps
from tui.plan import Plan, plan_ids
from tui.widgets import numbers

INFO = ModelInfo("m", "/m", "/m", "Bert", 1, ["NO", "YES"], None, 512, "right")


class TypedEncoding(Encoding):
    """A sentence of so many tokens, whatever they are."""

    def __init__(self, sentence: Sentence, length: int) -> None:
        self.sentence = sentence
        self._length = length


def arranged(arrangement: Arrangement, values: list[list[float]], width: int) -> Arranged:
    ones = [1] * width
    rows = [ArrangedRow(ones, ones, None, each[:-1], each[:-1], each[-1]) for each in values]
    return Arranged(arrangement, rows, 0.0)


def answer_of(*texts: str, width: int = 4) -> Compared:
    """Each text's logits are its place, so that rows can be told apart."""
    rows = [[float(place), 0.0] for place in range(len(texts))]
    return Compared(
        1,
        INFO,
        [(text, None) for text in texts],
        [
            arranged(ALONE, [[*row, 0.0] for row in rows], width),
            arranged(UNMASKED, [[*row, 0.5] for row in rows], width),
            arranged(MASKED, [[*row, 2e-7] for row in rows], width),
        ],
        0.0,
    )


def plan_of(*texts: str, lengths: tuple[int, ...] | None = None) -> Plan:
    wanted = zip(texts, lengths or (4,) * len(texts), strict=True)
    encodings = tuple(TypedEncoding(Sentence(text), length) for text, length in wanted)
    return Plan(Batch(encodings))


def places(rows: tuple[Shown, ...]) -> list[float | None]:
    return [row.alone.logits[0] if row.alone else None for row in rows]


def holding(rows: tuple[Shown, ...], step: int) -> list[bool]:
    return [row.figures[step].holds for row in rows]


def test_numbers_stay_with_their_sentence_when_lines_come_and_go() -> None:
    answer = answer_of("a", "b", "c")
    typed = shown_rows(plan_of("a", "new", "b", "c"), LESSON, answer, current=True)
    assert places(typed)[::2] == [0, 1]
    assert places(typed)[3] == 2
    assert holding(typed, 0) == [True, False, True, True]
    fewer = shown_rows(plan_of("b", "c"), LESSON, answer, current=True)
    assert places(fewer) == [1, 2]
    assert all(row.holds for row in fewer)
    edited = shown_rows(plan_of("a", "bx", "c"), LESSON, answer, current=True)
    assert places(edited) == [0, 1, 2]
    assert holding(edited, 2) == [True, False, True]


def test_another_models_numbers_never_hold() -> None:
    rows = shown_rows(plan_of("a"), LESSON, answer_of("a"), current=False)
    assert places(rows) == [0]
    assert not any(each.holds for each in rows[0].figures)


def test_a_wider_batch_keeps_what_is_alone() -> None:
    plan = plan_of("a", "b", lengths=(4, 6))
    rows = shown_rows(plan, LESSON, answer_of("a", "b"), current=True)
    assert [each.holds for each in rows[0].figures] == [True, False, False]
    assert rows[0].padding == 2


def test_a_step_that_was_just_added_does_not_unsettle_the_others() -> None:
    plan = plan_of("a", "b")
    more = steps(Setup(side=True, further=2, order=True, bfloat16=True), plan, "right")
    names = [step.name for step in more]
    assert names[3:] == [
        "padded left",
        "  + position_ids",
        "to 6, no mask",
        "to 6, masked",
        "order reversed",
        "in bfloat16",
    ]
    row = shown_rows(plan, more, answer_of("a", "b"), current=True)[0]
    assert [each.holds for each in row.figures] == [True] * 3 + [False] * 6
    assert not row.holds


def test_longer_padding_shows_the_old_numbers_until_there_are_new_ones() -> None:
    plan = plan_of("a", "b")
    before = answer_of("a", "b")
    before.results.append(arranged(Arrangement(pad_to=6), [[0.0, 0.0, 0.1], [1.0, 0.0, 0.2]], 6))
    more = steps(Setup(further=3), plan, "right")
    figures = shown_rows(plan, more, before, current=True)[1].figures[-1]
    assert figures.step.arrangement.pad_to == 7
    assert figures.result is not None
    assert figures.result.logits == [1.0, 0.0]
    assert not figures.holds


def test_a_batch_in_another_order_holds_for_exactly_that_batch() -> None:
    plan = plan_of("a", "b")
    more = steps(Setup(order=True), plan, "right")
    answer = answer_of("a", "b")
    reversed_ = Arrangement(order=(1, 0))
    answer.results.append(arranged(reversed_, [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]], 4))
    assert shown_rows(plan, more, answer, current=True)[0].holds
    other = plan_of("a", "c")
    assert not shown_rows(other, more, answer, current=True)[0].figures[-1].holds


def test_padding_goes_no_further_than_the_model() -> None:
    plan = plan_of("a", "b", lengths=(4, 500))
    assert most_further(plan, 512) == 12
    assert most_further(plan, None) == 16_384 // 2 - 500


def ids_of(*lines: str, size: int | None = 1000) -> Plan:
    return plan_ids(list(lines), Document(), size)


def test_ids_are_read_from_a_line_from_several_and_from_the_whole_text() -> None:
    whole = ids_of("[[200, 200, 200],", "[200, 200]]")
    assert whole.ids == [[200, 200, 200], [200, 200]]
    assert whole.texts == []
    assert [whole.padding(row) for row in range(2)] == [0, 1]
    assert ids_of("[[200, 200, 200], [200, 200]]").ids == whole.ids
    assert ids_of("[200, 200, 200]", "[[200, 200]]").ids == whole.ids
    assert whole.batch.encodings[1].tokens == ["#200", "#200"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["I hate this"], "“I hate this” is not a list of ids"),
        (["[200]", "not ids"], "Line 2: “not ids” is not a list of ids"),
        (["[[200], []]"], "Row 2 is empty"),
        (["[200, 1000]"], "there is no id 1000; this model knows 1,000 ids, 0 to 999"),
        (["[200, 1.5]"], "“1.5” is not an id"),
    ],
)
def test_what_are_no_ids_is_said(lines: list[str], said: str) -> None:
    plan = ids_of(*lines)
    assert said in plan.problem
    assert plan.count == 0


def words_of(paragraphs: list[Any]) -> str:
    return " ".join("".join(text for text, _ in paragraph) for paragraph in paragraphs)


def shown_of(unmasked: float, masked: float = 2e-7, *, turned: bool = False) -> Shown:
    there = [3.0, 2.0] if turned else [1.5, 2.0]
    given = (([1.0, 2.0], 0.0), (there, unmasked), ([1.0, 2.0], masked))
    figures = (
        Figures(step, ArrangedRow([], [], None, logits, logits, apart), True)
        for step, (logits, apart) in zip(LESSON, given, strict=True)
    )
    return Shown(Sentence("a"), 8, 8, tuple(figures))


def test_the_lesson_in_words() -> None:
    said = words_of(lesson.lesson(1, shown_of(0.334), ["NO", "YES"]))
    assert said.startswith(
        "Sentence 2, padded by 8, moves by 0.334 without the mask, by 2e-07 with it."
    )
    said = words_of(lesson.lesson(0, shown_of(2.0, 0.0, turned=True), ["NO", "YES"]))
    assert "moves by 2.00 without the mask and YES becomes NO, by 0 with it." in said
    assert "even without the mask" in words_of(lesson.lesson(0, shown_of(1e-7), ["NO", "YES"]))
    assert "and still by 0.00200 with it: rounding is up to 1e-5." in words_of(
        lesson.lesson(0, shown_of(0.3, 0.002), ["NO", "YES"])
    )


@pytest.mark.parametrize(
    ("first", "left", "corrected", "said"),
    [
        # BERT and GPT-2: places by their number; a head that reads the first one finds padding.
        (2, 4.63, 1e-6, "sentence 2 moves by 4.63: its first token is given position 2, not 0"),
        (2, 4.63, 1e-6, lesson.WHY_SIDE),
        (2, 0.5, 0.3, lesson.WHY_STILL.format(position=0)),
        # Rotary positions: only distances count, and these are as they were.
        (2, 3e-6, 1e-6, lesson.WHY_DISTANCE),
        # RoBERTa counts by itself, and its head reads the first place.
        (0, 0.2, 0.2, "sentence 2 moves by 0.200. With position_ids that skip the padding, by"),
    ],
)
def test_padding_on_the_other_side_in_words(
    first: int, left: float, corrected: float, said: str
) -> None:
    shown = shown_of(0.3)
    mask, logits = [0, 0, 1, 1], [1.0, 2.0]
    given = (([0, 1, first, first + 1], left), ([0, 0, 0, 1], corrected))
    side = [step for step in steps(Setup(side=True), plan_of("a"), "right") if step.extra == "side"]
    figures = [
        Figures(step, ArrangedRow([1] * 4, mask, positions, logits, logits, apart), True)
        for step, (positions, apart) in zip(side, given, strict=True)
    ]
    shown = replace(shown, figures=(*shown.figures, *figures))
    assert said in words_of(lesson.of_extra("side", 1, shown, ["NO", "YES"]))


def test_the_lesson_is_about_the_current_sentence_if_it_is_padded() -> None:
    rows = [replace(shown_of(0.0), padding=0), shown_of(0.2), shown_of(0.9)]
    assert lesson.subject(rows, 0) == 2
    assert lesson.subject(rows, 1) == 1
    assert lesson.subject(rows[:1], 0) is None


def test_loading_shows_how_far_it_is() -> None:
    model = ModelState(
        "mini", "loading", stage="reading weights", done=12_000_000, total=48_000_000
    )
    said = words_of(waiting.model_loading(model, 80))
    assert said.startswith("Loading mini: reading weights…")
    assert "━━━━━━━━━━" + "─" * 30 + " 12.0 of 48.0 MB · 25 %" in said
    assert said.endswith("Esc, then o and ^x give it up.")


def test_what_is_no_number_wins_nothing() -> None:
    assert winner([math.nan, 1.0]) is None
    assert winner([0.5, 1.0]) == 1


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


def test_the_slider_stands_where_the_length_is() -> None:
    plan = plan_of("a", "a b")

    def words(further: int) -> str:
        return words_of([slider(Setup(further=further), plan, 512)])

    assert words(0) == ""
    assert words(1) == f"− {plan.width} ●─────────── 512 + "
    assert words(255) == f"− {plan.width} ━━━━━━●───── 512 + "
    assert words(512 - plan.width) == f"− {plan.width} ━━━━━━━━━━━● 512 + "


def test_one_row_has_no_other_order() -> None:
    plan = plan_of("a")
    [step] = [each for each in steps(Setup(order=True), plan, "right") if each.extra == "order"]
    row = ArrangedRow([1], [1], None, [1.0, 2.0], [1.0, 2.0], 0.0)
    shown = shown_of(0.3)
    shown = replace(shown, figures=(*shown.figures, Figures(step, row, True)))
    said = words_of(lesson.of_extra("order", 0, shown, ["NO", "YES"]))
    assert said == "One row alone has no other order."
