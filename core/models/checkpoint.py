"""From a model's name to a folder on this machine that transformers can load."""

from __future__ import annotations

from pathlib import Path

from core.checkpoints import MINI_BASE, Location, has_weights, locate, missing_shards
from core.errors import ModelError
from core.models.failures import remedy
from core.models.hub import Progress, has_tokenizer
from core.random_models import base_of


def _silent(_stage: str, _done: int | None, _total: int | None) -> None: ...


def resolve(
    name: str, progress: Progress | None = None, *, weights: bool = True, tokenizer: bool = True
) -> Path:
    """A local folder with config, weights and tokenizer for the model called `name`.

    Assembles an embedded model and fetches one from the Hub where that has not been done yet;
    `progress` is told what happens. With `weights=False` config and tokenizer suffice, and a
    tokenizer without a model is its folder or file. With `tokenizer=False` there may be none:
    only text needs it. Raises `ModelError`.
    """
    location = locate(name)
    progress = progress or _silent
    if location.kind == "random":
        if weights:
            raise ModelError(
                "other",
                f"{name} is built with random weights and has no folder: save it first with "
                "`termformer model --from-config --save DIR`.",
            )
        return resolve(base_of(name), progress, weights=False, tokenizer=tokenizer)
    if location.kind == "tokenizer":
        assert location.folder is not None
        if weights:
            raise _no_model(location)
        return location.folder
    if location.kind == "embedded":
        from core.models import mini

        # The two share one tokenizer; the encoder alone is made without torch.
        return mini.assemble(location.name if weights else MINI_BASE, progress)
    if location.kind == "hub":
        from core.models import hub

        folder = hub.snapshot(location.name, progress, weights=weights, tokenizer=tokenizer)
    else:
        assert location.folder is not None
        folder = location.folder
    _require_config(folder, location.name)
    if weights:
        _require_weights(folder, location.name)
    if tokenizer and not has_tokenizer(folder):
        raise ModelError(
            "no_tokenizer",
            f"{location.name} brings no tokenizer (no tokenizer.json or vocabulary), so no text "
            "can go through it: save one beside it with tokenizer.save_pretrained, or choose "
            "another model. The Model pane and `termformer model` show it all the same.",
        )
    return folder


def resolve_config(name: str, progress: Progress | None = None) -> Path:
    """A local folder with at least the config of `name`; fetches nothing else. As `resolve`."""
    location = locate(name)
    if location.kind == "random":
        return resolve_config(base_of(name), progress)
    if location.kind == "embedded":
        return resolve(name, progress)
    if location.kind == "tokenizer":
        raise _no_model(location)
    folder = location.folder
    if folder is None:
        from core.models import hub

        folder = hub.config_folder(location.name, progress or _silent)
    _require_config(folder, location.name)
    return folder


def _no_model(location: Location) -> ModelError:
    """A tokenizer is all that can be read there, though weights may lie beside it."""
    assert location.folder is not None
    if has_weights(location.folder):
        return ModelError(
            "not_found",
            f"{location.name} holds weights and a tokenizer, and no config.json, which says what "
            "the weights are of: copy that of the model there, too.",
        )
    return ModelError(
        "not_found",
        f"{location.name} is a tokenizer without a model, so there are no weights: choose a model.",
    )


def _require_config(folder: Path, name: str) -> None:
    if not (folder / "config.json").is_file():
        raise ModelError(
            "not_found", f"{name} holds no config.json, so it is not a transformers checkpoint."
        )


def _require_weights(folder: Path, name: str) -> None:
    if has_weights(folder):
        return
    missing, index = missing_shards(folder)
    if missing:
        others = len(missing) - 1
        more = f" and {others} more file{'s' if others > 1 else ''}" if others else ""
        raise ModelError(
            "not_found",
            f"The weights of {name} are incomplete: {missing[0]}{more}, which {index} lists, "
            f"{'are' if more else 'is'} missing. {remedy(name)}",
        )
    raise ModelError(
        "not_found",
        f"{name} holds no weights (model.safetensors or pytorch_model.bin): its structure can be "
        "seen from its config alone.",
    )
