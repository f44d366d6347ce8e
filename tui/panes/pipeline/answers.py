"""What the pipeline gave for each text that is shown, and in which order the texts stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.classification import Order, certainty
from core.engine.protocol import (
    CheckedRow,
    Classified,
    PipelineChecked,
    PipelineRan,
    PipelineRow,
    Postprocess,
)
from core.text.sentences import Sentence
from tui.inquiry import in_place_of
from tui.plan import Plan


@dataclass(frozen=True)
class Item:
    """One text: the newest answer there is for its place; `holds` says that it is of this text.

    Of one of many texts only `classified` is there.
    """

    sentence: Sentence
    row: PipelineRow | None = None
    classified: Classified | None = None
    check: CheckedRow | None = None
    holds: bool = False
    truncated: bool = False

    @property
    def score(self) -> float:
        """What texts are sorted by; negative infinity where there is nothing yet."""
        if self.classified:
            score = self.classified.score
            return score if not math.isnan(score) else -math.inf
        if self.row is None:
            return -math.inf
        scores = [each.candidates[0].score for each in self.row.masks if each.candidates]
        return min([*scores, *(each.score for each in self.row.entities)], default=-math.inf)

    def certainty(self, postprocess: Postprocess) -> float:
        """How far the answer is from another one; infinite where that cannot be said."""
        if self.classified:
            return certainty(self.classified.probabilities, postprocess)
        return math.inf if self.score == -math.inf else self.score


def typed_items(
    plan: Plan, ran: PipelineRan | None, checked: PipelineChecked | None, *, current: bool
) -> list[Item]:
    """Lays the newest answer beside what is typed; `current`: it is of the model in force."""
    if ran is None:
        return [Item(sentence) for sentence in plan.sentences]
    checks: Sequence[CheckedRow | None] = (
        checked.rows if checked and checked.id == ran.id else [None] * len(ran.rows)
    )
    answered = list(zip(ran.rows, checks, strict=True))
    found = dict(zip(ran.sentences, answered, strict=True))
    instead = in_place_of(plan.keys, list(ran.sentences), answered)
    items = []
    for number, sentence in enumerate(plan.sentences):
        key = (sentence.text, sentence.text_pair)
        row, check = found.get(key) or instead[number] or (None, None)
        classified = row.classified if row else None
        items.append(Item(sentence, row, classified, check, current and key in found))
    return items


def in_order(items: Sequence[Item], order: Order, postprocess: Postprocess) -> list[int]:
    """The places of `items` as they are to stand; those that are equal stay as they came."""
    places = range(len(items))
    if order == "score":
        return sorted(places, key=lambda place: -items[place].score)
    if order == "certainty":
        return sorted(places, key=lambda place: items[place].certainty(postprocess))
    return list(places)


def least_certain(items: Sequence[Item], postprocess: Postprocess) -> int | None:
    """The place of the text whose answer is nearest to another one; None where there is none."""
    certainties = [item.certainty(postprocess) for item in items]
    answered = [place for place, value in enumerate(certainties) if math.isfinite(value)]
    if len(answered) < 2:
        return None
    return min(answered, key=certainties.__getitem__)
