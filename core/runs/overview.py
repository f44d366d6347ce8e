"""What a list of runs says of each: how it fares, its best evaluation, its size, its notes."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import msgspec

from core.errors import RunError
from core.runs.config import RunConfig, read_config
from core.runs.events import Evaluation
from core.runs.folder import EVENTS
from core.runs.notes import RunNotes, read_notes
from core.runs.partial import read_event
from core.runs.status import RunStatus, run_status
from core.sizes import size

_BLOCK = 1 << 20
_EVALUATION = b'"evaluation"'
"""What stands in a line of one, whatever stands between its words in another version's."""


class RunOverview(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a list. `created` is in Unix seconds; `size` in bytes, checkpoints included."""

    status: RunStatus
    created: float
    config: RunConfig | None
    best: Evaluation | None
    """The evaluation on validation with the highest accuracy; of equal ones the first."""
    size: int | None
    notes: RunNotes

    @property
    def name(self) -> str:
        """The folder's."""
        return self.status.name

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self.status.path)


@dataclass(slots=True)
class _Known:
    offset: int = 0
    best: Evaluation | None = None
    size: int | None = None
    sized_at: tuple[int, int] | None = None


class Overviews:
    """Looks at runs again and again; of a log only what is new is read.

    The first look reads every log once, at the speed of a search for a few bytes, so call it in a
    thread. Several threads may.
    """

    def __init__(self) -> None:
        self._known: dict[Path, _Known] = {}
        self._lock = threading.Lock()

    def look(self, folders: Iterable[Path]) -> list[RunOverview]:
        """How these runs are now; one that is gone meanwhile is left out."""
        with self._lock:
            found = [self._look(folder) for folder in folders]
        return [overview for overview in found if overview is not None]

    def _look(self, folder: Path) -> RunOverview | None:
        try:
            created = (folder / "config.json").stat().st_mtime
        except OSError:
            self._known.pop(folder, None)
            return None
        with contextlib.suppress(OSError):  # what cannot be read is the status's to say
            self._look_at_log(folder)
        known = self._known.get(folder, _Known())
        try:
            config = read_config(folder)
        except RunError:
            config = None
        return RunOverview(
            status=run_status(folder),
            created=created,
            config=config,
            best=known.best,
            size=known.size,
            notes=read_notes(folder),
        )

    def _look_at_log(self, folder: Path) -> None:
        log = (folder / EVENTS).stat()
        known = self._known.setdefault(folder, _Known())
        if log.st_size < known.offset:
            known = self._known[folder] = _Known()
        stamp = (log.st_size, log.st_mtime_ns)
        if known.sized_at != stamp:
            known.size, known.sized_at = size(folder), stamp
        _read_evaluations(folder / EVENTS, known)


def _read_evaluations(file: Path, known: _Known) -> None:
    """Goes on from `known.offset` to the last whole line; raises `OSError`."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while data := os.pread(descriptor, _BLOCK, known.offset):
            end = data.rfind(b"\n") + 1
            if not end and len(data) < _BLOCK:
                return
            # A line longer than a block is none that an event has.
            block = data[: end or len(data)]
            known.offset += len(block)
            _take(block, known)
    finally:
        os.close(descriptor)


def _take(block: bytes, known: _Known) -> None:
    at = block.find(_EVALUATION)
    while at >= 0:
        start, end = block.rfind(b"\n", 0, at) + 1, block.find(b"\n", at)
        end = len(block) if end < 0 else end
        event = read_event(block[start:end])
        if isinstance(event, Evaluation) and event.split == "validation":
            best = known.best
            # Another version's may have none.
            if isfinite(event.accuracy) and (best is None or event.accuracy > best.accuracy):
                known.best = event
        at = block.find(_EVALUATION, end)
