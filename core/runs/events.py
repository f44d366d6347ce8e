"""The lines of a run's `events.jsonl`.

Every line is one JSON object with `seq` (0, 1, 2, …, no holes), `time` (Unix seconds) and `type`.
Numbers that are not finite are written as the strings "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import math
from typing import Annotated

import msgspec

Number = float | Annotated[str, msgspec.Meta(pattern="^(NaN|-?Infinity)$")]


def number(value: float) -> Number:
    """`value` as an event line carries it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


class Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every event carries; `seq` and `time` are the writer's to fill in."""

    seq: int = -1
    time: float = 0.0


class RunStarted(Line, frozen=True, kw_only=True, tag="run_started"):
    """The worker knows its data and model and is about to take the first step."""

    max_steps: int
    steps_per_epoch: int
    train_rows: int
    validation_rows: int
    parameters: int
    trainable: int
    labels: list[str]
    threads: int
    device: str
    notes: list[str] = []
    """What the worker chose and why, one sentence each."""


class Progress(Line, frozen=True, kw_only=True, tag="progress"):
    """A phase without steps: loading, tokenizing, choosing threads, evaluating, saving."""

    phase: str
    done: int | None = None
    total: int | None = None


class Step(Line, frozen=True, kw_only=True, tag="step"):
    """One optimizer step. `grad_norm` is before clipping; `loss` is the batch's mean."""

    global_step: int
    epoch: float
    loss: Number
    learning_rate: float
    grad_norm: Number
    samples_per_second: float
    padding: float = 0.0
    """Share of the batch's cells that are padding, 0 to 1."""


class Evaluation(Line, frozen=True, kw_only=True, tag="evaluation"):
    """Metrics on one split; `confusion[i][j]` counts rows of label i predicted as label j."""

    global_step: int
    epoch: float
    split: str
    loss: Number
    accuracy: float
    confusion: list[list[int]] = []
    majority_baseline: float = 0.0
    request: str | None = None


class CheckpointSaved(Line, frozen=True, kw_only=True, tag="checkpoint_saved"):
    """`path` is relative to the run's folder."""

    global_step: int
    path: str
    request: str | None = None


class LearningRateSet(Line, frozen=True, kw_only=True, tag="learning_rate_set"):
    """From the next step on, as a request asked."""

    global_step: int
    learning_rate: float
    request: str | None = None


class Warned(Line, frozen=True, kw_only=True, tag="warning"):
    """Something the user should know; the run goes on."""

    message: str
    request: str | None = None


class Paused(Line, frozen=True, kw_only=True, tag="paused"):
    """No steps are taken until `resumed`; the model stays in memory."""

    global_step: int
    request: str | None = None


class Resumed(Line, frozen=True, kw_only=True, tag="resumed"):
    """After a pause."""

    global_step: int
    request: str | None = None


class RunResumed(Line, frozen=True, kw_only=True, tag="run_resumed"):
    """A new worker took the run over from `checkpoint`."""

    global_step: int
    checkpoint: str


class Heartbeat(Line, frozen=True, kw_only=True, tag="heartbeat"):
    """Nothing new, but alive."""


class RunFinished(Line, frozen=True, kw_only=True, tag="run_finished"):
    """All steps are done and the model is saved at `path`, relative to the run's folder."""

    global_step: int
    seconds: float
    path: str = "model"


class RunStopped(Line, frozen=True, kw_only=True, tag="run_stopped"):
    """Ended by a request or a signal, with a checkpoint at `path`."""

    global_step: int
    reason: str
    path: str | None = None
    request: str | None = None


class RunFailed(Line, frozen=True, kw_only=True, tag="run_failed"):
    """`message` is one sentence; the traceback is in `worker.log`."""

    message: str
    global_step: int = 0


Event = (
    RunStarted
    | Progress
    | Step
    | Evaluation
    | CheckpointSaved
    | LearningRateSet
    | Warned
    | Paused
    | Resumed
    | RunResumed
    | Heartbeat
    | RunFinished
    | RunStopped
    | RunFailed
)

event_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
