"""Starting a run's worker: a process of its own, which outlives whoever started it.

Several processes are started by torch's or accelerate's launcher, which is then the worker's
parent; nothing of ours replaces it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

import msgspec

from core import paths
from core.durable import private_directory
from core.environment import child_environment
from core.errors import RunError
from core.runs.config import RunConfig, read_config, write_config
from core.runs.events import RunStopped
from core.runs.folder import EVENTS, WORKER_LOG, settled
from core.runs.log import EventWriter
from core.runs.process import (
    ProcessRecord,
    has_worker,
    host,
    is_alive,
    read_process,
    write_process,
)
from core.runs.requests import Stop, post_request, remove_request, waiting_requests
from core.runs.status import STALLED_AFTER, run_status

WORKER = "core.training.worker"
RESUME = "--resume"
TAKE_PART = "--take-part"
_KEPT_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 32),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 34),
}
"""glibc would give large tensors back to the system and fetch them anew at each step: 10,000 page
faults, a tenth of MiniLM's time. What was freed is used again instead."""
_PATIENCE = 60.0
"""Seconds for a process to be gone: on a slow machine a large memory is not cleared sooner."""
_POLL = 0.05


def start_run(config: RunConfig, folder: Path) -> int:
    """Starts the worker of the run in `folder` (made by `create_run`) and returns its pid.

    A `config` that differs from the folder's `config.json` replaces it. The worker has no
    terminal, writes to `worker.log`, and goes on when this process ends. Of several processes the
    pid is their launcher's. Raises `RunError` where the run was begun already or no process can
    be started.
    """
    folder = folder.absolute()
    _require_no_worker(folder)
    if _was_begun(folder):
        raise RunError(f"The run {folder.name} was begun before; resume it, or start a new run.")
    try:
        private_directory(folder)
        config = settled(config, folder)
        write_config(folder, config)
    except OSError as error:
        raise _not_started(folder, error) from error
    return _start(config, folder).pid


def resume_run(folder: Path) -> int:
    """Starts a worker that goes on with the run in `folder`, and returns its pid.

    It goes on from the last checkpoint; without one from the start. A run that was never begun is
    begun. Raises `RunError` where the run is finished or has a worker.
    """
    folder = folder.absolute()
    config = read_config(folder)
    if run_status(folder).status == "finished":
        raise RunError(f"The run {folder.name} is finished: there is nothing left to resume.")
    _require_no_worker(folder)
    # What the worker before did not live to do was wished of that one.
    for posted in waiting_requests(folder):
        remove_request(posted)
    return _start(config, folder, *([RESUME] if _was_begun(folder) else [])).pid


