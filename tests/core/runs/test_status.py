"""A run's status: its last lifecycle event, and whether its process lives."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import msgspec
import pytest

from core.errors import RunError
from core.runs import launch
from core.runs import status as status_module
from core.runs.config import RunConfig
from core.runs.events import (
    CheckpointSaved,
    Evaluation,
    Event,
    Heartbeat,
    Paused,
    Progress,
    Resumed,
    RunFailed,
    RunFinished,
    RunResumed,
    RunStarted,
    RunStopped,
    Step,
    Warned,
    number,
)
from core.runs.folder import EVENTS, create_run
from core.runs.launch import resume_run
from core.runs.log import EventWriter
from core.runs.process import PROCESS, read_process, write_process
from core.runs.requests import Pause, post_request
from core.runs.status import RunStatus, run_status

STARTED = RunStarted(
    max_steps=100,
    steps_per_epoch=50,
    train_rows=800,
    validation_rows=80,
    parameters=10,
    trainable=10,
    labels=["NEGATIVE", "POSITIVE"],
    threads=1,
    device="cpu",
)
STEP = Step(
    global_step=12,
    epoch=0.24,
    loss=0.61,
    learning_rate=1e-5,
    grad_norm=1.0,
    samples_per_second=40.0,
)
EVALUATION = Evaluation(global_step=12, epoch=0.24, split="validation", loss=0.5, accuracy=0.8)


@pytest.fixture
def run() -> Path:
    return create_run(RunConfig(name="calm-otter", model="mini-base"))


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives until it is killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        yield child
        child.kill()


def _log(run: Path, *events: Event) -> None:
    writer = EventWriter(run / EVENTS)
    for event in events:
        writer.append(event)
    writer.close()


def _later(seconds: float) -> float:
    return time.time() + seconds


def _status_after(run: Path, seconds: float) -> RunStatus:
    with mock.patch.object(status_module.time, "time", return_value=_later(seconds)):
        return run_status(run)


def test_before_its_worker_says_a_word_a_run_is_starting_but_not_for_ever(run: Path) -> None:
    assert run_status(run).status == "starting"
    late = _status_after(run, 3600)
    assert late.status == "crashed"
    assert "worker.log" in late.message


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], "starting"),
        ([Progress(phase="Tokenizing")], "starting"),
        ([STARTED], "running"),
        ([STARTED, STEP], "running"),
        ([STARTED, STEP, EVALUATION, Heartbeat()], "running"),
        ([STARTED, STEP, Paused(global_step=12)], "paused"),
        ([STARTED, STEP, Paused(global_step=12), EVALUATION, Heartbeat()], "paused"),
        ([STARTED, STEP, Paused(global_step=12), Resumed(global_step=12)], "running"),
        ([STARTED, RunFailed(message="No."), RunResumed(global_step=1, checkpoint="c")], "running"),
    ],
)
def test_while_its_process_lives(
    run: Path, process: subprocess.Popen[bytes], events: list[Event], expected: str
) -> None:
    write_process(run, process.pid)
    _log(run, *events)
    assert run_status(run).status == expected


def test_another_version_s_log_says_how_far_its_run_came(run: Path) -> None:
    lines = [
        {"type": "run_started", "seq": 0, "time": 1.0, "max_steps": 375, "threads": None},
        {"type": "step", "seq": 1, "time": 2.0, "global_step": 12, "loss": 0.5},
        {"type": "run_finished", "seq": 2, "time": 3.0, "global_step": 12},
    ]
    (run / EVENTS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = run_status(run)
    assert (found.status, found.global_step, found.max_steps) == ("finished", 12, 375)
    assert found.loss == 0.5


def test_a_pause_that_nobody_asked_for_says_why(
    run: Path, process: subprocess.Popen[bytes]
) -> None:
    write_process(run, process.pid)
    full = Warned(message="The disk is full.")
    _log(run, STARTED, STEP, full, Heartbeat(), Paused(global_step=12), Heartbeat())
    assert run_status(run).message == "The disk is full."
    _log(run, Resumed(global_step=12), full, Paused(global_step=12, request="a"))
    assert run_status(run).message == ""


@pytest.mark.parametrize("last", [STEP, Paused(global_step=12), Progress(phase="Saving the model")])
def test_a_killed_process_without_a_last_word_has_crashed(
    run: Path, process: subprocess.Popen[bytes], last: Event
) -> None:
    write_process(run, process.pid)
    _log(run, STARTED, STEP, CheckpointSaved(global_step=12, path="checkpoints/step-12"), last)
    assert run_status(run).is_live
    process.kill()
    # Not waited for: until its parent does, a killed process still has its pid.
    while (found := run_status(run)).is_live:
        pass
    assert found.status == "crashed"
    assert "after step 12" in found.message
    assert process.poll() is not None


@pytest.mark.parametrize(
    ("last", "expected", "message"),
    [
        (RunFinished(global_step=100, seconds=1.0), "finished", ""),
        (
            RunStopped(global_step=12, reason="Stopped by SIGTERM."),
            "stopped",
            "Stopped by SIGTERM.",
        ),
        (RunFailed(global_step=12, message="The disk is full."), "failed", "The disk is full."),
    ],
)
def test_a_last_word_counts_more_than_the_process(
    run: Path, process: subprocess.Popen[bytes], last: Event, expected: str, message: str
) -> None:
    write_process(run, process.pid)
    _log(run, STARTED, STEP, EVALUATION, last)
    for _ in range(2):
        found = run_status(run)
        assert (found.status, found.message) == (expected, message)
        process.kill()
        process.wait()


def test_a_live_process_that_is_silent_is_stalled(
    run: Path, process: subprocess.Popen[bytes]
) -> None:
    write_process(run, process.pid)
    _log(run, STARTED, STEP)
    found = _status_after(run, 90)
    assert found.status == "stalled"
    assert found.last_event_age == pytest.approx(90, abs=10)


def test_a_new_worker_is_not_blamed_for_the_silence_of_the_one_before(
    run: Path, process: subprocess.Popen[bytes]
) -> None:
    _log(run, STARTED, STEP)
    before = time.time() - 3_600
    log = (run / EVENTS).read_bytes().splitlines()
    lines = [{**msgspec.json.decode(line), "time": before} for line in log]
    (run / EVENTS).write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    write_process(run, process.pid)
    assert run_status(run).status == "starting"
    assert _status_after(run, 3_600).status == "stalled"
    _log(run, RunResumed(global_step=0, checkpoint=""))
    assert run_status(run).status == "running"


def test_a_new_worker_is_seen_though_the_clock_of_files_ticks_slowly(
    run: Path, process: subprocess.Popen[bytes]
) -> None:
    _log(run, STARTED, STEP, RunStopped(global_step=12, reason="Stopped."))
    write_process(run, process.pid)
    # Most file systems stamp files with the last tick, some milliseconds ago.
    stamp = msgspec.json.decode((run / EVENTS).read_bytes().splitlines()[-1])["time"] - 0.004
    os.utime(run / PROCESS, (stamp, stamp))
    assert run_status(run).status == "starting"


def test_a_worker_s_words_are_its_own_though_its_starter_writes_of_it_later(
    run: Path, process: subprocess.Popen[bytes]
) -> None:
    since = time.time()
    _log(run, STARTED, STEP, Paused(global_step=12))
    write_process(run, process.pid, since=since)
    assert run_status(run).status == "paused"


@pytest.mark.parametrize("is_launched", [True, False])
def test_a_worker_that_came_before_its_starter_went_on_keeps_its_record(
    run: Path,
    process: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
    is_launched: bool,
) -> None:
    """The first of several processes that were started, or one that somebody else started."""
    launcher = process.pid if is_launched else None

    def begin(*_: object, **__: object) -> subprocess.Popen[bytes]:
        write_process(run, launcher=launcher)
        return process

    monkeypatch.setattr(launch, "subprocess", SimpleNamespace(Popen=begin, DEVNULL=None))
    assert resume_run(run) == process.pid
    record = read_process(run)
    assert record is not None
    assert (record.pid, record.launcher) == (os.getpid(), launcher)


@pytest.mark.parametrize(
    "changes", [{"started": 1.0}, {"host": "elsewhere"}, {"boot_id": "before"}]
)
def test_another_process_with_the_same_pid_is_not_the_worker(
    run: Path, process: subprocess.Popen[bytes], changes: dict[str, object]
) -> None:
    write_process(run, process.pid)
    record = read_process(run)
    assert record is not None
    _log(run, STARTED, STEP)
    (run / PROCESS).write_bytes(msgspec.json.encode(msgspec.structs.replace(record, **changes)))
    assert run_status(run).status == "crashed"


@pytest.mark.parametrize(
    "events", [[STARTED, STEP], [STARTED, STEP, RunStopped(global_step=12, reason="Stopped.")]]
)
def test_a_copy_has_no_worker_and_a_renamed_folder_keeps_its_own(
    run: Path, process: subprocess.Popen[bytes], events: list[Event]
) -> None:
    _log(run, *events)
    write_process(run, process.pid)
    before = run_status(run).status
    assert before in {"running", "starting"}
    copy = run.with_name("copied")
    shutil.copytree(run, copy)
    found = run_status(copy)
    if len(events) == 2:
        assert found.status == "crashed"
        assert "copy of a run whose worker still writes the original" in found.message
    else:
        assert found.status == "stopped"
    with pytest.raises(RunError, match="no worker is there"):
        post_request(copy, Pause())
    renamed = run.rename(run.with_name("renamed"))
    assert run_status(renamed).status == before


def test_a_crashed_run_s_newest_checkpoint_is_the_one_that_is_there(run: Path) -> None:
    saved = CheckpointSaved(global_step=11, path="checkpoints/step-11")
    _log(run, STARTED, saved, STEP, EVALUATION)
    for step in (7, 11):
        (run / "checkpoints" / f"step-{step}").mkdir(parents=True)
    assert _status_after(run, 3600).message.endswith("newest checkpoint is checkpoints/step-11.")
    (run / "checkpoints" / "step-11").rmdir()
    assert _status_after(run, 3600).message.endswith("newest checkpoint is checkpoints/step-7.")


def test_the_figures_are_the_last_ones(run: Path) -> None:
    later = msgspec.structs.replace(STEP, global_step=13, loss=number(float("nan")))
    _log(run, STARTED, STEP, later, EVALUATION, *[Heartbeat()] * 2000)
    found = run_status(run)
    assert (found.name, found.path) == ("calm-otter", str(run))
    assert (found.global_step, found.max_steps) == (13, 100)
    assert found.loss != found.loss


def test_only_the_ends_of_a_large_log_are_read(run: Path) -> None:
    _log(run, STARTED, *[STEP] * 20_000)
    size = (run / EVENTS).stat().st_size
    read = 0
    pread = status_module.os.pread

    def counted(descriptor: int, length: int, offset: int) -> bytes:
        nonlocal read
        read += length
        return pread(descriptor, length, offset)

    with mock.patch.object(status_module.os, "pread", counted):
        assert run_status(run).global_step == 12
    assert read < size / 4


def test_a_log_of_noise_has_a_status(run: Path) -> None:
    (run / EVENTS).write_bytes(b"\x00" * 5000 + b"\n\xff\n{}\n")
    assert _status_after(run, 3600).status == "crashed"
