"""The lines of a run's `events.jsonl`.

Every line is one JSON object with `seq` (0, 1, 2, …, no holes), `time` (Unix seconds) and `type`.
Numbers that are not finite are written as the strings "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

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
    world_size: int = 1
    """Processes that train together; figures of steps are those of all."""
    notes: list[str] = []
    """What the worker chose and why, one sentence each."""
    data_fingerprint: str = ""
    """Tells whether a resumed run has the same rows; empty for streamed data and in old logs."""


class SplitReport(msgspec.Struct, frozen=True, kw_only=True):
    """One split before the first step. Token counts are per row, before it is cut."""

    split: str
    rows: int
    label_rows: list[int]
    """Rows of each label, in the order of the ids."""
    shortest: int
    median: int
    percentile_95: int
    longest: int
    truncated: int
    """Rows longer than `DataReported.max_length`, whose end is never seen."""


class BadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was left out. `line` counts from 1; `problem` completes the sentence.

    `unit` is what `line` counts: the lines of a text file, rows, or files, of which `where` then
    names one.
    """

    where: str
    line: int
    problem: str
    unit: Literal["line", "row", "file"] = "line"

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        return self.where if self.unit == "file" else f"{self.unit} {self.line} of {self.where}"


class Duplicates(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of `split` whose text stands in `other` too, character by character."""

    split: str
    other: str
    rows: int


class DataReported(Line, frozen=True, kw_only=True, tag="data"):
    """What the run is about to be trained on; `bad_rows` of them were left out."""

    data: str
    labels: list[str]
    max_length: int
    text_column: str
    label_column: str
    pair_column: str | None = None
    splits: list[SplitReport] = []
    duplicates: list[Duplicates] = []
    bad_rows: int = 0
    first_bad_rows: list[BadRow] = []


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
    memory: int = 0
    """Bytes of memory that the first process has in use; 0 where it cannot be known."""


class ClassScore(msgspec.Struct, frozen=True, kw_only=True):
    """One label's scores, 0 to 1; 0 where there is nothing to divide by."""

    label: str
    rows: int
    precision: float
    recall: float
    f1: float


class Misjudged(msgspec.Struct, frozen=True, kw_only=True):
    """A row the model is wrong about; `probability` is what it gave to `predicted`."""

    text: str
    label: str
    predicted: str
    probability: float
    text_pair: str | None = None


class Evaluation(Line, frozen=True, kw_only=True, tag="evaluation"):
    """Metrics on one split; `confusion[i][j]` counts rows of label i predicted as label j.

    `f1` is the mean over all labels (macro). `worst` are the rows with the highest loss among
    those predicted wrongly, the worst first.
    """

    global_step: int
    epoch: float
    split: str
    loss: Number
    accuracy: float
    confusion: list[list[int]] = []
    majority_baseline: float = 0.0
    request: str | None = None
    f1: float = 0.0
    classes: list[ClassScore] = []
    worst: list[Misjudged] = []


class ProbeResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a sentence is classified now; `probabilities` in the order of the labels' ids."""

    text: str
    predicted: str
    probabilities: list[Number]


class Probed(Line, frozen=True, kw_only=True, tag="probe"):
    """The run's probe sentences, classified at an evaluation or as a request asked."""

    global_step: int
    epoch: float
    results: list[ProbeResult]
    request: str | None = None


class Streamed(Line, frozen=True, kw_only=True, tag="streamed"):
    """Training rows read so far of data whose end is not known; `bad_rows` were left out."""

    global_step: int
    rows: int
    label_rows: list[int]
    """Rows of each label, in the order of the ids."""
    bad_rows: int = 0


class CheckpointSaved(Line, frozen=True, kw_only=True, tag="checkpoint_saved"):
    """`path` is relative to the run's folder; `best`: no evaluation had a lower loss so far."""

    global_step: int
    path: str
    best: bool = False
    request: str | None = None


class LearningRateSet(Line, frozen=True, kw_only=True, tag="learning_rate_set"):
    """From the next step on, as a request asked; in the warm-up it is what the rate rises to."""

    global_step: int
    learning_rate: float
    in_warmup: bool = False
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
    """A new worker took the run over from `checkpoint`; where that is empty, from the start."""

    global_step: int
    checkpoint: str


class Heartbeat(Line, frozen=True, kw_only=True, tag="heartbeat"):
    """Nothing new, but alive."""


class RunFinished(Line, frozen=True, kw_only=True, tag="run_finished"):
    """All steps are done and the model is saved at `path`, relative to the run's folder."""

    global_step: int
    seconds: float
    """Of all the run's workers, pauses included."""
    path: str = "model"
    best: str | None = None
    """The checkpoint with the lowest validation loss, where one was kept."""


class RunStopped(Line, frozen=True, kw_only=True, tag="run_stopped"):
    """Ended by a request or a signal, with a checkpoint at `path`.

    Where it could not be saved `reason` says so, and `path` is the newest that there is.
    """

    global_step: int
    reason: str
    path: str | None = None
    request: str | None = None

    @property
    def is_saved(self) -> bool:
        """Whether all steps are in the checkpoint at `path`."""
        return self.path is not None and self.path.endswith(f"/step-{self.global_step}")


class RunFailed(Line, frozen=True, kw_only=True, tag="run_failed"):
    """`message` is one sentence; the traceback is in `worker.log`."""

    message: str
    global_step: int = 0


Event = (
    RunStarted
    | DataReported
    | Progress
    | Step
    | Evaluation
    | Probed
    | Streamed
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