def stop_run(folder: Path) -> str:
    """Asks the run's worker for a stop; returns the id that its last word will carry.

    A launcher that still waits for other machines reads no requests: it is ended here, and the log
    says so. Raises `RunError` as `post_request` does, or where the launcher does not end.
    """
    launcher = _waiting_launcher(folder)
    if launcher is None:
        return post_request(folder, Stop())
    with contextlib.suppress(ProcessLookupError):
        os.kill(launcher.pid, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE
    while is_alive(launcher):
        if time.monotonic() > deadline:
            raise RunError(f"The launcher of {folder.name}, process {launcher.pid}, does not end.")
        time.sleep(_POLL)
    status = run_status(folder)
    stopped = RunStopped(
        global_step=status.global_step,
        reason="Stopped before its machines had met.",
        path=None,
        request=uuid.uuid4().hex[:12],
    )
    if status.status == "crashed":  # Else a worker began meanwhile, and got the signal.
        writer = EventWriter(folder / EVENTS)
        try:
            writer.append(stopped)
        finally:
            writer.close()
    return str(stopped.request)


def _waiting_launcher(folder: Path) -> ProcessRecord | None:
    """The process that is to start the run's workers, where none of them has begun."""
    record = read_process(folder)
    if record is None or record.launcher is not None or not has_worker(record, folder):
        return None
    config = read_config(folder)
    is_launcher = config.config_file is not None or config.num_processes > 1
    return record if is_launcher else None


def take_part(config: RunConfig) -> tuple[subprocess.Popen[bytes], Path]:
    """Starts this machine's processes of a run that another machine has.

    Returns their launcher, and the folder in which their `worker.log` is. Raises `RunError`.
    """
    try:
        parts = private_directory(paths.state_dir() / "parts")
        part = Path(tempfile.mkdtemp(prefix="part-", dir=parts))
        write_config(part, msgspec.structs.replace(config, name=part.name))
    except OSError as error:
        raise RunError(f"This machine cannot take part: {error}.") from error
    return _start(config, part, TAKE_PART), part


def worker_environment(config: RunConfig) -> dict[str, str]:
    """What a worker finds in its environment."""
    # Safe paths, here and in what a launcher starts: a file of the user's, such as datasets.py,
    # must not stand in for a library.
    environment = {**child_environment(), "PYTHONSAFEPATH": "1"}
    # What the user set stays; --plain is as the course has it.
    return environment if config.plain else {**_KEPT_MEMORY, **environment}


def _require_no_worker(folder: Path) -> None:
    record = read_process(folder)
    # One that has said its last word needs a moment to be gone.
    deadline = time.monotonic() + _PATIENCE
    while (
        has_worker(record, folder)
        and not run_status(folder).is_live
        and time.monotonic() < deadline
    ):
        time.sleep(_POLL)
    if has_worker(record, folder):
        raise RunError(f"The run {folder.name} has a worker already.")
    if record is None or record.host == host():
        return
    # A folder that two machines share: the other one's processes cannot be seen from here.
    status = run_status(folder)
    age = status.last_event_age
    if status.status == "crashed" and age is not None and age < STALLED_AFTER:
        raise RunError(
            f"The run {folder.name} gave a sign of life on {record.host} {age:.0f} seconds ago; "
            f"if it is dead there, try again in {STALLED_AFTER - age:.0f} seconds."
        )


def _was_begun(folder: Path) -> bool:
    return (folder / EVENTS).exists() and (folder / EVENTS).stat().st_size > 0


def _start(config: RunConfig, folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    since = time.time()
    try:
        with (folder / WORKER_LOG).open("ab") as log:
            (folder / WORKER_LOG).chmod(0o600)
            process = subprocess.Popen(
                [sys.executable, "-P", *_command(config), str(folder), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env=worker_environment(config),
                start_new_session=True,
            )
    except OSError as error:
        raise _not_started(folder, error) from error
    # Whoever starts a process must see it off, or it stays a zombie.
    threading.Thread(target=process.wait, name=f"worker-{process.pid}", daemon=True).start()
    try:
        # The worker itself may have written it by now, or another one, who came first.
        if not has_worker(read_process(folder), folder):
            write_process(folder, process.pid, since=since)
    except OSError as error:
        process.kill()
        raise _not_started(folder, error) from error
    return process


def _not_started(folder: Path, error: OSError) -> RunError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return RunError(
            f"The disk is full, so the run {folder.name} could not be started: make room and try "
            "again. What was there before is kept."
        )
    return RunError(f"The run {folder.name} could not be started: {error.strerror or error}.")


def _command(config: RunConfig) -> list[str]:
    """What Python is to run: the worker, or a launcher that runs it several times."""
    if config.config_file is not None:
        # accelerate's file says how many machines and GPUs, and how they find each other.
        launcher = ["accelerate.commands.launch", "--config_file", config.config_file]
        return ["-m", *launcher, "--module", WORKER]
    if config.num_processes > 1:
        # accelerate's own launcher would start one process on a CPU, and say nothing
        # (huggingface/accelerate#2741).
        launcher = ["torch.distributed.run", "--nproc-per-node", str(config.num_processes)]
        # Any free port: two runs on one machine must not meet.
        return ["-m", *launcher, "--standalone", "--module", WORKER]
    return ["-m", WORKER]
