"""One worker a run."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from core.errors import RunError
from core.runs.process import is_alive, read_process

_LOCK = "worker.lock"
_PATIENCE = 60.0
"""Seconds for a process to be gone: on a slow machine a large memory is not cleared sooner."""
_POLL = 0.05


@contextmanager
def locked(folder: Path, launcher: int | None = None) -> Iterator[None]:
    """Holds the run; the system lets go of it even when the holder is killed.

    This process may have been started by a `launcher`, which the run's record then may name.
    """
    own = {os.getpid(), launcher}
    with (folder / _LOCK).open("w") as file:
        deadline = time.monotonic() + _PATIENCE
        while not _is_taken(file):
            record = read_process(folder)
            other = record is not None and record.pid not in own and is_alive(record)
            if other or time.monotonic() > deadline:
                raise RunError(f"The run {folder.name} has a worker already.")
            # A killed process is gone at once, and lets go only when its memory is cleared.
            time.sleep(_POLL)
        # Or a process that prepares data would hold the run when this one was killed.
        os.register_at_fork(after_in_child=file.close)
        yield


def _is_taken(file: TextIO) -> bool:
    """Takes the lock, where nobody has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
