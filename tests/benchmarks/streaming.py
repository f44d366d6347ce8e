"""Does an open app that watches a run slow the run? Blocks of steps with and without it alternate.

Both sides read the same run. The app is stopped (SIGSTOP) while the other side is measured, so that
neither its start nor its end falls into a block.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil  # type: ignore[import-untyped]

from core.checkpoints import MINI_BASE
from core.runs.config import RunConfig
from core.runs.events import Step
from core.runs.folder import create_run
from core.runs.launch import start_run
from core.runs.log import EventReader
from core.runs.process import is_alive, read_process
from core.settings import SavedState
from tests.benchmarks.registry import Measurement, Sampler, register
from tests.benchmarks.subjects import ours

STEPS = 15
_SETTLING = 2
"""Steps after a change of sides that are not counted."""


def new_steps(reader: EventReader) -> list[float]:
    """When the steps that were logged since the last call were taken."""
    return [
        event.time for batch in reader.drain() for event in batch.events if isinstance(event, Step)
    ]


def milliseconds_a_step(reader: EventReader) -> float:
    """The mean of the next steps, by the times that the worker wrote into its log."""
    new_steps(reader)
    times: list[float] = []
    while len(times) <= STEPS + _SETTLING:
        times += new_steps(reader)
        time.sleep(0.05)
    times = times[_SETTLING:]
    return (times[-1] - times[0]) / (len(times) - 1) * 1000


@contextmanager
def watched(folder: Path) -> Iterator[Sampler]:
    """A run, and an app that watches it while it is sampled."""
    subject = ours(folder, "I hate this so much!")
    os.environ["TERMFORMER_CACHE_DIR"] = subject.env["TERMFORMER_CACHE_DIR"]
    config = RunConfig(name="watched", model=MINI_BASE, max_steps=100_000, threads=1)
    run = create_run(config, folder / "runs" / "watched")
    start_run(config, run)
    reader = EventReader(run / "events.jsonl")
    while not new_steps(reader):
        assert is_alive(read_process(run)), (run / "worker.log").read_text()
        time.sleep(0.2)
    state = SavedState(text="I hate this so much!", pane="train")
    Path(subject.env["TERMFORMER_STATE_DIR"], "state.json").write_text(
        json.dumps(msgspec.to_builtins(state))
    )
    Path(subject.env["TERMFORMER_CONFIG"]).write_text("preload = false\n")
    with subject.start() as terminal:
        terminal.wait_for("running", timeout=60)
        app = psutil.Process(terminal.pid)
        app.suspend()

        def sample() -> float:
            app.resume()
            try:
                return milliseconds_a_step(reader)
            finally:
                app.suspend()

        try:
            yield sample
        finally:
            app.resume()
            record = read_process(run)
            if record is not None and is_alive(record):
                os.kill(record.pid, signal.SIGKILL)


@contextmanager
def unwatched(folder: Path) -> Iterator[Sampler]:
    """The same run, the app stopped."""
    reader = EventReader(folder.parent / "ours" / "runs" / "watched" / "events.jsonl")
    yield lambda: milliseconds_a_step(reader)


register(Measurement("streaming", "ms a step", watched, unwatched, "about 1"))
