"""Processes on machines that do not have the run: what they are told and sent of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import RunError
from core.models.failures import disk_failure
from core.runs.cluster import Kept, write_kept
from core.runs.config import RunConfig
from core.runs.folder import CHECKPOINTS
from core.runs.process import host
from core.training.ranks import Ranks
from core.training.replay import Replay

_CHUNK = 1 << 25
"""Bytes that are sent at once."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the first process found in the run's folder; `step` is its last checkpoint's, or 0."""

    config: RunConfig
    replay: Replay
    step: int


def meet(found: Found, folder: Path, ranks: Ranks) -> Found:
    """Waits for all processes; what the first one found holds for all.

    Each machine that takes part is told where the run is.
    """
    ranks.join()
    kept = Kept(host(), str(folder))
    found, kept = ranks.agree((found, kept))
    if ranks.takes_part and ranks.is_first_here:
        write_kept(folder, kept)
    return found


def checkpoint_here(folder: Path, step: int, ranks: Ranks) -> Path:
    """The checkpoint of `step` in `folder`; on machines that take part it is a copy."""
    checkpoint = folder / CHECKPOINTS / f"step-{step}"
    if any(ranks.gather(ranks.takes_part)):
        send_folder(checkpoint, checkpoint, ranks)
    return checkpoint


def let_go(checkpoint: Path, ranks: Ranks) -> None:
    """All processes have read `checkpoint`: copies are removed."""
    ranks.wait()
    if ranks.takes_part and ranks.is_first_here:
        shutil.rmtree(checkpoint)


def send_folder(source: Path, target: Path, ranks: Ranks) -> None:
    """Writes the first process's `source` as `target` on each machine that takes part.

    Every process must come here. One process a machine writes; `target` is whole or absent. Raises
    `RunError` in all of them where one cannot write.
    """
    writes = ranks.takes_part and ranks.is_first_here
    part = target.with_name(f".{target.name}.part")
    failure = ""
    if writes:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True, mode=0o700)
    names = ranks.agree([file.name for file in sorted(source.iterdir())] if ranks.is_first else [])
    for name in names:
        for chunk in _chunks(source / name, ranks):
            # Who cannot write hears all the same: the others go on sending.
            if writes and not failure:
                failure = _append(part / name, chunk)
    if writes and not failure:
        part.rename(target)
    if failed := [each for each in ranks.gather(failure) if each]:
        shutil.rmtree(part, ignore_errors=True)
        raise RunError(f"A machine that takes part has not got the checkpoint: {failed[0]}")


def _append(file: Path, chunk: bytes) -> str:
    """Empty, or why it could not be done."""
    try:
        with file.open("ab") as opened:
            opened.write(chunk)
    except OSError as error:
        return str(disk_failure(error, file.name) or f"{file.name} cannot be written: {error}.")
    return ""


def _chunks(file: Path, ranks: Ranks) -> Iterator[bytes]:
    """The first process's `file`, in all processes."""
    opened = file.open("rb") if ranks.is_first else None
    try:
        while chunk := ranks.agree(opened.read(_CHUNK) if opened else b""):
            yield chunk
    finally:
        if opened:
            opened.close()
