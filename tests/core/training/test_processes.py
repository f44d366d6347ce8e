"""Several processes of one run (gloo, on CPUs): the same losses, one voice, and a clean end."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil
import pytest
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from core.environment import child_environment
from core.runs.config import RunConfig
from core.runs.events import (
    Evaluation,
    Event,
    LearningRateSet,
    Paused,
    RunFailed,
    RunFinished,
    RunResumed,
    RunStarted,
    RunStopped,
    Step,
)
from core.runs.folder import EVENTS, create_run
from core.runs.launch import resume_run, start_run
from core.runs.log import EventReader
from core.runs.process import read_process
from core.runs.requests import Pause, Resume, SaveCheckpoint, SetLearningRate, post_request
from core.runs.status import run_status
from core.training.ranks import Ranks
from core.training.worker import Worker

pytestmark = pytest.mark.slow
PATIENCE = 180.0


@pytest.fixture
def config(config: RunConfig, tiny_classifier: Path, tmp_path: Path) -> RunConfig:
    """Without dropout, which is another one in each process."""
    folder = tmp_path / "sober"
    settings = AutoConfig.from_pretrained(
        tiny_classifier, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    model = AutoModelForSequenceClassification.from_pretrained(tiny_classifier, config=settings)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_classifier).save_pretrained(folder)
    return msgspec.structs.replace(
        config, model=str(folder), gradient_accumulation_steps=2, batch_size=6
    )


def _events(folder: Path) -> list[Event]:
    return [event for batch in EventReader(folder / EVENTS).drain() for event in batch.events]


def _steps(folder: Path) -> list[Step]:
    return [event for event in _events(folder) if isinstance(event, Step)]


def _count(folder: Path, kind: type[Event]) -> int:
    return sum(isinstance(event, kind) for event in _events(folder))


def _until(folder: Path, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        log = folder / "worker.log"
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.05)


def test_two_processes_train_as_one_obey_as_one_and_survive_the_loss_of_one(
    config: RunConfig,
) -> None:
    alone = create_run(config)
    Worker(alone).run()
    together = msgspec.structs.replace(config, num_processes=2, save_steps=4)
    folder = create_run(together)
    # Both stand still between the same two steps, or one would wait for the other for ever.
    post_request(folder, SaveCheckpoint())
    paused = post_request(folder, Pause())
    launcher = start_run(together, folder)
    _until(folder, lambda: _count(folder, Paused) == 1)
    record = read_process(folder)
    assert record is not None
    assert record.launcher == launcher
    assert psutil.Process(record.pid).ppid() == launcher
    (other,) = [child for child in psutil.Process(launcher).children() if child.pid != record.pid]
    # The next checkpoint finds no room: they go on, and stand still again.
    psutil.Process(record.pid).rlimit(psutil.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    post_request(folder, Resume())
    _until(folder, lambda: _count(folder, Paused) == 2)
    assert _steps(folder)[-1].global_step == 4
    other.kill()
    _until(folder, lambda: not run_status(folder).is_live)
    failed = _events(folder)[-1]
    assert isinstance(failed, RunFailed)
    assert "Another process of the run ended" in failed.message
    _until(folder, lambda: not psutil.pid_exists(launcher))
    resume_run(folder)
    _until(folder, lambda: any(isinstance(event, RunResumed) for event in _events(folder)))
    _until(folder, lambda: not run_status(folder).is_live)
    events = _events(folder)
    assert isinstance(events[-1], RunFinished)
    assert [event.request for event in events if isinstance(event, Paused)] == [paused, None]
    assert len([event for event in events if isinstance(event, RunResumed)]) == 1
    (started,) = [event for event in events if isinstance(event, RunStarted)]
    assert started.world_size == 2
    expected, found = _steps(alone), _steps(folder)
    assert [step.global_step for step in found] == list(range(1, len(expected) + 1))
    assert [float(step.loss) for step in found] == pytest.approx(
        [float(step.loss) for step in expected], abs=1e-5
    )
    for one, other_one in zip(
        [event for event in _events(alone) if isinstance(event, Evaluation)],
        [event for event in events if isinstance(event, Evaluation)],
        strict=True,
    ):
        assert (one.split, one.confusion) == (other_one.split, other_one.confusion)
        assert float(one.loss) == pytest.approx(float(other_one.loss), abs=1e-5)


def test_a_signal_to_any_process_ends_the_run_with_a_checkpoint(config: RunConfig) -> None:
    config = msgspec.structs.replace(config, num_processes=2, epochs=100_000)
    folder = create_run(config)
    launcher = start_run(config, folder)
    _until(folder, lambda: len(_steps(folder)) > 2)
    record = read_process(folder)
    assert record is not None
    workers = psutil.Process(launcher).children()
    # As another machine's launcher does, which has none but such.
    (other,) = [worker for worker in workers if worker.pid != record.pid]
    other.terminate()
    _until(folder, lambda: not run_status(folder).is_live)
    stopped = _events(folder)[-1]
    assert isinstance(stopped, RunStopped)
    assert stopped.reason == "Stopped by SIGTERM."
    assert stopped.path == f"checkpoints/step-{_steps(folder)[-1].global_step}"
    assert (folder / stopped.path).is_dir()
    assert not psutil.wait_procs(workers, timeout=PATIENCE)[1]


def test_processes_end_with_their_launcher(config: RunConfig) -> None:
    config = msgspec.structs.replace(config, num_processes=2, epochs=100_000)
    folder = create_run(config)
    launcher = start_run(config, folder)
    _until(folder, lambda: len(_steps(folder)) > 2)
    rate = post_request(folder, SetLearningRate(1e-5))
    _until(
        folder,
        lambda: any(
            isinstance(event, LearningRateSet) and event.request == rate
            for event in _events(folder)
        ),
    )
    workers = psutil.Process(launcher).children()
    assert len(workers) == 2
    os.kill(launcher, signal.SIGKILL)
    assert not psutil.wait_procs(workers, timeout=PATIENCE)[1]
    # The first process may still have seen the other one go.
    assert run_status(folder).status in {"crashed", "failed"}


def test_another_number_of_processes_than_was_asked_for_is_refused(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As accelerate's launcher does it on CPUs: one is started, and nothing is said."""
    folder = create_run(msgspec.structs.replace(config, num_processes=2))
    ended = subprocess.run(
        [sys.executable, "-m", "core.training.worker", str(folder)],
        env=child_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "asked for 2 processes and got 1" in run_status(folder).message
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert Ranks().world_size == 3
