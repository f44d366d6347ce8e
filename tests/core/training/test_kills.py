"""A run whose worker is killed at any moment ends as if nothing had happened."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch

from core.environment import child_environment
from core.errors import RunError
from core.runs.config import RunConfig
from core.runs.folder import EVENTS, create_run
from core.runs.launch import resume_run, start_run
from core.runs.status import run_status
from core.training.worker import main
from tests.core.training.replay import assert_same, carry_out

PATIENCE = 120.0
KILLS = 20
_PRELOADED = [
    "core.training.checkpoints",
    "core.training.preparation",
    "transformers.models.bert.modeling_bert",
    "transformers.models.bert.tokenization_bert",
]


@pytest.mark.slow
def test_twenty_kills_at_random_moments_leave_no_trace(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of writing a checkpoint too. Workers are forked where torch is imported."""
    config = msgspec.structs.replace(config, epochs=20, save_steps=5, data_workers=1)
    reference = create_run(msgspec.structs.replace(config, data_workers=0))
    carry_out(reference)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    chance = random.Random(int(os.environ.get("TERMFORMER_TEST_SEED", "0")))
    folder = create_run(config)
    kills = half_written = 0
    # Chance decides whether a kill comes while a checkpoint is half written: until one has.
    while kills < KILLS or not half_written:
        worker = context.Process(target=_worker, args=(str(folder), dict(os.environ)))
        worker.start()
        moment = _moment(folder, chance)
        _until(lambda moment=moment, worker=worker: moment() or not worker.is_alive())
        worker.kill()
        worker.join()
        kills += worker.exitcode == -signal.SIGKILL
        half_written += bool(_parts(folder))
        if run_status(folder).status == "finished":
            assert_same(folder, reference)
            folder = create_run(config)
    worker = context.Process(target=_worker, args=(str(folder), dict(os.environ)))
    worker.start()
    worker.join(PATIENCE)
    assert worker.exitcode == 0
    assert_same(folder, reference)


def _until(holds: Callable[[], bool]) -> None:
    """Waits for what another process does; fails where it never does."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def _parts(folder: Path) -> list[Path]:
    """What is being written: a checkpoint or the model."""
    return [*folder.glob(".*.part"), *folder.glob("*/.*.part")]


def _moment(folder: Path, chance: random.Random) -> Callable[[], bool]:
    """When to kill next: before the first step, a few steps on, or while something is saved."""
    size = (folder / EVENTS).stat().st_size
    wanted = run_status(folder).global_step + chance.randint(1, 4)
    moments: list[Callable[[], bool]] = [
        lambda: bool(_parts(folder)),
        lambda: run_status(folder).global_step >= wanted,
        lambda: (folder / EVENTS).stat().st_size > size,
    ]
    return chance.choice(moments)


def _worker(folder: str, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    torch.set_num_threads(1)
    sys.exit(main([folder, "--resume"]))


@pytest.mark.long
def test_a_real_worker_is_killed_and_resumed(config: RunConfig) -> None:
    config = msgspec.structs.replace(config, epochs=100_000, save_steps=10, max_steps=1000)
    reference, folder = create_run(config), create_run(config)
    carry_out(reference)
    pid = start_run(config, folder)
    _until(lambda: run_status(folder).global_step >= 15)
    os.kill(pid, signal.SIGKILL)
    _until(lambda: not run_status(folder).is_live)
    assert run_status(folder).status == "crashed"
    with pytest.raises(RunError, match="resume it"):
        start_run(config, folder)
    refused = subprocess.run(
        [sys.executable, "-m", "core.training.worker", str(folder)],
        env=child_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "resume it" in refused.stderr
    (folder / "requests" / "1-toolate.json").write_text('{"type": "stop"}')
    resume_run(folder)
    _until(lambda: not run_status(folder).is_live)
    assert_same(folder, reference)
