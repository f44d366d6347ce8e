"""Training: samples a second beside the course's loop and `Trainer`, and what starting costs."""

from __future__ import annotations

import importlib
import itertools
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from core.checkpoints import MINI_BASE
from core.environment import child_environment, quiet_libraries
from core.runs.config import RunConfig
from core.runs.folder import create_run
from core.runs.launch import resume_run, start_run
from core.runs.process import is_alive, read_process
from core.runs.requests import Stop, post_request
from core.runs.status import run_status
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


def _contender(name: str) -> Side:
    """A side whose module imports torch, which no other benchmark should pay for."""

    def side(folder: Path) -> AbstractContextManager[Sampler]:
        quiet_libraries()
        loops = importlib.import_module("tests.benchmarks.loops.contenders")
        found: AbstractContextManager[Sampler] = getattr(loops, name)(folder)
        return found

    return side


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


@contextmanager
def events(folder: Path) -> Iterator[Sampler]:
    """Milliseconds a step that writing its event takes, timed inside the worker's journal."""
    with _taking_steps(folder) as sample:
        yield lambda: sample()[0]


@contextmanager
def steps(folder: Path) -> Iterator[Sampler]:
    """Milliseconds of the median step."""
    with _taking_steps(folder) as sample:
        yield lambda: sample()[1]


@contextmanager
def _taking_steps(folder: Path) -> Iterator[Callable[[], tuple[float, float]]]:
    quiet_libraries()
    loops = importlib.import_module("tests.benchmarks.loops.contenders")
    with loops.stepping(folder) as (taken, threads, journal):

        def sample() -> tuple[float, float]:
            loops.torch.set_num_threads(threads)
            spent, seconds = journal.append_seconds, []
            for _ in range(20):
                began = time.perf_counter()
                next(taken)
                seconds.append(time.perf_counter() - began)
            appended = (journal.append_seconds - spent) / len(seconds)
            return 1000 * appended, 1000 * statistics.median(seconds)

        yield sample


for _name, _unit, _ours, _reference, _bar in (
    ("training-course", "/s", _contender("ours"), _contender("course"), "ratio ≥ 2"),
    ("training-trainer", "/s", _contender("ours"), _contender("trainer"), "ratio ≥ 0.95"),
    ("training-plain", "/s", _contender("ours_plain"), _contender("course"), "ratio near 1"),
    ("training-events", "ms", events, steps, "ratio < 0.01"),
    ("training-first-step", "s", first_step, script_first_step, "ratio near 1"),
    ("training-resume", "s", first_resumed_step, first_step, "ratio near 1"),
):
    register(Measurement(_name, _unit, _ours, _reference, _bar))
