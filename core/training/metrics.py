"""How good a classifier is on a split, computed by torchmetrics."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from accelerate.utils import gather_object
from torch import Tensor
from torch.nn.functional import cross_entropy
from torchmetrics import MetricCollection, SumMetric
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassConfusionMatrix,
    MulticlassF1Score,
    MulticlassPrecision,
    MulticlassRecall,
)

from core.runs.events import ClassScore, Misjudged

WORST = 5
"""Misjudged rows that an evaluation names."""
_LONGEST_TEXT = 500
"""Characters of such a row that go into the log."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one split; shares are 0 to 1, `confusion[i][j]` counts rows of label i predicted as j.

    `f1` is the mean over the labels that occur, in the split or in the predictions (macro).
    `majority_baseline` is the accuracy of always saying the most frequent label.
    """

    loss: float
    accuracy: float
    f1: float
    classes: list[ClassScore]
    confusion: list[list[int]]
    majority_baseline: float


class ClassificationMetrics:
    """Gathers predictions batch by batch; in several processes each gathers its own.

    torchmetrics brings them together in `scores`, to which all processes must come.
    """

    def __init__(self, labels: Sequence[str], device: torch.device) -> None:
        self._labels = labels
        shape = {"num_classes": len(labels), "validate_args": False}
        self._metrics = MetricCollection(
            {
                "accuracy": MulticlassAccuracy(average="micro", **shape),
                "f1": MulticlassF1Score(average="macro", **shape),
                "f1_each": MulticlassF1Score(average=None, **shape),
                "precision": MulticlassPrecision(average=None, **shape),
                "recall": MulticlassRecall(average=None, **shape),
                "confusion": MulticlassConfusionMatrix(**shape),
            },
            # Given, not found by looking at the first batch: a process may be without one, and
            # all must bring the same sums together.
            compute_groups=[["accuracy"], ["f1", "f1_each", "precision", "recall"], ["confusion"]],
        )
        # Counts in float64, so that shares have all their digits.
        self._metrics.set_dtype(torch.float64).to(device)
        # NaN is an answer too, and must not be left out of the sum.
        self._loss = SumMetric(nan_strategy="disable").set_dtype(torch.float64).to(device)

    def update(self, logits: Tensor, expected: Tensor) -> None:
        """Takes one batch: `logits` of `[batch, labels]`, label ids of `[batch]`."""
        self._loss.update(cross_entropy(logits.float(), expected, reduction="sum").double())
        self._metrics.update(logits.argmax(dim=-1), expected)

    def scores(self) -> Scores:
        """Over all batches of all processes."""
        found = {name: value.tolist() for name, value in self._metrics.compute().items()}
        confusion = [[int(cell) for cell in row] for row in found["confusion"]]
        sizes = [sum(row) for row in confusion]
        each = zip(
            self._labels, sizes, found["precision"], found["recall"], found["f1_each"], strict=True
        )
        classes = [
            ClassScore(label=label, rows=rows, precision=precision, recall=recall, f1=f1)
            for label, rows, precision, recall, f1 in each
        ]
        total = max(1, sum(sizes))
        return Scores(
            loss=self._loss.compute().item() / total,
            accuracy=found["accuracy"],
            f1=found["f1"],
            classes=classes,
            confusion=confusion,
            majority_baseline=max(sizes) / total,
        )


class WorstRows:
    """The rows predicted wrongly with the highest loss, the worst first."""

    def __init__(self, labels: Sequence[str], most: int = WORST) -> None:
        self._labels = labels
        self._most = most
        self._found: list[tuple[float, int, int, int, float]] = []

    def update(self, logits: Tensor, expected: Tensor, rows: Sequence[int]) -> None:
        """Takes one batch: `logits` of `[batch, labels]`, label ids and row numbers `[batch]`."""
        probabilities, predicted = logits.float().softmax(dim=-1).max(dim=-1)
        losses = cross_entropy(logits.float(), expected, reduction="none")
        wrong = (predicted != expected).nonzero().flatten().tolist()
        candidates = [
            (
                losses[at].item(),
                rows[at],
                int(expected[at]),
                int(predicted[at]),
                probabilities[at].item(),
            )
            for at in wrong
        ]
        self._found = heapq.nlargest(self._most, [*self._found, *candidates])

    def misjudged(self, text_of: Callable[[int], tuple[str, str | None]]) -> list[Misjudged]:
        """Of all processes, to which all must come; `text_of` gives a row's text and pair."""
        found = []
        for _, row, expected, predicted, probability in heapq.nlargest(
            self._most, gather_object(self._found)
        ):
            text, pair = text_of(row)
            found.append(
                Misjudged(
                    text=_shortened(text),
                    text_pair=None if pair is None else _shortened(pair),
                    label=self._labels[expected],
                    predicted=self._labels[predicted],
                    probability=probability,
                )
            )
        return found


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
