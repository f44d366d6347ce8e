"""The worker: real processes that train, obey, stop, fail and are killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import psutil
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from core import checkpoints
from core.data import sources
from core.environment import child_environment
from core.errors import RunError
from core.runs.config import RunConfig
from core.runs.events import (
    CheckpointSaved,
    Evaluation,
    Event,
    LearningRateSet,
    Paused,
    Resumed,
    RunFailed,
    RunFinished,
    RunStarted,
    RunStopped,
    Step,
    Warned,
)
from core.runs.folder import EVENTS, create_run
from core.runs.launch import start_run
from core.runs.log import EventReader
from core.runs.process import read_process
from core.runs.requests import (
    Evaluate,
    Pause,
    Resume,
    SaveCheckpoint,
    SetLearningRate,
    Stop,
    post_request,
    waiting_requests,
)
from core.runs.status import run_status
from core.training import preparation
from core.training.worker import Worker, main

E = TypeVar("E", bound=Event)

PATIENCE = 120.0
"""Seconds until a test gives up; nothing is measured by it."""


class Run:
    """A run and what its log has said so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[Event] = []
        self._reader = EventReader(folder / EVENTS)

    def read(self) -> list[Event]:
        for batch in self._reader.drain():
            assert batch.problems == []
            self.events += batch.events
        return self.events

    def until(self, kind: type[E], wanted: Callable[[E], bool] = lambda _: True) -> E:
        """The first event of a kind that is `wanted`, as soon as it is in the log."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for event in self.read():
                if isinstance(event, kind) and wanted(event):
                    return event
            ended = not run_status(self.folder).is_live
            if ended and len(self.events) == len(self.read()):
                break
            time.sleep(0.01)
        log = (self.folder / "worker.log").read_text()
        raise AssertionError(f"no {kind.__name__}; {run_status(self.folder)}\n{log}")

    def until_ended(self) -> None:
        """Waits for the process to be gone."""
        record = read_process(self.folder)
        assert record is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(record.pid).wait(PATIENCE)


@pytest.fixture
def start(config: RunConfig) -> Iterator[Callable[..., Run]]:
    """Starts a worker for `config` with changes; whatever still runs is killed at the end."""
    runs: list[Run] = []

    def start(**changes: object) -> Run:
        changed = msgspec.structs.replace(config, **changes)
        folder = create_run(changed)
        start_run(changed, folder)
        runs.append(Run(folder))
        return runs[-1]

    yield start
    for run in runs:
        if (record := read_process(run.folder)) and run_status(run.folder).is_live:
            os.kill(record.pid, signal.SIGKILL)
            run.until_ended()


def _in_process(folder: Path) -> Run:
    """The worker in this process, for what needs no process of its own."""
    handlers = {
        number: signal.getsignal(number)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    try:
        Worker(folder).run()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return Run(folder)


@pytest.mark.slow
def test_a_run_to_its_end(start: Callable[..., Run]) -> None:
    run = start(threads=None)
    run.until(RunFinished)
    run.until_ended()
    started = run.until(RunStarted)
    assert (started.max_steps, started.steps_per_epoch, started.train_rows) == (24, 3, 40)
    assert started.labels == ["negative", "positive"]
    assert any("thread" in note for note in started.notes)
    assert torch.get_num_threads() >= 1
    steps = [event for event in run.events if isinstance(event, Step)]
    assert [step.global_step for step in steps] == list(range(1, 25))
    # Libraries alone take more than 100 MB.
    assert all(step.memory > 100_000_000 for step in steps)
    assert [event.seq for event in run.events] == list(range(len(run.events)))
    assert [event.split for event in run.events if isinstance(event, Evaluation)][-1] == "test"
    assert isinstance(run.events[-1], RunFinished)
    status = run_status(run.folder)
    assert (status.status, status.global_step, status.max_steps) == ("finished", 24, 24)
    assert checkpoints.run_model(run.folder) == run.folder / "model"
    AutoModelForSequenceClassification.from_pretrained(run.folder / "model")
    AutoTokenizer.from_pretrained(run.folder / "model")
    with pytest.raises(RunError, match="finished"):
        post_request(run.folder, Stop())
    with pytest.raises(RunError, match="begun before"):
        start_run(msgspec.structs.replace(Worker(run.folder).config), run.folder)


@pytest.mark.slow
def test_every_request_is_carried_out_and_a_stop_leaves_a_checkpoint(
    start: Callable[..., Run],
) -> None:
    run = start(epochs=100_000)
    run.until(Step)
    pause = post_request(run.folder, Pause())
    paused = run.until(Paused)
    assert paused.request == pause
    assert run_status(run.folder).status == "paused"
    ids = [
        post_request(run.folder, request)
        for request in (Evaluate(), SaveCheckpoint(), SetLearningRate(1e-5))
    ]
    (run.folder / "requests" / "1-nonsense.json").write_text("{}")
    too_high = '{"type": "set_learning_rate", "learning_rate": 2.0}'
    (run.folder / "requests" / "2-toohigh.json").write_text(too_high)
    assert run.until(Evaluation, lambda event: event.request == ids[0]).split == "validation"
    saved = run.until(CheckpointSaved, lambda event: event.request == ids[1])
    changed = run.until(LearningRateSet, lambda event: event.request == ids[2])
    run.until(Warned, lambda event: event.request == "nonsense")
    refused = run.until(Warned, lambda event: event.request == "toohigh")
    assert refused.message == "The learning rate must be above 0 and at most 1."
    at = paused.global_step
    assert {saved.global_step, changed.global_step} == {at}
    assert changed.in_warmup
    assert [event.global_step for event in run.read() if isinstance(event, Step)][-1] == at
    assert run_status(run.folder).status == "paused"
    resume = post_request(run.folder, Resume())
    assert run.until(Resumed).request == resume
    run.until(Step, lambda event: event.global_step > at)
    evaluate = post_request(run.folder, Evaluate())
    stop = post_request(run.folder, Stop())
    stopped = run.until(RunStopped)
    run.until_ended()
    assert stopped.request == stop
    run.until(Evaluation, lambda event: event.request == evaluate)
    assert waiting_requests(run.folder) == []
    assert stopped.path == f"checkpoints/step-{stopped.global_step}"
    model = AutoModelForSequenceClassification.from_pretrained(run.folder / stopped.path)
    inputs = AutoTokenizer.from_pretrained(run.folder / stopped.path)("Fine.", return_tensors="pt")
    assert model(**inputs).logits.shape == (1, 2)
    assert checkpoints.run_model(run.folder) == run.folder / stopped.path
    assert run_status(run.folder).status == "stopped"


@pytest.mark.slow
def test_a_signal_stops_with_a_checkpoint(start: Callable[..., Run]) -> None:
    run = start(epochs=100_000)
    run.until(Step)
    record = read_process(run.folder)
    assert record is not None
    os.kill(record.pid, signal.SIGTERM)
    stopped = run.until(RunStopped)
    run.until_ended()
    assert "SIGTERM" in stopped.reason
    assert stopped.path is not None
    AutoModelForSequenceClassification.from_pretrained(run.folder / stopped.path)


@pytest.mark.slow
def test_a_second_worker_is_refused_and_a_kill_loses_no_line_that_could_be_read(
    start: Callable[..., Run],
) -> None:
    run = start(epochs=100_000)
    run.until(Step, lambda event: event.global_step >= 20)
    record = read_process(run.folder)
    assert record is not None
    second = subprocess.run(
        [sys.executable, "-m", "core.training.worker", str(run.folder)],
        env=child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert "has a worker already" in second.stderr
    assert read_process(run.folder) == record
    assert run_status(run.folder).status == "running"
    before = list(run.read())
    os.kill(record.pid, signal.SIGKILL)
    run.until_ended()
    after = Run(run.folder).read()
    assert after[: len(before)] == before
    assert [event.seq for event in after] == list(range(len(after)))
    status = run_status(run.folder)
    assert status.status == "crashed"
    assert "without a last word" in status.message


@pytest.mark.slow
def test_files_of_the_users_do_not_stand_in_for_libraries(
    start: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The app may be started from a folder that holds a datasets.py and a core/."""
    for name in ("datasets.py", "torch.py", "core/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("raise SystemExit('a file of the user was run')")
    monkeypatch.chdir(tmp_path)
    run = start(max_steps=1)
    run.until(RunFinished)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data": "/nowhere/at-all.csv"}, "no data named"),
        ({"model": "/nowhere/at-all"}, "no model named"),
    ],
)
def test_what_keeps_a_run_from_starting_is_its_last_word(
    config: RunConfig, changes: dict[str, object], said: str
) -> None:
    run = _in_process(create_run(msgspec.structs.replace(config, **changes)))
    failed = run.read()[-1]
    assert isinstance(failed, RunFailed)
    assert said in failed.message
    assert "\n" not in failed.message
    assert run_status(run.folder).message == failed.message


