"""What `from_pretrained` is to be given for the model that answers."""

from __future__ import annotations

from dataclasses import dataclass

from core.checkpoints import locate
from core.engine.protocol import ModelInfo
from core.errors import ModelError


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A name on the Hub or a folder, and what a reader should know of it."""

    name: str
    note: str = ""


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
