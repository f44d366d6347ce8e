"""How a run fares: its last lifecycle event, and whether its process lives."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Literal

import msgspec

from core.runs import events
from core.runs.folder import CHECKPOINTS, EVENTS, WORKER_LOG, saved_steps
from core.runs.log import lines_backwards
from core.runs.partial import read_event
from core.runs.process import ProcessRecord, has_worker, host, is_alive, read_process

Status = Literal[
    "starting",
    "running",
    "paused",
    "stalled",
    "crashed",
    "finished",
    "stopped",
    "failed",
    "unreadable",
]
LIVE: frozenset[Status] = frozenset({"starting", "running", "paused", "stalled"})
"""A worker is, or soon will be, at the run."""

STALLED_AFTER = 30.0
"""Seconds of silence; a worker that works or waits gives a sign several times as often."""
_HEAD = 1 << 18
_STARTED = b'"run_started"'


class RunStatus(msgspec.Struct, frozen=True):
    """A run at a glance; `last_event_age` in seconds, `message` a sentence or empty."""

    name: str
    path: str
    status: Status
    global_step: int = 0
    max_steps: int | None = None
    loss: float | None = None
    last_event_age: float | None = None
    message: str = ""

    @property
    def is_live(self) -> bool:
        """Whether a worker is, or soon will be, at the run."""
        return self.status in LIVE


class _Tail(msgspec.Struct):
    """What the end of a log says.

    `lifecycle` is the event that decides the status, `reason` what was said right before it.
    """

    last: events.Event | None = None
    step: events.Step | None = None
    lifecycle: events.Event | None = None
    reason: events.Warned | None = None


_DECIDING = (
    events.RunStarted
    | events.RunResumed
    | events.Step
    | events.Paused
    | events.Resumed
    | events.RunFinished
    | events.RunStopped
    | events.RunFailed
)


_ENDING = events.RunFinished | events.RunStopped | events.RunFailed


def run_status(folder: Path) -> RunStatus:
    """Reads the two ends of a run's log and looks for its process; never the whole log.

    Where the log cannot be read the run counts as `unreadable` and `message` says why.
    """
    # The process first: one that ends between the two looks has then said its last word.
    process = read_process(folder)
    alive = has_worker(process, folder)
    try:
        tail = _read_tail(folder / EVENTS)
        started = read_started(folder)
    except OSError as error:
        message = f"Its log cannot be read: {error.strerror or error}."
        if isinstance(error, FileNotFoundError) and not folder.is_dir():
            message = "Its folder is not there any more: it was renamed, moved or deleted."
        return RunStatus(folder.name, str(folder), "unreadable", message=message)
    age = None if tail.last is None else max(0.0, time.time() - tail.last.time)
    status, message = _judge(folder, tail, age, process, alive)
    return RunStatus(
        name=folder.name,
        path=str(folder),
        status=status,
        global_step=_global_step(tail),
        max_steps=None if started is None else started.max_steps,
        loss=None if tail.step is None else float(tail.step.loss),
        last_event_age=age,
        message=message,
    )


def _read_tail(log: Path) -> _Tail:
    tail = _Tail()
    before: events.Event | None = None
    for line in lines_backwards(log):
        event = read_event(line)
        if event is None:
            continue
        tail.last = tail.last or event
        if isinstance(event, events.Warned) and _is_unasked_pause(before, tail):
            tail.reason = event
        before = before if isinstance(event, events.Heartbeat) else event
        if tail.lifecycle is None and isinstance(event, _DECIDING):
            tail.lifecycle = event
        if isinstance(event, events.Step):
            tail.step = event
            break
    return tail


def _is_unasked_pause(event: events.Event | None, tail: _Tail) -> bool:
    """Whether `event` is the pause that the run is in, and nobody asked for it."""
    return event is tail.lifecycle and isinstance(event, events.Paused) and event.request is None


def read_started(folder: Path) -> events.RunStarted | None:
    """The run's `run_started`, which stands near the log's beginning; raises `OSError`."""
    descriptor = os.open(folder / EVENTS, os.O_RDONLY | os.O_CLOEXEC)
    try:
        head = os.pread(descriptor, _HEAD, 0)
    finally:
        os.close(descriptor)
    at = head.find(_STARTED)
    line = head[head.rfind(b"\n", 0, at) + 1 :].partition(b"\n")[0] if at >= 0 else b""
    event = read_event(line)
    return event if isinstance(event, events.RunStarted) else None


def _global_step(tail: _Tail) -> int:
    found = [getattr(event, "global_step", 0) for event in (tail.step, tail.lifecycle)]
    return max(found)


def _judge(
    folder: Path, tail: _Tail, age: float | None, process: ProcessRecord | None, alive: bool
) -> tuple[Status, str]:
    ended = tail.lifecycle if isinstance(tail.lifecycle, _ENDING) else None
    began = 0.0 if process is None else process.since
    if ended is not None and alive and ended.time < began:
        # Said by the worker before; this one has not said a word yet.
        return "starting", "Its worker is being started."
    match ended:
        case events.RunFinished():
            return "finished", ""
        case events.RunStopped(reason=reason):
            return "stopped", reason
        case events.RunFailed(message=message):
            return "failed", message
    if not alive:
        if process is None and tail.last is None and _is_fresh(folder):
            return "starting", "Its worker is being started."
        return "crashed", _crash(folder, tail, process)
    if tail.last is not None and tail.last.time < began:
        # The log is that of a worker before; this one has not said a word yet.
        age = max(0.0, time.time() - began)
        if age <= STALLED_AFTER:
            return "starting", "Its worker is being started."
    # Before the first event the worker's own age is not known to the log; it is starting.
    if age is not None and age > STALLED_AFTER:
        return "stalled", f"No sign of life for {age:.0f} seconds."
    doing = f"{tail.last.phase}." if isinstance(tail.last, events.Progress) else ""
    match tail.lifecycle:
        case None:
            return "starting", doing
        case events.Paused():
            return "paused", doing or ("" if tail.reason is None else tail.reason.message)
    return "running", doing


def _is_fresh(folder: Path) -> bool:
    return time.time() - _written(folder / "config.json") < STALLED_AFTER


def _written(file: Path) -> float:
    """When `file` was written (Unix seconds); 0 where it is not there."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _crash(folder: Path, tail: _Tail, process: ProcessRecord | None) -> str:
    if process is not None and process.host != host():
        return f"Its worker ran on {process.host}, not on this machine."
    if is_alive(process):
        message = "It is a copy of a run whose worker still writes the original."
    elif tail.last is None:
        return f"Its worker never said a word; see {WORKER_LOG} in the run's folder."
    else:
        step = _global_step(tail)
        where = f"after step {step}" if step else "before its first step"
        message = f"Its worker ended without a last word {where}."
    if steps := saved_steps(folder):
        message += f" Its newest checkpoint is {CHECKPOINTS}/step-{steps[0]}."
    return message
