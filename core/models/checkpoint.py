"""From a model's name to a folder on this machine that transformers can load."""

from __future__ import annotations

from pathlib import Path

from core.checkpoints import MINI_BASE, locate
from core.errors import ModelError
from core.models.hub import Progress, has_tokenizer, has_weights


def _silent(_stage: str, _done: int | None, _total: int | None) -> None: ...


def resolve(name: str, progress: Progress | None = None, *, weights: bool = True) -> Path:
    """A local folder with config, weights and tokenizer for the model called `name`.

    Assembles an embedded model and fetches one from the Hub where that has not been done yet;
    `progress` is told what happens. With `weights=False` config and tokenizer suffice. Raises
    `ModelError`.
    """
    location = locate(name)
    progress = progress or _silent
    if location.kind == "embedded":
        from core.models import mini

        # The two share one tokenizer; the encoder alone is made without torch.
        return mini.assemble(location.name if weights else MINI_BASE, progress)
    if location.kind == "hub":
        from core.models import hub

        folder = hub.snapshot(location.name, progress, weights=weights)
    else:
        assert location.folder is not None
        folder = location.folder
    _require_whole(folder, location.name, weights=weights)
    return folder


def _require_whole(folder: Path, name: str, *, weights: bool) -> None:
    if not (folder / "config.json").is_file():
        raise ModelError(
            "not_found", f"{name} holds no config.json, so it is not a transformers checkpoint."
        )
    if weights and not has_weights(folder):
        raise ModelError(
            "not_found", f"{name} holds no complete weights (model.safetensors): fetch them again."
        )
    if not has_tokenizer(folder):
        raise ModelError(
            "no_tokenizer",
            f"{name} brings no tokenizer (no tokenizer.json or vocabulary): save one beside it "
            "with tokenizer.save_pretrained, or choose another model.",
        )
