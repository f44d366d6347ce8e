"""One worker a run."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import RunError

_LOCK = "worker.lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the run; the system lets go of it even when the holder is killed."""
    with (folder / _LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunError(f"The run {folder.name} has a worker already.") from error
        # Or a process that prepares data would hold the run when this one was killed.
        os.register_at_fork(after_in_child=file.close)
        yield