def test_a_loss_that_is_not_finite_ends_the_run_and_names_the_step(
    config: RunConfig, tiny_classifier: Path, tmp_path: Path
) -> None:
    """A head so large that the squares of its gradients overflow."""
    broken = tmp_path / "broken"
    model = AutoModelForSequenceClassification.from_pretrained(tiny_classifier)
    torch.nn.init.constant_(model.classifier.weight[:1], 3e38)
    model.save_pretrained(broken)
    AutoTokenizer.from_pretrained(tiny_classifier).save_pretrained(broken)
    run = _in_process(create_run(msgspec.structs.replace(config, model=str(broken))))
    failed = run.read()[-1]
    assert isinstance(failed, RunFailed)
    assert "became NaN or infinite at step 1" in failed.message
    step = run.events[-2]
    assert isinstance(step, Step)
    assert isinstance(step.grad_norm, str) or isinstance(step.loss, str)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_before_the_first_step(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    load = preparation.open_data

    def load_and_signal(*arguments: Any) -> sources.TrainingData:
        os.kill(os.getpid(), number)
        return load(*arguments)

    monkeypatch.setattr(preparation, "open_data", load_and_signal)
    run = _in_process(create_run(config))
    stopped = run.read()[-1]
    assert isinstance(stopped, RunStopped)
    assert (stopped.global_step, stopped.reason) == (0, f"Stopped by {number.name}.")
    assert run_status(run.folder).status == "stopped"


def test_a_stop_before_the_first_step(config: RunConfig) -> None:
    folder = create_run(config)
    post_request(folder, Stop())
    stopped = _in_process(folder).read()[-1]
    assert isinstance(stopped, RunStopped)
    assert (stopped.global_step, stopped.path) == (0, None)
    assert waiting_requests(folder) == []


def test_wrong_usage() -> None:
    assert main([]) == 2
    assert main(["/nowhere"]) == 1
