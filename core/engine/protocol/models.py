"""Which models there are, and what every conversation with the engine has in common."""

from __future__ import annotations

from typing import Literal

import msgspec

from core.errors import ModelErrorKind

Texts = tuple[str, str | None]
"""A sentence as (text, text_pair)."""

Task = Literal["text-classification", "fill-mask", "token-classification"]
"""What a checkpoint's head is for, by the name that `transformers.pipeline` has for it."""

Postprocess = Literal["softmax", "sigmoid", "none"]
"""What `transformers.pipeline` applies to the logits: "none" to those of a regression head."""


class ModelInfo(msgspec.Struct, frozen=True):
    """A loaded checkpoint."""

    name: str
    folder: str
    tokenizer_folder: str
    """Holds a `tokenizer.json` that encodes exactly as `AutoTokenizer` does for this checkpoint."""
    class_name: str
    parameters: int
    labels: list[str]
    """Of a sequence classifier in the order of its logits; empty for every other head."""
    problem_type: str | None
    max_positions: int | None
    padding_side: str
    notes: list[str] = []
    """What was done so that this model can be run here, one sentence each."""
    task: Task | None = None
    """None for an encoder without a head, and for heads that are not shown."""
    postprocess: Postprocess = "softmax"
    vocabulary_size: int | None = None
    """Ids that the model has an embedding for; the tokenizer may know fewer."""
    withheld: list[str] = []
    """What the tokenizer makes and the model does not take, so that it is not passed on."""


class Request(msgspec.Struct, frozen=True):
    """Something asked of the engine about one model.

    Every reply carries the same `id`; the client hands it out. Every request names its model, so
    that an engine that was just started can answer any of them.
    """

    id: int
    model: str


class Question(Request, frozen=True, kw_only=True):
    """A request that runs the model.

    Answered by `Loading`* while the model is not yet there, then as each says, or by `Failed`,
    `Overtaken` or `Cancelled`. Of one type the newest in each lane wins: whoever asks two things
    of the same type at once (a second checkpoint, another pane) names a lane for each.
    """

    lane: str = ""


class LoadModel(Request, frozen=True, tag="load_model"):
    """Answered by `Loading`*, then `Loaded` or `Failed`; a failure keeps the models before it."""


class ExportTokenizer(Request, frozen=True, tag="export_tokenizer"):
    """Answered by `Loading`*, then `TokenizerExported` or `Failed`. Does not load weights.

    As with questions the newest in each lane wins: a tokenizer that stands beside the model's own
    is asked for in a lane of its own.
    """

    lane: str = ""


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """Gives up request `id`, which is then answered by `Cancelled`; nothing if it was answered."""

    id: int


# --- replies --------------------------------------------------------------------------------


class Loading(msgspec.Struct, frozen=True, tag="loading"):
    """What the engine is doing, in words, and how far it is (bytes, or nothing known)."""

    id: int
    stage: str
    done: int | None = None
    total: int | None = None


class Loaded(msgspec.Struct, frozen=True, tag="loaded"):
    """The model is there. The engine keeps two: the one that was used longest ago goes."""

    id: int
    model: ModelInfo


class TokenizerExported(msgspec.Struct, frozen=True, tag="tokenizer_exported"):
    """The tokenizer can be read without transformers."""

    id: int
    folder: str
    """Holds `tokenizer.json` and `tokenizer_config.json`."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """One clear sentence; what was loaded before stays loaded."""

    id: int
    kind: ModelErrorKind
    message: str


class Overtaken(msgspec.Struct, frozen=True, tag="overtaken"):
    """A newer request of the same type and lane came first; this one was not (wholly) computed."""

    id: int


class Cancelled(msgspec.Struct, frozen=True, tag="cancelled"):
    """The request was given up by `Cancel`."""

    id: int
