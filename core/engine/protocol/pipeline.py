"""`transformers.pipeline` in the open: preprocess, forward, postprocess; and many lines at once."""

from __future__ import annotations

import msgspec

from core.engine.protocol.models import ModelInfo, Postprocess, Question, Task, Texts


class RunPipeline(Question, frozen=True, tag="run_pipeline"):
    """The three stages on `sentences` as one padded batch.

    Answered by `PipelineRan` as soon as they are done and at last by `PipelineChecked`, unless
    overtaken in between. The task is the checkpoint's own.
    """

    sentences: list[Texts]


class Preprocessed(msgspec.Struct, frozen=True):
    """One row of the batch that the model gets; every list has the width of the batch."""

    tokens: list[str]
    input_ids: list[int]
    attention_mask: list[int]
    token_type_ids: list[int] | None
    """None where the model is given none."""


class Scored(msgspec.Struct, frozen=True):
    """A label, an entity type or a token, and what the head gives it."""

    label: str
    score: float


class Classified(msgspec.Struct, frozen=True):
    """A sequence classifier's postprocessing: `[labels]` each, the likeliest is `label`.

    Where the head's postprocess is "none" the probabilities are the logits, and so is `score`.
    """

    label: str
    score: float
    logits: list[float]
    probabilities: list[float]


class FilledMask(msgspec.Struct, frozen=True):
    """The likeliest tokens for the mask token at `position` of the row, the best first."""

    position: int
    candidates: list[Scored]


class Entity(msgspec.Struct, frozen=True):
    """Characters `start` to `end` of the text, and what they are; `score` as the mean of tokens."""

    label: str
    score: float
    start: int
    end: int


class PipelineRow(msgspec.Struct, frozen=True):
    """All three stages of one sentence; of the last that which belongs to the task."""

    preprocessed: Preprocessed
    classified: Classified | None = None
    masks: list[FilledMask] = []
    entities: list[Entity] = []
    token_labels: list[Scored] = []
    """Of a token classifier: the likeliest label of each token, padding included."""


class PipelineRan(msgspec.Struct, frozen=True, tag="pipeline_ran"):
    """The stages' results; not the last reply: `PipelineChecked` follows."""

    id: int
    model: ModelInfo
    sentences: list[Texts]
    task: Task
    postprocess: Postprocess
    shape: list[int]
    """Of the logits: `[batch, labels]`, or `[batch, sequence, labels or vocabulary]`."""
    rows: list[PipelineRow]
    preprocess_ms: float
    forward_ms: float
    postprocess_ms: float


class CheckedRow(msgspec.Struct, frozen=True):
    """What transformers' own pipeline said of one sentence, in the order that it did."""

    agrees: bool
    """The same labels (tokens, entities and their spans), and scores equal to 1e-5."""
    said: list[Scored]
    """The label; or the candidates, mask by mask; or the entities."""
    max_abs_diff: float
    """Between its scores and ours; 0 where there are none, infinite where labels differ."""
    problem: str = ""
    """What it raised instead of saying anything: a sentence without a mask to fill, for example."""


class PipelineChecked(msgspec.Struct, frozen=True, tag="pipeline_checked"):
    """Whether `transformers.pipeline(task, …)` itself gave the same for each sentence."""

    id: int
    rows: list[CheckedRow]
    seconds: float


# --- many lines -----------------------------------------------------------------------------


class Classify(Question, frozen=True, tag="classify"):
    """Classifies sentences in batches of similar length.

    Answered by `RowsClassified`* and at last by `ClassificationDone`. Other requests are served in
    between. A newer one in the same lane ends it. Texts longer than the model are cut and say so.
    """

    sentences: list[Texts]
    batch_size: int = 32


class RowsClassified(msgspec.Struct, frozen=True, tag="rows_classified"):
    """Some rows, in no particular order: `rows[i]` is of sentence `indices[i]`.

    After the engine died in between, rows that came before come again.
    """

    id: int
    indices: list[int]
    rows: list[Classified]
    truncated: list[int]
    """Those of `indices` whose text was cut at the model's last position."""
    done: int
    """Sentences classified so far, these included."""
    total: int


class ClassificationDone(msgspec.Struct, frozen=True, tag="classification_done"):
    """Every sentence has been classified."""

    id: int
    model: ModelInfo
    total: int
    seconds: float
