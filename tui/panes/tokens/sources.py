"""What `AutoTokenizer.from_pretrained` is to be given for the tokenizer that is shown."""

from __future__ import annotations

from dataclasses import dataclass

from core.checkpoints import locate, tokenizer_folder
from core.errors import ModelError


@dataclass(frozen=True, slots=True)
class Source:
    """A model's name, what stands for it in Python, and what to say of that."""

    name: str
    checkpoint: str
    note: str = ""


def source_of(name: str) -> Source:
    """Where Python finds the tokenizer of model `name`: a name on the Hub, or a folder."""
    try:
        location = locate(name)
        if location.kind == "hub":
            return Source(name, name)
        if location.kind == "embedded":
            folder = tokenizer_folder(name)
            note = f"{name} is embedded in Termformer; this is the folder its tokenizer is read in."
        else:
            folder = location.folder
            note = f"{name} is a run; this is the folder of what it saved."
            note = note if location.kind == "run" else ""
    except ModelError as error:
        return Source(name, name, f"The model cannot be found any more: {error}")
    return Source(name, str(folder) if folder else name, note)
