"""What `AutoTokenizer.from_pretrained` is to be given for the tokenizer that is shown."""

from __future__ import annotations

from dataclasses import dataclass

from core.checkpoints import Location, locate, tokenizer_folder
from core.errors import ModelError
from core.random_models import base_of


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
