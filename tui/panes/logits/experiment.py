"""What is asked of the engine, and which of its answers still hold for what is typed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.engine.protocol import EQUAL_WITHIN, Compared, ComparedRow, Texts
from core.text.sentences import Sentence
from tui.document import Document

MOST_SENTENCES = 64
"""Sentences that are compared; a longer list is cut there."""
MOST_CELLS = 16_384
"""Cells of the padded batch, sentences times width, that are compared."""

Size = Literal["equal", "slight", "clear", "large"]


def size_of(difference: float) -> Size:
    """How large a difference between logits is; one that is no number is large."""
    if difference <= EQUAL_WITHIN:
        return "equal"
    if difference < 0.01:
        return "slight"
    return "clear" if difference < 1 else "large"


@dataclass(frozen=True)
class Plan:
    """The sentences that are compared, as one batch; `lengths` are in tokens.

    `left_out` counts the sentences after them, which would make the batch too large.
    """

    sentences: tuple[Sentence, ...] = ()
    lengths: tuple[int, ...] = ()
    left_out: int = 0

    @property
    def width(self) -> int:
        """Tokens of the longest sentence: what all are padded to."""
        return max(self.lengths, default=0)

    @property
    def texts(self) -> list[Texts]:
        """The sentences as the engine takes them."""
        return [(sentence.text, sentence.text_pair) for sentence in self.sentences]

    def padding(self, row: int) -> int:
        """Padding tokens that row `row` gets."""
        return self.width - self.lengths[row]


def plan_batch(document: Document) -> Plan:
    """As many sentences from the first on as make a batch of a sane size."""
    lengths: list[int] = []
    width = 0
    for encoding in document.batch.encodings[:MOST_SENTENCES]:
        width = max(width, len(encoding))
        if (len(lengths) + 1) * width > MOST_CELLS:
            break
        lengths.append(len(encoding))
    count = len(lengths)
    compared = tuple(line.sentence for line in document.lines[:count])
    return Plan(compared, tuple(lengths), len(document.lines) - count)


@dataclass(frozen=True)
class Shown:
    """One sentence as it is shown: typed now, with the newest numbers there are for its place.

    `result` may be of another text. It counts only where it is said to: `alone_holds` for the
    sentence by itself, `batch_holds` for its rows of the padded batch, whose width counts too.
    """

    sentence: Sentence
    length: int
    padding: int
    result: ComparedRow | None
    alone_holds: bool
    batch_holds: bool


def shown_rows(plan: Plan, answer: Compared | None, *, current: bool) -> tuple[Shown, ...]:
    """Lays the engine's `answer` beside what is typed; `current`: it is of the model in force.

    Rows are found by their text, so that they stay with it when lines come and go. A text without
    an answer gets the numbers that stood in its place.
    """
    if answer is None:
        return tuple(
            Shown(sentence, length, plan.padding(row), None, False, False)
            for row, (sentence, length) in enumerate(zip(plan.sentences, plan.lengths, strict=True))
        )
    wanted = plan.texts
    by_text = dict(zip(answer.sentences, answer.rows, strict=True))
    same_width = _width(answer) == plan.width
    instead = _in_place_of(wanted, answer)
    rows = []
    for row, texts in enumerate(wanted):
        found = by_text.get(texts)
        holds = current and found is not None
        rows.append(
            Shown(
                plan.sentences[row],
                plan.lengths[row],
                plan.padding(row),
                found or instead[row],
                holds,
                holds and same_width,
            )
        )
    return tuple(rows)


def _width(answer: Compared) -> int:
    return len(answer.attention_mask[0]) if answer.attention_mask else 0


def _in_place_of(wanted: Sequence[Texts], answer: Compared) -> list[ComparedRow | None]:
    """For each text the old row in its place, counted from the end that did not change."""
    old = answer.sentences
    shortest = min(len(wanted), len(old))
    head = 0
    while head < shortest and wanted[head] == old[head]:
        head += 1
    tail = 0
    while tail < shortest - head and wanted[-1 - tail] == old[-1 - tail]:
        tail += 1
    rows: list[ComparedRow | None] = [None] * len(wanted)
    rows[:head] = answer.rows[:head]
    for row in range(head, min(len(wanted), len(old)) - tail):
        rows[row] = answer.rows[row]
    if tail:
        rows[-tail:] = answer.rows[-tail:]
    return rows


def probabilities(logits: Sequence[float], problem_type: str | None) -> list[float] | None:
    """What a transformers pipeline makes of `logits`; None for a head that predicts numbers.

    Softmax over labels that exclude each other, a sigmoid each for those that do not.
    """
    if problem_type == "regression" or len(logits) < 2:
        return None
    if problem_type == "multi_label_classification":
        return [_sigmoid(logit) for logit in logits]
    if not all(map(math.isfinite, logits)):
        return [math.nan] * len(logits)
    highest = max(logits)
    powers = [math.exp(logit - highest) for logit in logits]
    total = sum(powers)
    return [power / total for power in powers]


def _sigmoid(logit: float) -> float:
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    power = math.exp(logit)
    return power / (1 + power)


def winner(values: Sequence[float]) -> int | None:
    """The position of the highest value; None where they are not all numbers."""
    if not values or any(map(math.isnan, values)):
        return None
    return max(range(len(values)), key=values.__getitem__)
