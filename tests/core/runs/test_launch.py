"""What keeps a worker from being started; none of these starts one."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import msgspec
import pytest

from core.errors import RunError
from core.runs import launch
from core.runs.config import RunConfig, read_config
from core.runs.events import Event, Paused, RunFinished
from core.runs.folder import EVENTS, create_run
from core.runs.launch import resume_run, start_run
from core.runs.process import PROCESS, record_of, write_process


def begun(*log: Event) -> Path:
    folder = create_run(RunConfig(name="calm-otter", model="mini-base"))
    lines = [msgspec.json.encode(event) + b"\n" for event in log]
    (folder / EVENTS).write_bytes(b"".join(lines))
    return folder


def test_a_finished_run_is_not_resumed() -> None:
    folder = begun(RunFinished(seq=0, time=time.time(), global_step=1, seconds=1.0))
    with pytest.raises(RunError, match="calm-otter is finished: there is nothing left to resume"):
        resume_run(folder)


def test_a_run_is_begun_once() -> None:
    folder = begun(Paused(seq=0, time=time.time(), global_step=1))
    with pytest.raises(RunError, match="calm-otter was begun before; resume it"):
        start_run(read_config(folder), folder)


def test_a_run_has_one_worker() -> None:
    folder = begun(Paused(seq=0, time=time.time(), global_step=1))
    write_process(folder, os.getpid(), since=0.0)
    with pytest.raises(RunError, match="calm-otter has a worker already"):
        resume_run(folder)


@pytest.mark.parametrize(
    ("age", "words"),
    [(5.0, "sign of life on elsewhere .* try again in"), (60.0, "was begun before")],
)
def test_a_worker_on_another_machine_is_waited_for_until_it_was_silent_for_long(
    age: float, words: str
) -> None:
    folder = begun(Paused(seq=0, time=time.time() - age, global_step=1))
    record = record_of(os.getpid())
    assert record is not None
    elsewhere = msgspec.structs.replace(record, host="elsewhere")
    (folder / PROCESS).write_bytes(msgspec.json.encode(elsewhere))
    with pytest.raises(RunError, match=words):
        start_run(read_config(folder), folder)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "The disk is full, so the run calm-otter could not"),
        (errno.EROFS, "Read-only"),
    ],
)
def test_where_nothing_can_be_written_no_run_is_started(
    monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    folder = begun()
    config = read_config(folder)

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(launch, "write_config", refuse)
    with pytest.raises(RunError, match=words):
        start_run(config, folder)
