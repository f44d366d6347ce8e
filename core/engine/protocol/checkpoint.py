"""What a checkpoint is made of: its structure, config, weights, load report; saving it.

`model` may be any name that `core.checkpoints.locate` knows, a Hub name, the name of a kind of
model ("bert"), or what `core.random_models` makes of one: `random:mini?num_hidden_layers=4`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from core.engine.protocol.models import Request
from core.structure import Parameter, Structure

Head = Literal["base", "sequence-classification", "token-classification", "masked-lm", "causal-lm"]
"""Which `AutoModel…` class is to be built; None stands for the one the checkpoint names."""

HEADS: dict[Head, str] = {
    "base": "AutoModel",
    "sequence-classification": "AutoModelForSequenceClassification",
    "token-classification": "AutoModelForTokenClassification",
    "masked-lm": "AutoModelForMaskedLM",
    "causal-lm": "AutoModelForCausalLM",
}


AFTER_CANCEL = (
    "Files that arrived whole are kept; the one that was interrupted starts again next time."
)
"""What is to be said of a download that was given up (huggingface_hub#4196)."""


class ConfigField(msgspec.Struct, frozen=True):
    """One field of a config; values are JSON, so that `null`, `"gelu"` and `12` stay apart."""

    name: str
    value: str
    default: str | None
    """What its class has without being told; None where the class knows no such field."""
    kind: str
    """The type the class asks for, "int", "float | int"; empty where it does not say."""

    @property
    def differs(self) -> bool:
        """Whether it was set to something else than the class's default."""
        return self.value != self.default


class Config(msgspec.Struct, frozen=True):
    """A config as transformers understands it, every field in its class's order."""

    class_name: str
    model_type: str
    fields: list[ConfigField]


class Errand(Request, frozen=True):
    """A request about a checkpoint itself, not of a model that is loaded to be run.

    Answered by `Loading`*, then as each says, or by `Failed`, `Overtaken` or `Cancelled`.
    """


# --- structure and config ---------------------------------------------------------------------


class ReadStructure(Errand, frozen=True, kw_only=True, tag="read_structure"):
    """The tree that a config alone gives, built on the meta device: no weights are read.

    Answered by `StructureRead`.
    """

    head: Head | None = None


class StructureRead(msgspec.Struct, frozen=True, tag="structure_read"):
    """What would be built, and from which config."""

    id: int
    model: str
    head: Head | None
    class_name: str
    checkpoint: str
    """What `from_pretrained` takes for its config: a folder or a Hub name; "" for a kind."""
    structure: Structure
    config: Config
    has_tokenizer: bool | None
    """None where only fetching it from the Hub would tell."""


class CompareConfigs(Errand, frozen=True, kw_only=True, tag="compare_configs"):
    """Two configs field by field. Answered by `ConfigsCompared`."""

    other: str


class ConfigDifference(msgspec.Struct, frozen=True):
    """A field as both have it, in JSON; None where that config's class has no such field."""

    name: str
    value: str | None
    other: str | None

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return self.value != self.other


class ConfigsCompared(msgspec.Struct, frozen=True, tag="configs_compared"):
    """Every field that either has: those of `model` in its order, then what only `other` has."""

    id: int
    model: str
    other: str
    class_names: tuple[str, str]
    checkpoints: tuple[str, str]
    """What `from_pretrained` takes for each config: a folder or a Hub name; "" for a kind."""
    fields: list[ConfigDifference]


# --- weights ----------------------------------------------------------------------------------


class KeyGroup(msgspec.Struct, frozen=True):
    """Keys of one part of the model that met the same fate, and what that means."""

    part: str
    """What their names begin with: "classifier", "cls.predictions"."""
    keys: list[str]
    meaning: str
    """One or two sentences."""


class MismatchedKey(msgspec.Struct, frozen=True):
    """A tensor that the file has in another shape than the config asks for."""

    key: str
    checkpoint_shape: list[int]
    model_shape: list[int]


class LoadReport(msgspec.Struct, frozen=True):
    """What `from_pretrained` found when it put a checkpoint's tensors into a model."""

    missing_keys: list[str]
    """Of the model, not in the checkpoint: newly initialised with random numbers."""
    unexpected_keys: list[str]
    """Of the checkpoint, not in the model: not used."""
    mismatched_keys: list[MismatchedKey]
    """In both, in other shapes: not used, newly initialised."""
    missing: list[KeyGroup]
    unexpected: list[KeyGroup]
    mismatched: list[KeyGroup]
    files: list[str]
    """Names of the files that the weights were read from."""

    @property
    def summary(self) -> str:
        """One sentence on the whole."""
        parts = [
            f"{len(keys)} {word}"
            for keys, word in (
                (self.missing_keys, "newly initialised"),
                (self.unexpected_keys, "not used"),
                (self.mismatched_keys, "of another shape"),
            )
            if keys
        ]
        return f"{', '.join(parts)}." if parts else "Every weight found its place."


class ReadWeights(Errand, frozen=True, kw_only=True, tag="read_weights"):
    """Builds the model with `head` and loads its weights; random ones for a random model.

    Answered by `WeightsRead`. The engine keeps the last such model for `InspectParameter` and
    `SaveModel`, which load it where it is not there.
    """

    head: Head | None = None


class WeightsRead(msgspec.Struct, frozen=True, tag="weights_read"):
    """The model as it stands in memory; `report` is None where the weights are random."""

    id: int
    model: str
    head: Head | None
    class_name: str
    checkpoint: str
    """What `from_pretrained` takes for its config: a folder or a Hub name; "" for a kind."""
    structure: Structure
    config: Config
    report: LoadReport | None
    has_tokenizer: bool
    notes: list[str] = []


class InspectParameter(Errand, frozen=True, kw_only=True, tag="inspect_parameter"):
    """Figures of one tensor. Answered by `ParameterInspected`."""

    parameter: str
    """Its full name, as in `named_parameters()`."""
    head: Head | None = None


class Histogram(msgspec.Struct, frozen=True):
    """`counts[i]` numbers lie from `low + i · width` on, `width = (high - low) / len(counts)`.

    The last bin holds `high` too; where all numbers are the same there is one bin.
    """

    low: float
    high: float
    counts: list[int]


class Figures(msgspec.Struct, frozen=True):
    """Of all numbers of a tensor, not of a sample.

    Mean, deviation (of the whole, not estimated from a sample), norm, least, greatest, zeros and
    histogram are of the finite ones; None where there are none.
    """

    mean: float | None
    std: float | None
    norm: float | None
    minimum: float | None
    maximum: float | None
    zeros: int
    nan: int
    infinite: int
    histogram: Histogram | None


class ParameterInspected(msgspec.Struct, frozen=True, tag="parameter_inspected"):
    """A parameter's page."""

    id: int
    model: str
    head: Head | None
    name: str
    parameter: Parameter
    origin: Literal["checkpoint", "random"]
    """Whether its numbers were read from a file, or are newly initialised."""
    figures: Figures


# --- saving -----------------------------------------------------------------------------------


class SaveModel(Errand, frozen=True, kw_only=True, tag="save_model"):
    """`save_pretrained` of model and tokenizer into `folder`, read back and compared.

    Answered by `ModelSaved`; after a failure the folder is as it was.
    """

    folder: str
    """Absolute: the engine's working directory is not the user's."""
    head: Head | None = None
    force: bool = False
    """Whether a checkpoint that stands there may be replaced."""


class SavedFile(msgspec.Struct, frozen=True):
    """A file that appeared, its size in bytes, and what it holds in words."""

    name: str
    bytes: int
    holds: str


class ModelSaved(msgspec.Struct, frozen=True, tag="model_saved"):
    """The folder stands, and what was read back from it equals what was saved."""

    id: int
    model: str
    head: Head | None
    folder: str
    class_name: str
    files: list[SavedFile]
    compared_tensors: int
    """Tensors that were read back and found identical, bit by bit."""
    replaced: bool
    """Whether another checkpoint stood there before."""
    notes: list[str] = []
