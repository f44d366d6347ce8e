"""Metrics on a split, computed by all processes together."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import torch
from accelerate import Accelerator

from core.data.batches import BatchedData, Split
from core.runs.events import Evaluation, Misjudged, Progress, number
from core.training.metrics import ClassificationMetrics, Scores, WorstRows
from core.training.randomness import random_state_kept

REPORT_EVERY = 2.0
"""Seconds between two reports of an evaluation's progress."""


def evaluate(
    accelerator: Accelerator,
    model: Any,
    data: BatchedData,
    split: Split,
    global_step: int,
    request: str | None = None,
) -> Generator[Progress | Evaluation]:
    """Loss and scores on a split; yields nothing for one that is not there.

    Training's random state and the model's mode are left as they are, even where the generator is
    closed early. Every process must come here; all yield the same `Evaluation`.
    """
    rows = data.rows(split)
    if not rows:
        return
    # Alone: processes with fewer batches than others must not wait for those within one.
    alone = accelerator.unwrap_model(model)
    labels = [alone.config.id2label[label] for label in range(alone.config.num_labels)]
    metrics, worst = ClassificationMetrics(labels, accelerator.device), WorstRows(labels)
    done, reported = 0, time.monotonic()
    was_training = model.training
    model.eval()
    try:
        with random_state_kept(), torch.no_grad():
            for batch in data.evaluation(
                split, accelerator.process_index, accelerator.num_processes
            ):
                inputs = {
                    name: tensor.to(accelerator.device) for name, tensor in batch.inputs.items()
                }
                logits = alone(**inputs).logits
                metrics.update(logits, inputs["labels"])
                worst.update(logits.cpu(), batch.inputs["labels"], batch.rows)
                done += batch.size * accelerator.num_processes
                if time.monotonic() - reported >= REPORT_EVERY:
                    reported = time.monotonic()
                    yield Progress(phase=f"Evaluating on {split}", done=min(done, rows), total=rows)
            scores = metrics.scores()
            misjudged = worst.misjudged(lambda row: data.text(split, row))
    finally:
        model.train(was_training)
    yield evaluation_event(data, split, global_step, scores, misjudged, request)


def evaluation_event(
    data: BatchedData,
    split: Split,
    global_step: int,
    scores: Scores,
    worst: list[Misjudged],
    request: str | None,
) -> Evaluation:
    """What the log says of an evaluation."""
    return Evaluation(
        global_step=global_step,
        epoch=global_step / data.steps_per_epoch,
        split=split,
        loss=number(scores.loss),
        accuracy=scores.accuracy,
        f1=scores.f1,
        classes=scores.classes,
        confusion=scores.confusion,
        majority_baseline=scores.majority_baseline,
        worst=worst,
        request=request,
    )
