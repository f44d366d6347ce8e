"""The process that reads: `python -m core.watching.reader FOLDER [--once]`. Heavy.

Its messages go to stdout.

It ends when its standard input does, and so never outlives the app.
"""

from __future__ import annotations

import os
import select
import sys
import time
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING

from core.watching.logged_twice import EventCurves, event_runs
from core.watching.protocol import (
    ONCE,
    CaughtUp,
    Message,
    Planned,
    Points,
    Rewound,
    Trouble,
    frame,
)
from core.watching.trainer_states import STATE, TrainerState

if TYPE_CHECKING:
    from core.watching.event_files import EventFile

_AT_ONCE = 8_192
"""Records of one file between two messages: the first curve is seen early."""
_EAGER, _IDLE = 0.2, 1.0
_SHARE = 4
"""How much longer it waits than it looked, where it found nothing new."""
_PATIENCE = 3.0
"""Seconds after which a document that is not whole is not merely being written."""
_FLUSHED = 150.0
"""The same of a record: what writes event files writes in blocks, and the rest every 2 minutes."""
_EVENTS, _NO_EVENTS = "tfevents", ".profile-empty"
"""What TensorBoard knows its files by, and the one of its profiler that has nothing in it."""
_CHECKPOINTS = ("checkpoint-", "tmp-checkpoint-")
"""What Trainer calls their folders; some versions the second until one is written whole."""
_MISSING = (
    "TensorBoard's event files need a package that is not installed: "
    "pip install 'termformer[tensorboard]'."
)


@dataclass(slots=True)
class _Column:
    """What of one curve was read and not told yet."""

    steps: array[float] = field(default_factory=lambda: array("d"))
    times: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))


