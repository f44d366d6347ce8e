"""Metrics on a split, computed by all processes together."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import torch
from accelerate import Accelerator
from torch.nn.functional import cross_entropy

from core.data.batches import BatchedData, Split
from core.runs.events import Evaluation, Progress, number
from core.training.randomness import random_state_kept

_REPORT_EVERY = 2.0
"""Seconds between two reports of an evaluation's progress."""


def evaluate(
    accelerator: Accelerator,
    model: Any,
    data: BatchedData,
    split: Split,
    global_step: int,
    request: str | None = None,
) -> Generator[Progress | Evaluation]:
    """Loss, accuracy and confusion on a split; yields nothing for one that is not there.

    Training's random state and the model's mode are left as they are, even where the generator is
    closed early. Every process must come here; all yield the same `Evaluation`.
    """
    rows = data.rows(split)
    if not rows:
        return
    # Alone: processes with fewer batches than others must not wait for those within one.
    alone = accelerator.unwrap_model(model)
    labels = int(alone.config.num_labels)
    confusion = torch.zeros(labels, labels, dtype=torch.float64)
    total_loss = torch.zeros(1, dtype=torch.float64)
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
                logits, expected = alone(**inputs).logits.float().cpu(), batch.inputs["labels"]
                total_loss += cross_entropy(logits, expected, reduction="sum").double()
                cells = expected * labels + logits.argmax(dim=-1)
                confusion += torch.bincount(cells, minlength=labels**2).view(labels, labels)
                done += batch.size * accelerator.num_processes
                if time.monotonic() - reported >= _REPORT_EVERY:
                    reported = time.monotonic()
                    yield Progress(phase=f"Evaluating on {split}", done=min(done, rows), total=rows)
            sums = torch.cat([total_loss, confusion.flatten()]).to(accelerator.device)
            total, *counts = accelerator.reduce(sums, "sum").tolist()
    finally:
        model.train(was_training)
    found = torch.tensor(counts, dtype=torch.long).view(labels, labels)
    yield Evaluation(
        global_step=global_step,
        epoch=global_step / data.steps_per_epoch,
        split=split,
        loss=number(total / rows),
        accuracy=found.trace().item() / rows,
        confusion=found.tolist(),
        majority_baseline=found.sum(dim=1).max().item() / rows,
        request=request,
    )
