"""Do apps that watch a run slow the run? Blocks of steps with and without them alternate.

Both sides read the same run. The apps are stopped (SIGSTOP) while the other side is measured, so
that neither their start nor their end falls into a block.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
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
from tests.benchmarks.registry import Measurement, Sampler, Side, register
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


def watched_by(apps: int) -> Side:
    """A run, and so many apps that watch it while it is sampled."""

    def open_side(folder: Path) -> AbstractContextManager[Sampler]:
        return _watched(folder, apps)

    return open_side


@contextmanager
def _watched(folder: Path, apps: int) -> Iterator[Sampler]:
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
    with ExitStack() as stack:
        watching: list[psutil.Process] = []
        for _ in range(apps):
            terminal = stack.enter_context(subject.start())
            terminal.wait_for("running", timeout=60)
            watching.append(psutil.Process(terminal.pid))
            watching[-1].suspend()

        def sample() -> float:
            for app in watching:
                app.resume()
            try:
                return milliseconds_a_step(reader)
            finally:
                for app in watching:
                    app.suspend()

        try:
            yield sample
        finally:
            for app in watching:
                app.resume()
            record = read_process(run)
            if record is not None and is_alive(record):
                os.kill(record.pid, signal.SIGKILL)


@contextmanager
def unwatched(folder: Path) -> Iterator[Sampler]:
    """The same run, the app stopped."""
    reader = EventReader(folder.parent / "ours" / "runs" / "watched" / "events.jsonl")
    yield lambda: milliseconds_a_step(reader)


for _apps, _name in ((1, "streaming"), (3, "streaming-to-three")):
    register(Measurement(_name, "ms a step", watched_by(_apps), unwatched, "about 1"))
