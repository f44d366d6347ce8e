"""What `from_pretrained` is to be given for the model that answers."""

from __future__ import annotations

from core.checkpoints import embedded_folder, locate
from core.engine.protocol import ModelInfo
from core.errors import ModelError
from core.random_models import random_model
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
