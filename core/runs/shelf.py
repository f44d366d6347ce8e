"""Runs under another name, in the trash, and out of it: the folder moves, nothing is copied."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec

from core import paths
from core.checkpoints import is_run
from core.durable import private_directory, sync_directory
from core.errors import RunError
from core.runs.config import read_config, write_config
from core.runs.folder import NAMES, is_name
from core.runs.status import run_status

TRASH = ".trash"
"""Inside the runs folder, so that a run gets there by a rename; its name is no run's."""


def trash_dir() -> Path:
    """Where runs are that were deleted."""
    return paths.runs_dir() / TRASH


def rename_run(folder: Path, name: str) -> Path:
    """Gives a run another name, and its folder too; returns the new folder. Raises `RunError`."""
    _require_at_rest(folder, "renamed")
    if not is_name(name):
        raise RunError(f"{name!r} cannot name a run. {NAMES}")
    target = folder.parent / name
    if target == folder:
        return folder
    if target.exists():
        raise RunError(f"There is a run named {name} already; choose another name.")
    _move(folder, target)
    _tell_name(target)
    return target


def delete_run(folder: Path) -> Path:
    """Moves a run to the trash, from where `restore_run` takes it; returns where it is now.

    Raises `RunError` where it goes on, or stands outside the runs folder.
    """
    _require_at_rest(folder, "deleted")
    if folder.parent != paths.runs_dir():
        raise RunError(f"{folder} is not in the runs folder: remove the folder yourself.")
    try:
        private_directory(trash_dir())
    except OSError as error:
        raise RunError(f"There is no trash: {error.strerror or error}.") from error
    target = _free(trash_dir(), folder.name)
    _move(folder, target)
    return target


def list_trash() -> list[Path]:
    """The runs in the trash, the one that was deleted last first."""
    try:
        folders = [folder for folder in trash_dir().iterdir() if is_run(folder)]
    except OSError:
        return []
    # A rename changes the folder's own entry, and nothing changes it afterwards.
    return sorted(folders, key=lambda folder: (_moved(folder), folder.name), reverse=True)


def restore_run(name: str) -> Path:
    """Takes the run called `name` out of the trash; returns where it is now. Raises `RunError`.

    Where another run has its name by now, it comes back under a longer one.
    """
    folder = find_in_trash(name)
    target = _free(paths.runs_dir(), folder.name)
    _move(folder, target)
    _tell_name(target)
    return target


def erase_run(name: str) -> None:
    """Removes a run from the trash, for good. Raises `RunError`."""
    folder = find_in_trash(name)
    try:
        shutil.rmtree(folder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunError(f"{name} could not be removed from the trash: {reason}.") from error


def find_in_trash(name: str) -> Path:
    """The folder of a deleted run; raises `RunError` with the names that there are."""
    names = [folder.name for folder in list_trash()]
    if name not in names:
        listed = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        there = f"In the trash: {listed}." if names else "The trash is empty."
        raise RunError(f"There is no run {name!r} in the trash. {there}")
    return trash_dir() / name


def _require_at_rest(folder: Path, done: str) -> None:
    status = run_status(folder)
    if status.is_live:
        raise RunError(f"{folder.name} is {status.status}: stop it first, then it can be {done}.")


def _free(parent: Path, name: str) -> Path:
    target, number = parent / name, 2
    while target.exists():
        target, number = parent / f"{name}-{number}", number + 1
    return target


def _move(folder: Path, target: Path) -> None:
    try:
        folder.rename(target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunError(f"The run {folder.name} could not be moved: {reason}.") from error
    sync_directory(folder.parent)
    sync_directory(target.parent)


def _tell_name(folder: Path) -> None:
    """The name in its configuration too, where that can be read; the folder's is what counts."""
    try:
        config = read_config(folder)
        if config.name != folder.name:
            # When the configuration was written is when the run was made: that stays.
            made = (folder / "config.json").stat()
            write_config(folder, msgspec.structs.replace(config, name=folder.name))
            os.utime(folder / "config.json", ns=(made.st_atime_ns, made.st_mtime_ns))
    except (RunError, OSError):
        return


def _moved(folder: Path) -> float:
    try:
        return folder.stat().st_ctime
    except OSError:
        return 0.0
