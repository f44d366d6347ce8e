"""Files and folders that are whole or absent, even after a power cut."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_atomic(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replaces `path` by `data` in one step: readers see the old file or the new one.

    Written beside, flushed to the disk, renamed. Raises `OSError` (a full disk, a read-only
    folder) with the old file untouched and nothing left beside it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    sync_directory(path.parent)


def write_folder(target: Path, write: Callable[[Path], None], *, replace: bool = False) -> None:
    """Lets `write` fill a folder beside `target`, flushes it to the disk, and renames it.

    With `replace`, a folder that stands at `target` gives way in the same moment. Whatever
    `write` or the disk raises comes through, with `target` as it was and nothing left beside it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    try:
        write(part)
        for file in part.rglob("*"):
            if file.is_file():
                sync_file(file)
        sync_directory(part)
        if replace and target.exists():
            _exchange(part, target)
        else:
            part.rename(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    sync_directory(target.parent)


def _exchange(part: Path, target: Path) -> None:
    """Puts `part` in the place of `target`, which is removed."""
    outdated = part.with_suffix(".outdated")
    target.rename(outdated)
    try:
        part.rename(target)
    except BaseException:
        outdated.rename(target)
        raise
    shutil.rmtree(outdated, ignore_errors=True)


def sync_file(file: Path) -> None:
    """Makes what was written to `file` survive a power cut."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def sync_directory(folder: Path) -> None:
    """Makes renames inside `folder` survive a power cut, where the file system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def private_directory(folder: Path) -> Path:
    """Creates `folder` (and its parents), readable by its owner only."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(OSError):
        folder.chmod(0o700)
    return folder
