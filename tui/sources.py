"""What `from_pretrained` is to be given: for a tokenizer, and for the model that answers."""

from __future__ import annotations

from dataclasses import dataclass

from core.checkpoints import Location, embedded_folder, locate, tokenizer_folder
from core.engine.protocol import ModelInfo
from core.errors import ModelError
from core.random_models import base_of, random_model
from core.snippets.loading import Checkpoint

WITHHELD = "made, but not passed on: this model takes none"
"""Of what its tokenizer makes and a model has no use for."""


def takes_token_types(info: ModelInfo | None) -> bool:
    """Whether the model may be given the `token_type_ids` that its tokenizer makes."""
    return info is None or "token_type_ids" not in info.withheld


def checkpoint_of(info: ModelInfo) -> Checkpoint:
    """Where Python finds the weights, or for a random model the config, of a loaded model."""
    try:
        twin = random_model(info.name)
        location = locate(twin.base if twin else info.name)
    except ModelError as error:
        return Checkpoint(info.folder, f"The model cannot be found any more: {error}")
    notes = [twin.note] if twin else []
    if location.kind == "hub":
        return Checkpoint(location.name, " ".join(notes), twin)
    folder = info.folder
    if location.kind == "embedded":
        notes.append(
            f"{location.name} is embedded in Termformer; this is the folder it is put together in."
        )
        folder = str(embedded_folder(location.name))
    elif twin and location.folder:
        folder = str(location.folder)
    return Checkpoint(folder, " ".join(notes), twin)


@dataclass(frozen=True, slots=True)
class Source:
    """A model's name, what stands for it in Python, and what to say of that."""

    name: str
    checkpoint: str
    note: str = ""


def source_of(name: str) -> Source:
    """Where Python finds the tokenizer of model `name`: a name on the Hub, or a folder."""
    try:
        location = locate(base_of(name))
        if location.kind == "hub":
            return Source(name, location.name)
        folder, note = _folder(location)
    except ModelError as error:
        return Source(name, name, f"The model cannot be found any more: {error}")
    return Source(name, folder or name, note)


def _folder(location: Location) -> tuple[str, str]:
    """The folder that `AutoTokenizer` reads, and what to say of it."""
    name, own = location.name, location.folder
    read = tokenizer_folder(name) if location.kind in ("embedded", "tokenizer") else own
    found = str(read or own or "")
    if location.kind == "embedded":
        return found, f"{name} is embedded in Termformer; this is the folder its tokenizer is in."
    if location.kind == "run":
        return found, f"{name} is a run; this is the folder of what it saved."
    if read != own:
        # A file, or a vocabulary that does not say whose it is: no folder for `AutoTokenizer`.
        return (
            found,
            f"AutoTokenizer does not read {name}; this is what Termformer makes of it.",
        )
    return found, ""
