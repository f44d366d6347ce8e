"""Scores are what their definitions say; the worst rows are the worst."""

from __future__ import annotations

import math
import random

import pytest
import torch
from torch.nn.functional import cross_entropy

from core.training.metrics import ClassificationMetrics, WorstRows

LABELS = ["bad", "fair", "good"]
CPU = torch.device("cpu")


def _example(rows: int = 60) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(rows, 3, generator=generator)
    # "good" is rare, and never predicted.
    logits[:, 2] -= 20
    expected = torch.tensor([0, 1, 0, 1, 0, 2] * (rows // 6))
    return logits, expected


def test_scores_over_batches_are_those_of_their_definitions() -> None:
    logits, expected = _example()
    metrics = ClassificationMetrics(LABELS, CPU)
    for start in range(0, 60, 7):
        metrics.update(logits[start : start + 7], expected[start : start + 7])
    scores = metrics.scores()
    predicted = logits.argmax(dim=-1).tolist()
    pairs = list(zip(expected.tolist(), predicted, strict=True))
    assert scores.confusion == [[pairs.count((i, j)) for j in range(3)] for i in range(3)]
    assert scores.accuracy == pytest.approx(sum(i == j for i, j in pairs) / 60)
    assert scores.majority_baseline == 0.5
    assert scores.loss == pytest.approx(cross_entropy(logits, expected).item(), abs=1e-6)
    for label, score in enumerate(scores.classes):
        hits = pairs.count((label, label))
        said = sum(j == label for _, j in pairs)
        assert score.label == LABELS[label]
        assert score.rows == sum(i == label for i, _ in pairs)
        precision = hits / said if said else 0
        recall = hits / score.rows
        assert (score.precision, score.recall) == pytest.approx((precision, recall))
        f1 = 2 * precision * recall / (precision + recall) if hits else 0
        assert score.f1 == pytest.approx(f1)
    assert scores.classes[2].precision == 0
    assert scores.f1 == pytest.approx(sum(score.f1 for score in scores.classes) / 3)


def test_a_loss_that_is_no_number_is_said_to_be_none() -> None:
    logits, expected = _example()
    metrics = ClassificationMetrics(LABELS, CPU)
    metrics.update(logits, expected)
    logits[4] = float("nan")
    metrics.update(logits, expected)
    assert math.isnan(metrics.scores().loss)


def test_the_worst_rows_are_wrong_and_the_surest_first() -> None:
    logits, expected = _example()
    worst = WorstRows(LABELS, most=4)
    rows = list(range(60))
    random.Random(0).shuffle(rows)
    for start in range(0, 60, 7):
        batch = slice(start, start + 7)
        worst.update(logits[batch], expected[batch], rows[batch])
    losses = cross_entropy(logits, expected, reduction="none").tolist()
    wrong = [at for at in range(60) if int(logits[at].argmax()) != int(expected[at])]
    hardest = sorted(wrong, key=losses.__getitem__, reverse=True)[:4]
    found = worst.misjudged(lambda row: (f"text {row}" + "!" * 600, None))
    assert [one.text.split("!")[0] for one in found] == [f"text {rows[at]}" for at in hardest]
    for one, at in zip(found, hardest, strict=True):
        assert one.label == LABELS[int(expected[at])] != one.predicted
        assert one.probability == pytest.approx(logits[at].softmax(dim=-1).max().item())
        assert len(one.text) == 500
        assert one.text.endswith("…")
