"""A full disk pauses a run, which then goes on as if there had always been room."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import msgspec
import psutil
import pytest

from core.errors import RunError
from core.runs import launch
from core.runs.config import RunConfig
from core.runs.events import (
    Event,
    Heartbeat,
    Paused,
    Resumed,
    RunFinished,
    RunStopped,
    Step,
    Warned,
)
from core.runs.folder import EVENTS, create_run, saved_steps
from core.runs.launch import resume_run, start_run
from core.runs.log import EventReader
from core.runs.requests import Pause, Resume, SaveCheckpoint, Stop, post_request
from core.runs.status import run_status
from core.training.journal import Journal
from core.training.worker import Worker

PATIENCE = 120.0


def _events(folder: Path) -> list[Event]:
    return [event for batch in EventReader(folder / EVENTS).drain() for event in batch.events]


def _curve(folder: Path) -> list[tuple[int, object]]:
    return [(event.global_step, event.loss) for event in _events(folder) if isinstance(event, Step)]


@contextlib.contextmanager
def _no_room_for_a_model() -> Iterator[None]:
    """What is started meanwhile writes no file of more than 200 kB, until it is allowed to."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


def _count(folder: Path, kind: type[Event]) -> int:
    return sum(isinstance(event, kind) for event in _events(folder))


def _until(reached: Callable[[], bool], folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, run_status(folder)
        time.sleep(0.01)


def test_a_log_without_room_says_so_in_its_reserve_and_loses_no_step(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, folder = create_run(config), create_run(config)
    Worker(reference).run()
    append, write = Journal.append, os.write
    is_full = threading.Event()

    def filling(self: Journal, event: Event) -> None:
        if isinstance(event, Step) and event.global_step == 5:
            is_full.set()
        append(self, event)

    def refusing(descriptor: int, data: bytes) -> int:
        if is_full.is_set() and (folder / ".reserve").exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data)

    monkeypatch.setattr(Journal, "append", filling)
    monkeypatch.setattr(os, "write", refusing)

    def make_room() -> None:
        paused = []
        while not paused and not over.wait(0.01):
            paused = [event for event in _events(folder) if isinstance(event, Paused)]
        is_full.clear()
        post_request(folder, Resume())
        # A run that pauses once more would wait for ever.
        if not over.wait(PATIENCE):
            post_request(folder, Stop())

    over = threading.Event()
    helper = threading.Thread(target=make_room)
    helper.start()
    Worker(folder).run()
    over.set()
    helper.join()
    events = _events(folder)
    kinds = [type(event) for event in events]
    at = kinds.index(Warned)
    assert kinds[at : at + 3] == [Warned, Paused, Resumed]
    warned = events[at]
    assert isinstance(warned, Warned)
    assert warned.message.startswith("The disk is full. The run is paused")
    assert isinstance(events[-1], RunFinished)
    assert _curve(folder) == _curve(reference)
    assert [event.seq for event in events] == list(range(len(events)))
    assert not (folder / ".reserve").exists()


@pytest.mark.slow
def test_a_checkpoint_without_room_pauses_the_run_until_there_is_some(config: RunConfig) -> None:
    """A limit on file sizes stands in for the disk: the log fits, a model does not."""
    config = msgspec.structs.replace(config, epochs=100_000, max_steps=40, save_steps=10)
    reference, folder = create_run(config), create_run(config)
    Worker(reference).run()
    with _no_room_for_a_model():
        pid = start_run(config, folder)
    _until(lambda: run_status(folder).status in {"paused", "failed"}, folder)
    words = [event for event in _events(folder) if not isinstance(event, Heartbeat)]
    warned, paused = words[-2:]
    assert isinstance(warned, Warned)
    assert isinstance(paused, Paused)
    # What is to be done is said once.
    assert warned.message == (
        f"The disk is full: step-{paused.global_step} could not be written. The run is paused; "
        "all that it has learned and saved is kept: make room, then resume it."
    )
    assert saved_steps(folder) == []
    asked = post_request(folder, SaveCheckpoint())
    _until(
        lambda: any(getattr(event, "request", None) == asked for event in _events(folder)), folder
    )
    assert run_status(folder).status == "paused"
    limits = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    psutil.Process(pid).rlimit(psutil.RLIMIT_FSIZE, limits)
    post_request(folder, Resume())
    _until(lambda: not run_status(folder).is_live, folder)
    assert isinstance(_events(folder)[-1], RunFinished)
    assert _curve(folder) == _curve(reference)
    assert not list((folder / "checkpoints").glob(".*"))


@pytest.mark.slow
def test_a_run_that_stops_on_a_full_disk_keeps_its_last_checkpoint(config: RunConfig) -> None:
    config = msgspec.structs.replace(config, epochs=100_000, max_steps=120, save_steps=10)
    reference, folder = create_run(config), create_run(config)
    Worker(reference).run()
    # It stands still, with a checkpoint, while its disk gets full.
    for request in (SaveCheckpoint(), Pause()):
        post_request(folder, request)
    pid = start_run(config, folder)
    _until(lambda: _count(folder, Paused) == 1, folder)
    psutil.Process(pid).rlimit(psutil.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    post_request(folder, Resume())
    _until(lambda: _count(folder, Paused) == 2, folder)
    kept = saved_steps(folder)
    post_request(folder, Stop())
    _until(lambda: not run_status(folder).is_live, folder)
    stopped = _events(folder)[-1]
    assert isinstance(stopped, RunStopped)
    assert stopped.path == f"checkpoints/step-{kept[0]}"
    assert not stopped.is_saved
    assert stopped.reason == (
        f"Stopped by request. The disk is full, so step {stopped.global_step} could not be saved. "
        f"The newest checkpoint is {stopped.path}."
    )
    assert run_status(folder).status == "stopped"
    assert saved_steps(folder) == kept
    resume_run(folder)
    _until(lambda: run_status(folder).status == "finished", folder)
    assert _curve(folder) == _curve(reference)


def test_a_worker_without_room_for_its_first_words_says_so_and_removes_nothing(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = create_run(config)
    fsync = os.fsync

    def refusing(descriptor: int) -> None:
        if (folder / ".reserve").exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", refusing)
    assert Worker(folder).run() is False
    status = run_status(folder)
    assert status.status == "failed"
    assert status.message.startswith("The disk is full: make room, then resume the run.")
    # What there was of the reserve does not take the last words' room.
    assert not (folder / ".reserve").exists()
    monkeypatch.setattr(os, "fsync", fsync)
    assert Worker(folder, resume=True).run()
    assert run_status(folder).status == "finished"


def test_a_start_without_room_is_refused_in_words_and_leaves_no_process(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = create_run(config)
    started: list[subprocess.Popen[bytes]] = []

    def begin(*_: object, **__: object) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        started.append(process)
        return process

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(launch, "subprocess", SimpleNamespace(Popen=begin, DEVNULL=None))
    monkeypatch.setattr(launch, "write_process", refuse)
    with pytest.raises(RunError, match=r"^The disk is full, so the run .* make room"):
        resume_run(folder)
    (process,) = started
    assert process.wait(PATIENCE) != 0
