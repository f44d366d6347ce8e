"""The fields of the form: what each means, what it takes, and ready-made sets of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from core.runs.config import Adapter, Precision, Route, RunConfig

Kind = Literal["text", "whole", "number", "choice", "names", "scratch"]
AUTO = "auto"
"""Stands for None where the worker chooses."""
_YES_NO = ("no", "yes")
_CHOSEN = (AUTO, "yes", "no")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of `RunConfig` as a person fills it in; an empty value is None where allowed."""

    name: str
    label: str
    meaning: str
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together."""

    title: str
    fields: tuple[Field, ...]


GROUPS = (
    Group(
        "What is trained",
        (
            Field("model", "model", "where to begin: a name, a folder or a run"),
            Field("data", "data", "reviews, or a file, a folder, a Hub name"),
            Field(
                "adapter",
                "trained part",
                "all weights, LoRA and the head, the head",
                "choice",
                get_args(Adapter),
            ),
            Field(
                "scratch",
                "from scratch",
                "layers=2,hidden=128; empty: the model",
                "scratch",
            ),
            Field("name", "name", "empty: one is made up"),
        ),
    ),
    Group(
        "How long",
        (
            Field("epochs", "epochs", "passes over the training data", "whole"),
            Field(
                "max_steps",
                "most steps",
                "ends there; empty: no limit",
                "whole",
                optional=True,
            ),
            Field(
                "eval_steps",
                "evaluate every",
                "steps; empty: after each epoch",
                "whole",
                optional=True,
            ),
            Field(
                "early_stopping_patience",
                "patience",
                "evaluations without a lower loss",
                "whole",
                optional=True,
            ),
        ),
    ),
    Group(
        "How it learns",
        (
            Field(
                "learning_rate", "learning rate", "at its peak; 2e-05 to 0.0001 is usual", "number"
            ),
            Field("warmup_ratio", "warm-up", "share of the steps in which it rises", "number"),
            Field("batch_size", "batch size", "sentences a forward pass", "whole"),
            Field("gradient_accumulation_steps", "accumulated", "batches a step sums up", "whole"),
            Field("max_length", "longest text", "in tokens; the rest is cut", "whole"),
            Field("weight_decay", "weight decay", "pulls weights to zero; 0.01 is usual", "number"),
            Field(
                "max_grad_norm", "gradient norm", "longer gradients are shortened to it", "number"
            ),
            Field("seed", "seed", "the same seed gives the same run", "whole"),
        ),
    ),
    Group(
        "Reading the data",
        (
            Field("text_column", "text column", "empty: found by looking", optional=True),
            Field(
                "pair_column", "pair column", "the second sentence; -: there is none", optional=True
            ),
            Field("label_column", "label column", "empty: found by looking", optional=True),
            Field("label_names", "label names", "in the order of the ids, with commas", "names"),
            Field(
                "skip_bad_rows",
                "bad rows",
                "yes: left out and counted; no: refused",
                "choice",
                _YES_NO,
            ),
            Field(
                "stream",
                "stream",
                "Hub data read while training",
                "choice",
                _YES_NO,
            ),
        ),
    ),
    Group(
        "What is kept",
        (
            Field(
                "save_steps",
                "save every",
                "steps; empty: by the clock alone",
                "whole",
                optional=True,
            ),
            Field(
                "save_minutes",
                "save after",
                "minutes; empty: by steps alone",
                "number",
                optional=True,
            ),
            Field("save_total_limit", "checkpoints", "newest ones kept, besides the best", "whole"),
            Field("tensorboard", "TensorBoard", "its event files too", "choice", _YES_NO),
        ),
    ),
    Group(
        "How it is computed",
        (
            Field(
                "route",
                "route",
                "the course's loop, or Trainer",
                "choice",
                get_args(Route),
            ),
            Field(
                "plain",
                "plain",
                "as the course has it, nothing faster",
                "choice",
                _YES_NO,
            ),
            Field("threads", "threads", "empty: found by trying", "whole", optional=True),
            Field(
                "group_by_length",
                "group lengths",
                "rows of like length share a batch",
                "choice",
                _CHOSEN,
            ),
            Field("fused", "fused AdamW", "all weights in one pass", "choice", _CHOSEN),
            Field(
                "mixed_precision",
                "precision",
                "of the forward pass; auto: found by trying",
                "choice",
                (AUTO, *get_args(Precision)),
            ),
            Field(
                "data_workers",
                "data workers",
                "processes, beside; empty: found by trying",
                "whole",
                optional=True,
            ),
            Field("num_processes", "processes", "that train together", "whole"),
        ),
    ),
)
FIELDS: Mapping[str, Field] = {field.name: field for group in GROUPS for field in group.fields}
"""By the field's name in `RunConfig`, in the form's order."""

_KEPT = {
    "model", "data", "name", "seed", "text_column", "pair_column", "label_column", "label_names",
    "skip_bad_rows", "stream", "num_processes", "threads", "data_workers", "tensorboard",
}  # fmt: skip
MANAGED = tuple(name for name in FIELDS if name not in _KEPT)
"""What a preset decides; model, data and machine stay the user's."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Values in place of the usual ones, in the form's words."""

    name: str
    meaning: str
    values: Mapping[str, str]


PRESETS = (
    Preset("usual", "two epochs, as fast as this machine can", {}),
    Preset(
        "quick look",
        "sixty steps: does it learn at all?",
        {"max_steps": "60", "eval_steps": "30"},
    ),
    Preset(
        "course",
        "the course's loop, batch size and rate",
        {
            "plain": "yes",
            "epochs": "3",
            "batch_size": "8",
            "learning_rate": "5e-05",
            "warmup_ratio": "0",
        },
    ),
    Preset(
        "careful",
        "a low rate, an end once validation rises",
        {"epochs": "5", "learning_rate": "2e-05", "early_stopping_patience": "2"},
    ),
    Preset(
        "LoRA",
        "small matrices beside frozen weights",
        {"adapter": "lora", "epochs": "3", "learning_rate": "0.0003"},
    ),
    Preset(
        "head only",
        "the encoder is frozen: fast, less exact",
        {"adapter": "head", "epochs": "3", "learning_rate": "0.001"},
    ),
    Preset(
        "from scratch",
        "a small model and tokenizer from nothing",
        {
            "scratch": "layers=2,hidden=128,heads=4,vocabulary=8000",
            "epochs": "6",
            "learning_rate": "0.0005",
        },
    ),
)
OWN = "own"


def shown_value(config: RunConfig, field: Field) -> str:
    """A value of a configuration in the form's words."""
    value = getattr(config, field.name)
    match value:
        case bool():
            return "yes" if value else "no"
        case None:
            return AUTO if field.choices else ""
        case float():
            return f"{value:g}"
        case list():
            return ", ".join(value)
    if field.name == "pair_column" and value == "":
        return "-"
    if field.kind == "scratch":
        names = ("layers", "hidden", "heads", "vocabulary", "tokenizer")
        return ",".join(f"{name}={getattr(value, name)}" for name in names)
    return str(value)
