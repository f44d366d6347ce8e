"""Starting a run's worker: a process of its own, which outlives whoever started it."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from core.durable import private_directory
from core.environment import child_environment
from core.errors import RunError
from core.runs.config import RunConfig, write_config
from core.runs.folder import EVENTS, WORKER_LOG, settled
from core.runs.process import PROCESS, is_alive, read_process, write_process

WORKER = "core.training.worker"


def start_run(config: RunConfig, folder: Path) -> int:
    """Starts the worker of the run in `folder` (made by `create_run`) and returns its pid.

    A `config` that differs from the folder's `config.json` replaces it. The worker has no
    terminal, writes to `worker.log`, and goes on when this process ends. Raises `RunError` where
    the run was begun already or no process can be started.
    """
    folder = folder.absolute()
    if is_alive(read_process(folder)):
        raise RunError(f"The run {folder.name} has a worker already.")
    if (folder / EVENTS).exists() and (folder / EVENTS).stat().st_size:
        raise RunError(f"The run {folder.name} was begun before; start a new run.")
    try:
        private_directory(folder)
        write_config(folder, settled(config, folder))
        with (folder / WORKER_LOG).open("ab") as log:
            (folder / WORKER_LOG).chmod(0o600)
            # -P: a file of the user's, such as datasets.py, must not stand in for a library.
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", WORKER, str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env=child_environment(),
                start_new_session=True,
            )
        if not (folder / PROCESS).exists():
            write_process(folder, process.pid)
    except OSError as error:
        raise RunError(f"The run {folder.name} could not be started: {error}.") from error
    # Whoever starts a process must see it off, or it stays a zombie.
    threading.Thread(target=process.wait, name=f"worker-{process.pid}", daemon=True).start()
    return process.pid
