"""What `from_pretrained` is to be given for the model that answers."""

from __future__ import annotations

from dataclasses import dataclass

from core.checkpoints import locate
from core.engine.protocol import ModelInfo
from core.errors import ModelError

WITHHELD = "made, but not passed on: this model takes none"
"""Of what its tokenizer makes and a model has no use for."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A name on the Hub or a folder, and what a reader should know of it."""

    name: str
    note: str = ""


def takes_token_types(info: ModelInfo | None) -> bool:
    """Whether the model may be given the `token_type_ids` that its tokenizer makes."""
    return info is None or "token_type_ids" not in info.withheld


def checkpoint_of(info: ModelInfo) -> Checkpoint:
    """Where Python finds the weights and the tokenizer of a loaded model."""
    try:
        kind = locate(info.name).kind
    except ModelError as error:
        return Checkpoint(info.folder, f"The model cannot be found any more: {error}")
    if kind == "hub":
        return Checkpoint(info.name)
    if kind == "embedded":
        note = f"{info.name} is embedded in Termformer; this is the folder it is put together in."
        return Checkpoint(info.folder, note)
    return Checkpoint(info.folder)
