"""Training: samples a second beside the course's loop and `Trainer`, and what starting costs."""

from __future__ import annotations

import importlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.checkpoints import MINI_BASE
from core.environment import child_environment
from core.runs.config import RunConfig
from core.runs.folder import create_run
from core.runs.launch import resume_run, start_run
from core.runs.process import is_alive, read_process
from core.runs.requests import Stop, post_request
from core.runs.status import run_status
from tests.benchmarks.loops.child import bare, contender, plain_worker, worker
from tests.benchmarks.registry import Measurement, Sampler, Side, register

_POLL = 0.01
_FIRST_STEP = """
import time
from datasets import load_dataset
from torch.optim import AdamW
from torch.utils.data import DataLoader
from transformers import (
    AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding, get_scheduler
)
raw = load_dataset("csv", data_files={data!r}, delimiter="\\t", column_names=["label", "text"])
tokenizer = AutoTokenizer.from_pretrained({model!r})
rows = raw["train"].map(lambda row: tokenizer(row["text"], truncation=True), batched=True)
rows = rows.remove_columns(["text"]).rename_column("label", "labels")
loader = DataLoader(
    rows, shuffle=True, batch_size=16, collate_fn=DataCollatorWithPadding(tokenizer)
)
model = AutoModelForSequenceClassification.from_pretrained({model!r}, num_labels=2)
optimizer = AdamW(model.parameters(), lr=5e-5)
batch = next(iter(loader))
model(**batch).loss.backward()
optimizer.step()
"""


def _config() -> RunConfig:
    return RunConfig(name="", model=MINI_BASE, epochs=1000)


def _until(reached: Callable[[], bool]) -> None:
    while not reached():
        time.sleep(_POLL)


def _stop(run: Path) -> None:
    post_request(run, Stop())
    _until(lambda: not is_alive(read_process(run)))


@contextmanager
def first_step(folder: Path) -> Iterator[Sampler]:
    """Seconds from the start of a worker to its first step."""
    numbers = itertools.count()

    def sample() -> float:
        run = create_run(_config(), folder / f"run-{next(numbers)}")
        began = time.perf_counter()
        start_run(_config(), run)
        _until(lambda: run_status(run).global_step > 0)
        seconds = time.perf_counter() - began
        _stop(run)
        return seconds

    yield sample


@contextmanager
def script_first_step(folder: Path) -> Iterator[Sampler]:
    """Seconds that the course's script takes for one step, its end included."""
    from core.models.checkpoint import resolve

    reviews = importlib.import_module("core.data.sources")._REVIEWS_FOLDER / "train.tsv"
    model = str(resolve(MINI_BASE, lambda *_: None))
    script = _FIRST_STEP.format(data=str(reviews), model=model)

    def sample() -> float:
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", script], env=child_environment(), check=True, cwd=folder,
            capture_output=True,
        )  # fmt: skip
        return time.perf_counter() - began

    yield sample


@contextmanager
def first_resumed_step(folder: Path) -> Iterator[Sampler]:
    """Seconds from a SIGKILL, some steps after a checkpoint, to the first step that is new."""
    numbers = itertools.count()

    def sample() -> float:
        config = RunConfig(name="", model=MINI_BASE, epochs=1000, save_steps=5)
        run = create_run(config, folder / f"run-{next(numbers)}")
        pid = start_run(config, run)
        _until(lambda: run_status(run).global_step >= 8)
        began = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        _until(lambda: not is_alive(read_process(run)))
        before = run_status(run).global_step
        resume_run(run)
        _until(lambda: run_status(run).global_step > before)
        seconds = time.perf_counter() - began
        _stop(run)
        return seconds

    yield sample


def _register(name: str, unit: str, ours: Side, reference: Side, bar: str) -> None:
    decimals = 3 if name in {"training-loss", "training-events"} else 1
    register(Measurement(name, unit, ours, reference, bar, decimals))


_ours, _course = contender("ours", worker()), contender("course", bare())
_ours_loss, _course_loss = contender("ours_loss", worker()), contender("course_loss", bare())
_events, _step = contender("events", worker()), contender("step", worker())
_plain, _trainer = contender("ours_plain", plain_worker()), contender("trainer", worker())

_register("training-course", "/s", _ours, _course, "ratio ≥ 2")
_register("training-float32", "/s", contender("ours_float32", worker()), _course, "ratio ≥ 2")
_register("training-trainer", "/s", _ours, _trainer, "ratio ≥ 0.95")
_register("training-plain", "/s", _plain, _course, "ratio near 1")
_register("training-loss", "", _ours_loss, _course_loss, "ratio near 1: both learn the same")
_register("training-events", "ms", _events, _step, "ratio < 0.01")
_register("training-first-step", "s", first_step, script_first_step, "ratio near 1")
_register("training-resume", "s", first_resumed_step, first_step, "ratio near 1")
