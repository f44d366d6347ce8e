"""What a resumed run must have in common with its beginning, and what it had better have."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc  # type: ignore[import-untyped, unused-ignore]
import xxhash
from datasets import Dataset

from core.data.batches import BatchedData
from core.errors import RunError
from core.runs.config import RunConfig
from core.runs.events import RunStarted

_AT_ONCE = 1000


def data_fingerprint(data: BatchedData, labels: list[str]) -> str:
    """Equal for equal token ids and labels in equal order, wherever and whenever they were read.

    Of the rows that training and the choice of the best checkpoint depend on: not the test split.
    """
    seen = xxhash.xxh3_128("\x00".join(labels).encode())
    for dataset in (data.train, data.validation):
        _take_in(dataset, seen)
    return seen.hexdigest()


def _take_in(dataset: Dataset, seen: xxhash.xxh3_128) -> None:
    columns = dataset.select_columns(["input_ids", "labels"]).with_format("arrow")
    for table in columns.iter(_AT_ONCE):
        ids = table["input_ids"]
        # Where a row ends counts too.
        for column in (pc.list_value_length(ids), pc.list_flatten(ids), table["labels"]):
            seen.update(column.to_numpy().tobytes())


def require_unchanged(
    before: RunStarted | None, now: RunStarted, config: RunConfig, checkpoint: Path | None
) -> None:
    """Raises `RunError` where a run that began as `before` cannot go on as `now`.

    What is streamed from the Hub is never promised to be the same.
    """
    if before is None or config.stream:
        return
    if changes := _changed_data(before, now):
        problem = f"The data {config.data} has changed since the run began: {changes}"
        undo = "put the data back as it was"
    elif (before.max_steps, before.steps_per_epoch) != (now.max_steps, now.steps_per_epoch):
        problem = (
            f"The run's config.json has changed since it began: it has {now.max_steps:,} steps, "
            f"{now.steps_per_epoch:,} an epoch, instead of {before.max_steps:,}, "
            f"{before.steps_per_epoch:,} an epoch"
        )
        undo = "put config.json back as it was"
    else:
        return
    anew = f" from {checkpoint}" if checkpoint else ""
    kept = "Its log and its checkpoints are" if checkpoint else "Its log is"
    raise RunError(f"{problem}. {kept} kept: {undo} and resume the run, or start a new one{anew}.")


def _changed_data(before: RunStarted, now: RunStarted) -> str:
    """How the data differs; empty where it does not. Older logs have no fingerprint, but counts."""
    changes = [
        f"it has {is_now:,} {what} instead of {was:,}"
        for what, was, is_now in (
            ("rows to train on", before.train_rows, now.train_rows),
            ("rows to validate", before.validation_rows, now.validation_rows),
        )
        if was != is_now
    ]
    if before.labels != now.labels:
        names = ", ".join(now.labels), ", ".join(before.labels)
        changes.append(f"its labels are {names[0]} instead of {names[1]}")
    if changes:
        return "; ".join(changes)
    is_known = before.data_fingerprint and now.data_fingerprint
    if is_known and before.data_fingerprint != now.data_fingerprint:
        return "it has as many rows as before, but not the same ones"
    return ""


def moved_machine(before: RunConfig, now: RunConfig) -> str:
    """What is not promised where the run was begun on another machine; empty on the same one."""
    if before.machine in {"", now.machine}:
        return ""
    return (
        f"The run was begun on another machine ({before.machine}) and goes on here "
        f"({now.machine}): that its losses are those it would have had there, bit for bit, is not "
        "promised."
    )
