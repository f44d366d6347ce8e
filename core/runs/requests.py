"""Wishes to a running worker: each is one small file in the run's `requests/`.

Written beside and renamed, so that a worker never sees half of one; named by time, so that they
are carried out in order; with an id, which the worker logs before it removes the file.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec

from core.durable import write_atomic
from core.errors import RunError
from core.runs.events import Event, Progress, RunResumed, RunStarted, event_decoder
from core.runs.folder import EVENTS, REQUESTS
from core.runs.log import lines_backwards
from core.runs.status import run_status

_SUFFIX = ".json"
_LARGEST = 1 << 16
GOING_ON = "Going on"
"""The phase in which a worker that resumes a run has its data, its model and its checkpoint."""


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Save a checkpoint and end."""


class SaveCheckpoint(msgspec.Struct, frozen=True, tag="checkpoint"):
    """Save a checkpoint and go on."""


class Evaluate(msgspec.Struct, frozen=True, tag="evaluate"):
    """Evaluate on the validation split and go on; a paused run stays paused."""


class Pause(msgspec.Struct, frozen=True, tag="pause"):
    """Take no more steps until `Resume`; the model stays in memory."""


class Resume(msgspec.Struct, frozen=True, tag="resume"):
    """Go on after a pause."""


class SetLearningRate(msgspec.Struct, frozen=True, tag="set_learning_rate"):
    """From the next step on; it falls linearly to zero from there. In the warm-up: its peak."""

    learning_rate: float

    @property
    def problem(self) -> str:
        """Why no run would take it, as a sentence; empty where one would."""
        sound = 0 < self.learning_rate <= 1
        return "" if sound else "The learning rate must be above 0 and at most 1."


class Probe(msgspec.Struct, frozen=True, tag="probe"):
    """Classify these sentences now and at each evaluation from now on; none ends it."""

    sentences: list[str]


Request = Stop | SaveCheckpoint | Evaluate | Pause | Resume | SetLearningRate | Probe


class PostedRequest(msgspec.Struct, frozen=True):
    """A request as it lies in the folder. `request` is None where the file holds none."""

    id: str
    path: Path
    request: Request | None
    problem: str = ""


_decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)


def post_request(folder: Path, request: Request) -> str:
    """Asks the run's worker for something; returns the id that its events will carry.

    Raises `RunError` where no worker is there to hear it, or the folder cannot be written.
    """
    if isinstance(request, SetLearningRate) and request.problem:
        raise RunError(request.problem)
    status = run_status(folder)
    if not status.is_live:
        raise RunError(f"The run {folder.name} is {status.status}; no worker is there to ask.")
    request_id = uuid.uuid4().hex[:12]
    path = folder / REQUESTS / f"{time.time_ns():020d}-{request_id}{_SUFFIX}"
    try:
        write_atomic(path, msgspec.json.encode(request), mode=0o660)
    except OSError as error:
        raise RunError(
            f"The run {folder.name} cannot be asked: {error.strerror or error}."
        ) from error
    return request_id


def find_answer(folder: Path, request_id: str, since: float) -> Event | None:
    """What the run's log says of a request that was posted at `since` (Unix seconds), if it does.

    Raises `OSError`.
    """
    # An evaluation is followed by its probes: the first word is the answer.
    answers = [
        event
        for event in _events_backwards(folder, since)
        if getattr(event, "request", None) == request_id
    ]
    return answers[-1] if answers else None


def find_resumed(folder: Path, since: float) -> RunResumed | RunStarted | None:
    """The word of a worker that took the run over after `since`, once it really goes on.

    Until then it may still find that it cannot. A run that had never begun says `run_started`.
    Raises `OSError`.
    """
    ready: Event | None = None
    for event in _events_backwards(folder, since):
        match event:
            case RunStarted():
                ready = event
            case Progress(phase=phase) if phase == GOING_ON:
                ready = event
            case RunResumed():
                return event if ready else None
    return ready if isinstance(ready, RunStarted) else None


def _events_backwards(folder: Path, since: float) -> Iterator[Event]:
    for line in lines_backwards(folder / EVENTS):
        try:
            event = event_decoder.decode(line)
        except msgspec.MsgspecError:
            continue
        if event.time < since:
            return
        yield event


def waiting_requests(folder: Path) -> list[PostedRequest]:
    """The requests not yet carried out, in the order they were posted.

    Costs one directory listing where there are none, so that a worker can look after each step.
    """
    requests = folder / REQUESTS
    try:
        names = os.listdir(requests)  # noqa: PTH208 (a Path for each name would cost more)
    except OSError:
        # None were posted yet, or the folder is another user's: nothing to be carried out here.
        return []
    # One that is still being written has another ending.
    return [_read(requests / name) for name in sorted(names) if name.endswith(_SUFFIX)]


def _read(path: Path) -> PostedRequest:
    request_id = path.name.removesuffix(_SUFFIX).rpartition("-")[2]
    try:
        with path.open("rb") as file:
            return PostedRequest(request_id, path, _decoder.decode(file.read(_LARGEST)))
    except (OSError, msgspec.MsgspecError) as error:
        return PostedRequest(request_id, path, None, f"The request {path.name} is none: {error}.")


def remove_request(posted: PostedRequest) -> None:
    """Takes a request away after it was carried out and logged."""
    posted.path.unlink(missing_ok=True)
