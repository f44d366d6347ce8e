"""One worker a run, and the next one as soon as the one before is gone."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

import psutil
import pytest

from core.errors import RunError
from core.runs.process import write_process
from core.training.lock import locked


@pytest.mark.parametrize("is_launched", [False, True])
def test_the_lock_of_a_process_that_is_gone_is_waited_for(
    tmp_path: Path, is_launched: bool
) -> None:
    launcher = os.getppid() if is_launched else None
    if is_launched:
        # Whoever starts several processes writes of their launcher first.
        write_process(tmp_path, launcher)
    with (tmp_path / "worker.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        let_go = threading.Event()

        def end() -> None:
            let_go.set()
            fcntl.flock(file, fcntl.LOCK_UN)

        threading.Timer(0.2, end).start()
        with locked(tmp_path, launcher):
            assert let_go.is_set()


def test_a_living_worker_is_not_waited_for(tmp_path: Path) -> None:
    write_process(tmp_path, psutil.Process().ppid())
    with (tmp_path / "worker.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(RunError, match="has a worker already"), locked(tmp_path):
            pass
