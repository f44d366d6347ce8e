"""The app while a run streams in: how its keys answer, and what it writes to the terminal."""

from __future__ import annotations

import itertools
import json
import random
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from core.runs.events import Event
from core.runs.folder import EVENTS
from core.runs.process import write_process
from core.settings import SavedState
from tests.benchmarks.keys import KEYS_A_SAMPLE
from tests.benchmarks.long_runs import MILLION, long_run, step
from tests.benchmarks.registry import Measurement, Sampler, Side, register
from tests.benchmarks.subjects import ours, stop, wait_until_idle
from tests.terminal.terminal import Terminal

_STEPS_A_SECOND = 50
_FAST = 20_000
_SECONDS = 10.0


def logarithmic(lines: Sequence[str]) -> bool:
    """Whether the line above the chart says so: what the key that is measured changes."""
    return any(line.startswith(" loss") and line.rstrip().endswith(" log") for line in lines)


class Stream:
    """Appends steps to a log at a steady rate until it is closed."""

    def __init__(self, run: Path, begin: int, rate: int) -> None:
        self.number = begin
        self._log = (run / EVENTS).open("ab")
        self._rate = rate
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def _write(self) -> None:
        noise, encode = random.Random(2), msgspec.json.Encoder().encode
        began, first = time.monotonic(), self.number
        while not self._stop.wait(0.02):
            due = first + int((time.monotonic() - began) * self._rate)
            lines = []
            while self.number < due:
                self.number += 1
                event: Event = msgspec.structs.replace(
                    step(self.number, MILLION, noise), time=time.time()
                )
                lines.append(encode(event) + b"\n")
            self._log.write(b"".join(lines))
            self._log.flush()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._log.close()


@contextmanager
def watching(
    folder: Path, steps: int, ready: str = "step ", *, live: bool = True
) -> Iterator[tuple[Terminal, Path]]:
    """The app in the Train pane on a run of so many steps, the pane having the keys.

    A run that is not live ended long ago: there is nothing new to say of it.
    """
    subject = ours(folder, "I hate this so much!")
    run = long_run(folder / "runs", steps)
    if live:
        write_process(run)
    options: dict[str, dict[str, str | int | float | bool | None]] = {
        "train": {"watched": str(run), "watched_status": "running"}
    }
    state = SavedState(text="I hate this so much!", pane="train", options=options)
    Path(subject.env["TERMFORMER_STATE_DIR"], "state.json").write_text(
        json.dumps(msgspec.to_builtins(state))
    )
    Path(subject.env["TERMFORMER_CONFIG"]).write_text("preload = false\n")
    with subject.start() as terminal:
        try:
            terminal.wait_for(ready, timeout=120)
            terminal.send("\x1b")
            terminal.wait_for("KEYS", timeout=60)
            yield terminal, run
        finally:
            stop(terminal)


def answer(terminal: Terminal) -> float:
    """Milliseconds from the key that changes the axis until its word is on the screen."""
    shown = logarithmic(terminal.screen.lines)
    began = time.perf_counter()
    terminal.send("g")
    terminal.wait_for(lambda screen: logarithmic(screen.lines) is not shown, timeout=60)
    return (time.perf_counter() - began) * 1000


@contextmanager
def keys_at(folder: Path, rate: int) -> Iterator[Sampler]:
    with watching(folder, 20_000) as (terminal, run), ExitStack() as stack:
        wait_until_idle(terminal.pid)
        if rate:
            stream = Stream(run, 20_000, rate)
            stack.callback(stream.close)

        def sample() -> float:
            found = []
            for _ in range(KEYS_A_SAMPLE):
                time.sleep(0.13)
                found.append(answer(terminal))
            return statistics.median(found)

        yield sample


@contextmanager
def keys_while_opening(folder: Path) -> Iterator[Sampler]:
    """The median answer while a million steps are being read; each sample opens the app anew.

    An app that has read all before it has the keys is no sample: another one is opened.
    """
    numbers = itertools.count()

    def sample() -> float:
        found: list[float] = []
        while not found:
            own = folder / str(next(numbers))
            own.mkdir()
            with watching(own, MILLION, "reading the log") as (terminal, _run):
                while any("reading the log" in line for line in terminal.screen.lines):
                    found.append(answer(terminal))
                    time.sleep(0.03)
        return statistics.median(found)

    yield sample


def bytes_a_second(terminal: Terminal) -> float:
    """What is written to the terminal while nothing is pressed."""
    before, began = terminal.bytes_written, time.monotonic()
    while time.monotonic() - began < _SECONDS:
        terminal.wait_for_quiet(0.05)
    return (terminal.bytes_written - before) / (time.monotonic() - began)


def bytes_at(rate: int, reference: float) -> Measurement:
    @contextmanager
    def side(folder: Path) -> Iterator[Sampler]:
        with watching(folder, 2_000, live=rate > 0) as (terminal, run), ExitStack() as stack:
            wait_until_idle(terminal.pid)
            if rate:
                stream = Stream(run, 2_000, rate)
                stack.callback(stream.close)
                time.sleep(2)

            yield lambda: bytes_a_second(terminal)

    name = "chart_bytes" if rate else "chart_bytes_idle"
    return Measurement(name, "bytes/s", side, at_most(reference), "≤ 1")


def at_most(figure: float) -> Side:
    """A reference that is no measurement but a bar."""

    @contextmanager
    def bar(_folder: Path) -> Iterator[Sampler]:
        yield lambda: figure

    return bar


@contextmanager
def bytes_of_a_silent_run(folder: Path) -> Iterator[Sampler]:
    """The worker lives and says nothing: at first the run counts as running, then as stalled."""
    with watching(folder, 2_000) as (terminal, run):
        stream = Stream(run, 2_000, _STEPS_A_SECOND)
        time.sleep(1)
        stream.close()
        wait_until_idle(terminal.pid)
        yield lambda: bytes_a_second(terminal)


@contextmanager
def lag(folder: Path) -> Iterator[Sampler]:
    """Milliseconds by which the step on the screen is behind the one that was written."""
    with watching(folder, 20_000) as (terminal, run):
        wait_until_idle(terminal.pid)
        stream = Stream(run, 20_000, _FAST)
        time.sleep(2)

        def sample() -> float:
            worst = 0.0
            for _ in range(20):
                terminal.wait_for_quiet(0.03)
                written = stream.number
                heading = next(line for line in terminal.screen.lines if "●" in line)
                words = heading.split("step ")[1].split(" ")[0]
                worst = max(worst, (written - int(words.replace(",", ""))) / _FAST * 1000)
                time.sleep(0.1)
            return worst

        try:
            yield sample
        finally:
            stream.close()


register(
    Measurement(
        "keys_at_20000_a_second",
        "ms",
        lambda folder: keys_at(folder, _FAST),
        lambda folder: keys_at(folder, 0),
        "≤ 2",
    )
)
register(
    Measurement(
        "keys_while_opening_million",
        "ms",
        keys_while_opening,
        lambda folder: keys_at(folder, 0),
        "≤ 2",
    )
)
register(Measurement("lag_at_20000_a_second", "ms", lag, at_most(1000.0), "≤ 1"))
register(bytes_at(_STEPS_A_SECOND, 8_000.0))
register(bytes_at(0, 100.0))
register(Measurement("chart_bytes_silent", "bytes/s", bytes_of_a_silent_run, at_most(100.0), "≤ 1"))
