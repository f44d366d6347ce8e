"""Following a run by its log until its last word, or until the user has seen enough."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol

from core.errors import RunError
from core.runs import events
from core.runs.folder import EVENTS
from core.runs.launch import stop_run
from core.runs.log import EventReader
from core.runs.status import Status, run_status

_POLL = 0.1
_LOOK_AFTER = 1.0
"""Seconds of silence after which the worker is looked for."""
_PACE = 64
"""Steps whose pace foretells the time left."""
ENDED = frozenset({"finished", "stopped", "failed", "crashed"})


@dataclass(slots=True)
class RunSoFar:
    """What a run's log has said up to now."""

    folder: Path
    status: Status = "starting"
    message: str = ""
    max_steps: int | None = None
    step: events.Step | None = None
    evaluations: dict[str, events.Evaluation] = field(default_factory=dict)
    saved: str | None = None
    """The final model or the last checkpoint, relative to the folder."""
    best: str | None = None
    """The checkpoint with the lowest validation loss, where the finished model is another one."""
    began: float | None = None
    latest: float = 0.0
    _pace: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=_PACE))

    @property
    def global_step(self) -> int:
        """Steps taken."""
        return self.step.global_step if self.step else 0

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come."""
        return self.status in ENDED

    @property
    def seconds(self) -> float | None:
        """From the first event to the last; None where there is none."""
        return None if self.began is None else self.latest - self.began

    @property
    def seconds_left(self) -> float | None:
        """What is left at the pace of the last steps; None while it is not known."""
        if self.max_steps is None or len(self._pace) < 2:
            return None
        (first, then), (last, now) = self._pace[0], self._pace[-1]
        return (now - then) / (last - first) * (self.max_steps - last) if last > first else None

    def add(self, event: events.Event) -> None:
        """Takes the next event in."""
        self.began = event.time if self.began is None else self.began
        self.latest = event.time
        match event:
            case events.RunStarted(max_steps=max_steps):
                self.max_steps, self.status = max_steps, "running"
            case events.Step():
                self.step, self.status = event, "running"
                self._pace.append((event.global_step, event.time))
            case events.Evaluation(split=split):
                self.evaluations[split] = event
            case events.CheckpointSaved(path=path):
                self.saved = path
            case events.Paused():
                self.status = "paused"
                self._pace.clear()
            case events.Resumed() | events.RunResumed():
                self.status = "running"
                self._pace.clear()
            case events.RunFinished(path=path, best=best):
                self.status, self.saved = "finished", path
                is_last = best is None or best.endswith(f"/step-{event.global_step}")
                self.best = None if is_last else best
            case events.RunStopped(reason=reason, path=path):
                self.status, self.message, self.saved = "stopped", reason, path or self.saved
            case events.RunFailed(message=message):
                self.status, self.message = "failed", message
            case _:
                pass


class View(Protocol):
    """Where a followed run is shown."""

    def update(self, new: list[events.Event], run: RunSoFar) -> None:
        """Shows new events, after `run` took them in."""

    def note(self, text: str) -> None:
        """Says something that is no event."""

    def close(self) -> None:
        """Leaves what was shown as it is."""


class Follower:
    """Reads a run's log until it ends.

    The first ctrl+c asks the run to stop with a checkpoint and goes on following; the second
    leaves it to itself.
    """

    def __init__(self, folder: Path, view: View) -> None:
        self.run = RunSoFar(folder)
        self.interrupts = 0
        self._view = view
        self._reader = EventReader(folder / EVENTS)

    def follow(self) -> RunSoFar:
        """Returns when the run has ended, or was left to itself by a second ctrl+c."""
        answered = 0
        silent_since = time.monotonic()
        stalled = False
        with self._interruptible():
            while self.interrupts < 2:
                if self.interrupts > answered:
                    answered = self.interrupts
                    self._ask_to_stop()
                if self._read():
                    silent_since, stalled = time.monotonic(), False
                if self.run.has_ended:
                    break
                if time.monotonic() - silent_since >= _LOOK_AFTER:
                    silent_since = time.monotonic()
                    stalled = self._look_for_worker(stalled)
                    continue
                time.sleep(_POLL)
        if not self.run.has_ended:
            name = self.run.folder.name
            self._view.note(f"{name} is left to itself; termformer runs shows how it fares.")
        return self.run

    def _read(self) -> bool:
        new = [event for batch in self._reader.drain() for event in batch.events]
        for event in new:
            self.run.add(event)
        if new:
            self._view.update(new, self.run)
        return bool(new)

    def _look_for_worker(self, stalled: bool) -> bool:
        """Notices a dead worker; says once that a living one is silent. Returns whether it is."""
        status = run_status(self.run.folder)
        if status.status in {"crashed", "unreadable"}:
            # It may have spoken between the last read and its end.
            self._read()
            if not self.run.has_ended:
                self.run.status, self.run.message = "crashed", status.message
        elif status.status == "stalled" and not stalled:
            self._view.note(f"{status.message} ctrl+c asks it to stop, twice leaves it alone.")
        return status.status == "stalled"

    def _ask_to_stop(self) -> None:
        try:
            stop_run(self.run.folder)
        except RunError as error:
            self._view.note(str(error))
        else:
            how = "before its first step" if self.run.step is None else "with a checkpoint"
            self._view.note(
                f"Stopping {how} … ctrl+c once more returns at once; the run stops all the same."
            )

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        def count(_number: int, _frame: FrameType | None) -> None:
            self.interrupts += 1

        before = signal.getsignal(signal.SIGINT)
        if before is not signal.SIG_IGN:  # as it is in a shell's background
            signal.signal(signal.SIGINT, count)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
