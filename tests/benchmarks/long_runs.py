"""Runs of a million steps: opening, zooming, memory, against a bare read and a short run."""

from __future__ import annotations

import gc
import math
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil  # type: ignore[import-untyped]

from core.runs import events
from core.runs.config import RunConfig
from core.runs.events import event_decoder
from core.runs.folder import EVENTS, create_run
from tests.benchmarks.registry import Measurement, Sampler, Side, register
from tests.benchmarks.subjects import COLUMNS, ROWS
from tui.panes.train.follow import SLICE
from tui.panes.train.watch import RunWatch
from tui.widgets.chart import Curve, Plot
from tui.widgets.chart.picture import draw

MILLION = 1_000_000
_FRAMES = 40


def started(steps: int) -> events.RunStarted:
    return events.RunStarted(
        seq=0,
        time=1.7e9,
        max_steps=steps,
        steps_per_epoch=max(1, steps // 10),
        train_rows=320,
        validation_rows=40,
        parameters=1000,
        trainable=1000,
        labels=["NEGATIVE", "POSITIVE"],
        threads=1,
        device="cpu",
    )


def step(number: int, steps: int, noise: random.Random) -> events.Step:
    return events.Step(
        seq=number,
        time=1.7e9 + number * 0.02,
        global_step=number,
        epoch=number * 10 / steps,
        loss=math.exp(-3 * number / steps) + 0.1 * noise.random(),
        learning_rate=5e-5 * (1 - number / (steps + 1)),
        grad_norm=1 + noise.random(),
        samples_per_second=41 + noise.random(),
        padding=0.1 * noise.random(),
        memory=812_345_344,
    )


def long_run(folder: Path, steps: int) -> Path:
    """A finished log of so many steps, as a worker writes it."""
    run = create_run(RunConfig(name="long", model="mini-base"), folder / "long")
    noise, encode = random.Random(1), msgspec.json.Encoder().encode
    with (run / EVENTS).open("wb") as log:
        log.write(encode(started(steps)) + b"\n")
        for number in range(1, steps + 1):
            log.write(encode(step(number, steps, noise)) + b"\n")
    return run


def plot_of(watch: RunWatch, view: tuple[float, float] | None = None) -> Plot:
    curves = watch.history.curves
    return Plot((Curve(curves.loss),), float(watch.max_steps or 0), view=view)


def picture(watch: RunWatch, view: tuple[float, float] | None = None) -> None:
    draw(plot_of(watch, view), COLUMNS - 32, ROWS - 12, plain=False)


def read_all(run: Path) -> RunWatch:
    """By slices, with a picture about as often as the app draws one."""
    watch = RunWatch(run)
    drawn = time.monotonic()
    while watch.read(SLICE) or watch.behind:
        watch.history.curves.keep_up()
        if time.monotonic() - drawn > 0.25:
            picture(watch)
            drawn = time.monotonic()
    picture(watch)
    return watch


def opening(read: Callable[[Path], object]) -> Side:
    @contextmanager
    def side(folder: Path) -> Iterator[Sampler]:
        run = long_run(folder, MILLION)

        def sample() -> float:
            gc.collect()
            began = time.perf_counter()
            kept = read(run)
            seconds = time.perf_counter() - began
            del kept
            return seconds * 1000

        yield sample

    return side


def bare(run: Path) -> object:
    return event_decoder.decode_lines((run / EVENTS).read_bytes())


def first_picture(run: Path) -> object:
    watch = RunWatch(run)
    watch.read(SLICE)
    picture(watch)
    return watch


def zooming(steps: int) -> Side:
    @contextmanager
    def side(folder: Path) -> Iterator[Sampler]:
        watch = read_all(long_run(folder, steps))

        def sample() -> float:
            began = time.perf_counter()
            for number in range(_FRAMES):
                width = steps * 0.85**number
                picture(watch, (max(0.0, steps * 0.6 - width), steps * 0.6 + 4))
            return (time.perf_counter() - began) / _FRAMES * 1000

        yield sample

    return side


@contextmanager
def bytes_an_event(folder: Path) -> Iterator[Sampler]:
    """Resident bytes that a process has more after reading and summarizing all curves."""
    import subprocess
    import sys

    run = long_run(folder, MILLION)
    yield lambda: float(
        subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.long_runs", str(run)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )


@contextmanager
def allowed(_folder: Path) -> Iterator[Sampler]:
    yield lambda: 100.0


def _grown(run: Path) -> float:
    """In this process: the difference a run makes, over one of its first lines."""
    short = long_run(Path(tempfile.mkdtemp()), 5_000)
    read_all(short)
    before = psutil.Process().memory_info().rss
    watch = read_all(run)
    while watch.history.curves.settle(1 << 15):
        pass
    return float(psutil.Process().memory_info().rss - before) / MILLION


if __name__ == "__main__":
    import sys

    print(_grown(Path(sys.argv[1])))
else:
    register(Measurement("open_million", "ms", opening(read_all), opening(bare), "≤ 3"))
    register(
        Measurement("first_curve_of_million", "ms", opening(first_picture), opening(bare), "≤ 0.3")
    )
    register(Measurement("zoom_million", "ms a frame", zooming(MILLION), zooming(1_000), "≤ 1.5"))
    register(Measurement("memory_of_million", "bytes an event", bytes_an_event, allowed, "≤ 1"))