class FolderReader:
    """Finds the files under a folder, and tells what is new in them.

    Who looks only `once` is told at once what is not whole: nobody waits for the rest of it.
    """

    def __init__(self, folder: Path, *, once: bool = False) -> None:
        self._folder = folder
        self._patience = 0.0 if once else _PATIENCE
        self._flushed = 0.0 if once else _FLUSHED
        self._files: dict[Path, EventFile] = {}
        self._states: dict[str, TrainerState] = {}
        self._last: dict[tuple[str, str], float] = {}
        self._troubles: dict[str, str] = {}
        """What cannot be read at present, by what it is about; and what was said of that."""
        self._said: dict[str, str] = {}
        self._in_events: dict[str, EventCurves] = {}
        """What event files have, by its run; they say more of a curve than a state does."""
        self._same: dict[str, list[str]] = {}
        """Runs of event files that a state repeats, by its own run."""
        self._apart: set[str] = set()
        """Runs whose states say more."""
        self._columns: dict[tuple[str, str], _Column] = {}
        self._planned: dict[str, int] = {}
        self._count = 0

    def sweep(self) -> Iterable[Message]:
        """Everything that is new, piece by piece; `CaughtUp` at the end."""
        self._troubles.clear()
        event_files, states = self._find()
        self._count = len(event_files) + sum(map(len, states.values()))
        for path in event_files:
            yield from self._read_events(path)
        for folder, paths in states.items():
            yield from self._read_state(folder, paths)
        for about in sorted({*self._said, *self._troubles}):
            message = self._troubles.get(about, "")
            if message != self._said.get(about, ""):
                self._said[about] = message
                yield Trouble(about, message)
        yield CaughtUp(self._count)

    def _find(self) -> tuple[list[Path], dict[Path, list[Path]]]:
        event_files: list[Path] = []
        states: dict[Path, list[Path]] = {}
        seen: set[tuple[int, int]] = set()
        for folder, below, names in os.walk(
            self._folder, onerror=self._cannot_list, followlinks=True
        ):
            # By its own name first, and by a link (`latest`) only where it is not seen otherwise.
            below.sort(key=lambda name: (Path(folder, name).is_symlink(), name))
            if _is_known(folder, seen):
                below.clear()
                continue
            for name in sorted(names):
                path = Path(folder, name)
                if _EVENTS in name and not name.endswith(_NO_EVENTS):
                    event_files.append(path)
                elif name == STATE:
                    parent = path.parent
                    whole = parent.parent if parent.name.startswith(_CHECKPOINTS) else parent
                    inside = whole if whole.is_relative_to(self._folder) else self._folder
                    states.setdefault(inside, []).append(path)
        return event_files, states

    def _cannot_list(self, error: OSError) -> None:
        folder = Path(error.filename)
        if folder == self._folder:
            words = f"{folder} cannot be read: {error.strerror}. What was read of it is shown."
        elif isinstance(error, FileNotFoundError):
            return  # it went while the folder above it was looked through
        else:
            name = folder.relative_to(self._folder).as_posix()
            words = f"{name} cannot be read: {error.strerror}."
        self._troubles[str(folder)] = words

    def _run(self, folder: Path) -> str:
        """A run's name: its folder's, below the one that is watched."""
        below = folder.relative_to(self._folder).as_posix()
        return self._folder.name if below == "." else below

    def _read_events(self, path: Path) -> Iterable[Message]:
        try:
            from core.watching.event_files import EventFile
        except ImportError:
            self._troubles[_MISSING] = _MISSING
            return
        name = path.relative_to(self._folder).as_posix()
        try:
            file = self._files.get(path)
            if file is None:
                file = self._files[path] = EventFile(path, name, self._flushed)
            yield from self._read_scalars(file, path.parent)
            self._troubles[str(path)] = file.trouble
        except Exception as error:  # TensorBoard's own kinds among them
            yield from self._flush()
            if path.exists():  # else it went while the folder was looked through
                why = error.strerror if isinstance(error, OSError) else str(error).rstrip(".")
                self._troubles[str(path)] = f"{name} cannot be read: {why}."

    def _read_scalars(self, file: EventFile, folder: Path) -> Iterable[Message]:
        run = self._run(folder)
        while True:
            for scalar in file.read(_AT_ONCE):
                curves = self._in_events.get(run)
                if curves is None:
                    curves = self._in_events[run] = EventCurves(folder)
                curves.take(scalar.tag, scalar.step, scalar.value)
                if self._is_earlier(run, scalar.tag, scalar.step):
                    yield from self._flush()
                    yield Rewound(run, scalar.tag, scalar.step)
                self._add(run, scalar.tag, scalar.step, scalar.time, scalar.value)
            yield from self._flush()
            if not file.records:
                return

    def _read_state(self, folder: Path, paths: list[Path]) -> Iterable[Message]:
        run = self._run(folder)
        state = self._states.setdefault(run, TrainerState(self._folder, self._patience))
        entries, void = state.read(paths)
        self._troubles[run] = state.trouble
        if run not in self._apart and (entries or void is not None):
            self._same[run] = event_runs(state.history, folder, self._in_events)
            if not self._same[run]:
                self._apart.add(run)
                entries = state.history
        same = self._same.get(run) or [run]
        run = same[-1]
        if state.max_steps and self._planned.get(run) != state.max_steps:
            self._planned[run] = state.max_steps
            yield Planned(run, state.max_steps)
        known = {
            tag for each in same if each in self._in_events for tag in self._in_events[each].last
        }
        if void is not None:
            for of, tag in [key for key in self._last if key[0] == run]:
                if self._last[of, tag] >= void and tag not in known:
                    self._last[of, tag] = void - 1
                    yield Rewound(of, tag, void)
        for entry in entries:
            if entry.tag in known:
                continue
            if self._is_earlier(run, entry.tag, entry.step):
                yield from self._flush()
                yield Rewound(run, entry.tag, entry.step)
            self._add(run, entry.tag, entry.step, nan, entry.value)
        yield from self._flush()

    def _is_earlier(self, run: str, tag: str, step: float) -> bool:
        """Whether a resumed program repeats steps: the newest word counts."""
        return step < self._last.get((run, tag), step)

    def _add(self, run: str, tag: str, step: float, time: float, value: float) -> None:
        key = run, tag
        self._last[key] = step
        column = self._columns.get(key)
        if column is None:
            column = self._columns[key] = _Column()
        column.steps.append(step)
        column.times.append(time)
        column.values.append(value)

    def _flush(self) -> Iterable[Message]:
        for (run, tag), column in self._columns.items():
            yield Points(
                run, tag, column.steps.tobytes(), column.times.tobytes(), column.values.tobytes()
            )
        self._columns.clear()


def _is_known(folder: str, seen: set[tuple[int, int]]) -> bool:
    """Whether the folder is among those `seen`, to which it is added."""
    try:
        status = Path(folder).stat()
    except OSError:
        return False
    key = status.st_dev, status.st_ino
    known = key in seen
    seen.add(key)
    return known


def main(folder: Path, *, once: bool) -> None:
    """Tells all that is and comes to be under `folder`, until standard input ends."""
    reader = FolderReader(folder, once=once)
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints is not to stand between messages.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    wait = _EAGER
    while True:
        news, began = False, time.monotonic()
        for message in reader.sweep():
            output.write(frame(message))
            news |= not isinstance(message, CaughtUp)
        output.flush()
        # A folder of very many files takes a fifth of a processor, not a whole one.
        at_rest = _SHARE * (time.monotonic() - began)
        wait = _EAGER if news else max(at_rest, min(_IDLE, wait * 1.5))
        ready, _, _ = select.select([sys.stdin], [], [], wait)
        if ready and not os.read(sys.stdin.fileno(), 1):
            return


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), once=ONCE in sys.argv[2:])
    except BrokenPipeError:
        os._exit(0)
