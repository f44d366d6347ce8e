"""Checkpoints and the final model: whole or absent, whatever happens while they are written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, get_peft_model_state_dict

from core.durable import sync_directory
from core.errors import RunError
from core.models.failures import disk_failure
from core.runs.folder import ADAPTER, CHECKPOINTS, MODEL
from core.training.loop import TrainingLoop
from core.training.model import merged
from core.training.randomness import random_state, random_state_kept

STATE = "training_state.pt"
"""Beside the weights: all else it takes to go on exactly where the checkpoint was saved."""


def save_checkpoint(run: Path, loop: TrainingLoop, tokenizer: Any) -> str:
    """Saves `checkpoints/step-N`, an ordinary checkpoint folder with `training_state.pt`.

    Returns its path relative to the run's folder; one that stands already is kept. Training's
    random state is left as it is. Raises `RunError` with nothing half-written left.
    """
    state = {
        "global_step": loop.global_step,
        "random": random_state(),
        "optimizer": loop.optimizer.state_dict(),
        "lr_scheduler": loop.lr_scheduler.state_dict(),
        # Merging rounds: what is trained is kept as it is.
        "adapter": get_peft_model_state_dict(loop.model)
        if isinstance(loop.model, PeftModel)
        else None,
    }

    def write(folder: Path) -> None:
        _save_model(folder, loop.model, tokenizer)
        torch.save(state, folder / STATE)

    name = f"step-{loop.global_step}"
    target = run / CHECKPOINTS / name
    if not target.exists():
        with random_state_kept():
            _write_folder(target, write)
    return f"{CHECKPOINTS}/{name}"


def save_final(run: Path, loop: TrainingLoop, tokenizer: Any) -> str:
    """Saves `model/` and, of a LoRA run, `adapter/` beside it; returns the model's path.

    Raises `RunError` with nothing half-written left.
    """
    if isinstance(loop.model, PeftModel):
        _write_folder(
            run / ADAPTER,
            lambda folder: loop.model.save_pretrained(folder, save_embedding_layers=False),
        )
    _write_folder(run / MODEL, lambda folder: _save_model(folder, loop.model, tokenizer))
    return MODEL


def _save_model(folder: Path, model: Any, tokenizer: Any) -> None:
    merged(model).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _write_folder(target: Path, write: Callable[[Path], None]) -> None:
    """Lets `write` fill a folder beside `target`, makes it durable, and renames it."""
    part = target.with_name(f".{target.name}.part")
    try:
        # Left by a worker that was killed.
        if part.exists():
            shutil.rmtree(part)
        part.mkdir(parents=True, mode=0o700)
        write(part)
        for file in part.rglob("*"):
            if file.is_file():
                _sync(file)
        sync_directory(part)
        part.rename(target)
        sync_directory(target.parent)
    except Exception as error:
        shutil.rmtree(part, ignore_errors=True)
        reason = disk_failure(error, target.name)
        said = str(reason) if reason else f"{target.name} could not be saved: {error}."
        raise RunError(said) from error


def _sync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
