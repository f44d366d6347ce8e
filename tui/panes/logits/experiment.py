"""Which of the engine's answers still hold for what is typed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.engine.protocol import EQUAL_WITHIN, MASKED, ArrangedRow, Arrangement, Compared
from core.text.sentences import Sentence
from tui.inquiry import in_place_of
from tui.panes.logits.steps import Step, kind_of
from tui.plan import Plan, keys_of

Size = Literal["equal", "slight", "clear", "large"]


def size_of(difference: float) -> Size:
    """How large a difference between logits is; one that is no number is large."""
    if difference <= EQUAL_WITHIN:
        return "equal"
    if difference < 0.01:
        return "slight"
    return "clear" if difference < 1 else "large"


@dataclass(frozen=True)
class Figures:
    """One step of one input: the newest numbers there are for its place.

    They may be of another text; `holds` says that they are of this one, in this batch. `problem`
    is why there are none.
    """

    step: Step
    result: ArrangedRow | None = None
    holds: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Shown:
    """One input as it is shown, with the figures of every step, alone first."""

    sentence: Sentence
    length: int
    padding: int
    figures: tuple[Figures, ...]

    @property
    def alone(self) -> ArrangedRow | None:
        """What it gave by itself."""
        return self.figures[0].result

    @property
    def first_position(self) -> int:
        """What the model calls the position of its first token; 0 where it has no positions."""
        return self.alone.position_ids[0] if self.alone and self.alone.position_ids else 0

    @property
    def holds(self) -> bool:
        """Whether all its numbers do."""
        return all(each.holds for each in self.figures)

    def of(self, arrangement: Arrangement) -> ArrangedRow | None:
        """What it gave in `arrangement`."""
        figures = (each for each in self.figures if each.step.arrangement == arrangement)
        return next((each.result for each in figures), None)


def shown_rows(
    plan: Plan, steps: Sequence[Step], answer: Compared | None, *, current: bool
) -> tuple[Shown, ...]:
    """Lays the engine's `answer` beside what is typed; `current`: it is of the model in force.

    Rows are found by their text, so that they stay with it when lines come and go. A text without
    an answer gets the numbers that stood in its place.
    """
    sentences = plan.sentences
    columns = [_column(plan, step, answer, current=current) for step in steps]
    return tuple(
        Shown(
            sentences[row],
            plan.length(row),
            plan.padding(row),
            tuple(column[row] for column in columns),
        )
        for row in range(plan.count)
    )


def _column(plan: Plan, step: Step, answer: Compared | None, *, current: bool) -> list[Figures]:
    """The figures of every input in one step."""
    wanted = plan.keys
    found = _nearest(answer, step)
    if answer is None or found is None:
        return [Figures(step)] * len(wanted)
    answered = keys_of(answer.sentences, answer.raw_ids)
    arranged = answer.results[found]
    exact = current and arranged.arrangement == step.arrangement
    if step.arrangement.order is not None:
        exact = exact and answered == wanted
    elif not step.arrangement.alone and step.arrangement.pad_to is None:
        exact = exact and _width(answer) == plan.width
    if arranged.problem is not None:
        holds = exact and answered == wanted
        return [Figures(step, None, holds, arranged.problem)] * len(wanted)
    by_key = dict(zip(answered, arranged.rows, strict=True))
    instead = in_place_of(wanted, answered, arranged.rows)
    return [
        Figures(step, by_key.get(key) or instead[row], exact and key in by_key)
        for row, key in enumerate(wanted)
    ]


def _nearest(answer: Compared | None, step: Step) -> int | None:
    """The place of the result for `step`, or else of one that differs in its numbers only."""
    results = answer.results if answer else []
    places = range(len(results))
    for place in places:
        if results[place].arrangement == step.arrangement:
            return place
    return next((n for n in places if kind_of(results[n].arrangement) == step.kind), None)


def _width(answer: Compared) -> int:
    masked = answer.result(MASKED)
    return masked.width if masked else 0


def winner(values: Sequence[float]) -> int | None:
    """The position of the highest value; None where they are not all numbers."""
    if not values or any(map(math.isnan, values)):
        return None
    return max(range(len(values)), key=values.__getitem__)
