"""Checkpoints and the final model: whole or absent, whatever happens while they are written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from core.durable import write_folder
from core.errors import RunError
from core.models.failures import disk_failure, is_disk_full
from core.runs.folder import ADAPTER, CHECKPOINTS, MODEL, saved_steps
from core.training.failures import DiskFullError
from core.training.loop import TrainingLoop
from core.training.model import is_adapted, merged
from core.training.randomness import RandomState, random_state_kept, restore_random_state

STATE = "training_state.pt"
"""Beside the weights: all else it takes to go on exactly where the checkpoint was saved."""
KEEP = ".keep"
"""A checkpoint with this file in it is never removed."""
_POSITION = ("global_step", "evaluated_step", "best_step", "best_loss", "evaluations_since_best")


def save_checkpoint(
    run: Path, loop: TrainingLoop, tokenizer: Any, random: list[RandomState], *, keep: bool = False
) -> str:
    """Saves `checkpoints/step-N`, an ordinary checkpoint folder with `training_state.pt`.

    Returns its path relative to the run's folder; one that stands already is kept. `random` are
    the random states of all processes, by rank. Training's own is left as it is. Raises
    `RunError` with nothing half-written left.
    """
    model = loop.accelerator.unwrap_model(loop.model)
    state = {
        "position": {name: getattr(loop, name) for name in _POSITION},
        "random": random,
        "optimizer": loop.optimizer.state_dict(),
        "lr_scheduler": loop.lr_scheduler.state_dict(),
        # Merging rounds: what is trained is kept as it is.
        "adapter": _adapter_weights(model),
    }

    def write(folder: Path) -> None:
        _save_model(folder, model, tokenizer)
        # Through Python's own file: torch's would not say that a disk is full.
        with (folder / STATE).open("wb") as file:
            torch.save(state, file)

    target = run / CHECKPOINTS / f"step-{loop.global_step}"
    if not target.exists():
        with random_state_kept():
            _write_folder(target, write)
    if keep:
        (target / KEEP).touch()
    return f"{CHECKPOINTS}/{target.name}"


def restore_checkpoint(folder: Path, loop: TrainingLoop, rank: int = 0) -> None:
    """Puts `loop` and this process's random state where the checkpoint in `folder` was saved.

    The weights must be loaded already, but for those of an adapter. Raises `RunError` where the
    state is missing, damaged, or another run's.
    """
    try:
        state = torch.load(folder / STATE, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise damaged_checkpoint(folder, f"{STATE} is missing") from error
    except Exception as error:
        if _is_no_damage(error):
            raise
        raise damaged_checkpoint(folder, f"{STATE} cannot be read") from error
    try:
        if state["adapter"] is not None:
            from peft import set_peft_model_state_dict

            set_peft_model_state_dict(loop.accelerator.unwrap_model(loop.model), state["adapter"])
        loop.optimizer.load_state_dict(state["optimizer"])
        loop.lr_scheduler.load_state_dict(state["lr_scheduler"])
        for name in _POSITION:
            setattr(loop, name, state["position"][name])
        restore_random_state(state["random"][rank])
    except Exception as error:
        if _is_no_damage(error):
            raise
        raise damaged_checkpoint(folder, f"{STATE} does not fit the run") from error


def _is_no_damage(error: Exception) -> bool:
    """Whether the file may be whole all the same: nobody is then to remove it."""
    return isinstance(error, OSError | MemoryError) or "memory" in str(error)


def damaged_checkpoint(folder: Path, why: str) -> RunError:
    """That a run cannot go on from the checkpoint in `folder`, and from which it still can."""
    run, damaged = folder.parent.parent, int(folder.name.removeprefix("step-"))
    older = [step for step in saved_steps(run) if step < damaged]
    onward = f"from step-{older[0]}, the one before" if older else "from the start: it has no other"
    return RunError(
        f"The checkpoint {folder} is damaged: {why}. Remove this folder and resume {run.name}, "
        f"and it goes on {onward}."
    )


def prune_checkpoints(run: Path, best_step: int, limit: int) -> None:
    """Removes checkpoints but for the newest `limit`, the best, and those that were asked for.

    To be called after a new one is durable. Raises `OSError`.
    """
    folders = {step: run / CHECKPOINTS / f"step-{step}" for step in saved_steps(run)}
    # Those that were asked for take up no place of the others.
    own = [step for step, folder in folders.items() if not (folder / KEEP).exists()]
    for step in own[limit:]:
        if step != best_step:
            folder = folders[step]
            # Out of the way at once: half a folder must never look like a whole one.
            gone = folder.with_name(f".{folder.name}.gone")
            folder.rename(gone)
            shutil.rmtree(gone)


def clear_remains(run: Path) -> None:
    """Removes what a killed worker was writing or removing."""
    for place in (run, run / CHECKPOINTS):
        for pattern in (".*.part", ".*.gone"):
            for left in place.glob(pattern):
                shutil.rmtree(left, ignore_errors=True)


def save_final(run: Path, loop: TrainingLoop, tokenizer: Any) -> str:
    """Saves `model/` and, of a LoRA run, `adapter/` beside it; returns the model's path.

    Raises `RunError` with nothing half-written left.
    """
    model = loop.accelerator.unwrap_model(loop.model)
    if is_adapted(model):
        _write_folder(
            run / ADAPTER,
            lambda folder: model.save_pretrained(folder, save_embedding_layers=False),
        )
    _write_folder(run / MODEL, lambda folder: _save_model(folder, model, tokenizer))
    return MODEL


def _adapter_weights(model: Any) -> dict[str, torch.Tensor] | None:
    if not is_adapted(model):
        return None
    from peft import get_peft_model_state_dict

    weights: dict[str, torch.Tensor] = get_peft_model_state_dict(model)
    return weights


def _save_model(folder: Path, model: Any, tokenizer: Any) -> None:
    merged(model).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _write_folder(target: Path, write: Callable[[Path], None]) -> None:
    """`write_folder`, which says in a `RunError` what went wrong.

    A `target` that was written before is kept: the run got that far, and was killed then.
    """
    if target.exists():
        return
    try:
        write_folder(target, write)
    except Exception as error:
        reason = disk_failure(error, target.name)
        said = str(reason) if reason else f"{target.name} could not be saved: {error}."
        raise (DiskFullError if is_disk_full(error) else RunError)(said) from error
