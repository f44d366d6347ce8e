"""The history that `Trainer` keeps in each checkpoint's `trainer_state.json`."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path
from stat import S_ISREG

STATE = "trainer_state.json"
_NOT_CURVES = {"step", "epoch", "total_flos"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One number of the history; there are no times in it."""

    tag: str
    step: float
    value: float


@dataclass(frozen=True, slots=True)
class _State:
    """What counts of a file: nothing in it is known to be as it should."""

    history: list[object]
    max_steps: object


class TrainerState:
    """The newest state of one run; a checkpoint repeats the whole history before it.

    Sentences call its file by its path below `folder`. What cannot be read is said after
    `patience` seconds without a change: until then it may be about to be written.
    """

    def __init__(self, folder: Path, patience: float) -> None:
        self.max_steps = 0
        self.trouble = ""
        """What cannot be read of it at present, as a sentence."""
        self._folder = folder
        self._patience = patience
        self._seen: tuple[Path, int, int] | None = None
        self._stuck: tuple[tuple[Path, int, int], float] | None = None
        self.history: list[Entry] = []
        """All that was read of it."""

    def read(self, paths: list[Path]) -> tuple[list[Entry], float | None]:
        """The entries that are new, and the step from which on earlier ones are void, or None."""
        newest = _newest(paths)
        if newest is None or newest == self._seen:
            return [], None
        path = newest[0]
        name = path.relative_to(self._folder).as_posix()
        loaded = _load(path, name)
        if isinstance(loaded, str):
            if self._stuck is None or self._stuck[0] != newest:
                self._stuck = newest, time.monotonic()
            if time.monotonic() - self._stuck[1] >= self._patience:
                self.trouble = loaded
            return [], None
        before, self._seen = self._seen, newest
        self._stuck, self.trouble = None, ""
        found = self._entries(loaded, name)
        most = loaded.max_steps
        self.max_steps = most if isinstance(most, int) else 0
        same = 0
        for old, new in zip(self.history, found, strict=False):
            if old != new and not (old.value != old.value != new.value):
                break
            same += 1
        if same == len(found) and before is not None and newest[1] < before[1]:
            # The newest checkpoint was deleted, as Trainer does where another one is the best.
            return [], None
        void = self.history[same].step if same < len(self.history) else None
        if void is not None:
            # A curve is ascending: all that is from there on is told again.
            fresh = [entry for entry in found if entry.step >= void]
        else:
            fresh = found[same:]
        self.history = found
        return fresh, void

    def _entries(self, state: _State, name: str) -> list[Entry]:
        """Named as `Trainer` names its scalars for TensorBoard: `train/loss`, `eval/accuracy`."""
        found: list[Entry] = []
        faulty: list[int] = []
        for number, logged in enumerate(state.history, 1):
            entries, sound = _numbers(logged)
            found += entries
            if not sound:
                faulty.append(number)
        if faulty:
            some = "1 entry" if len(faulty) == 1 else f"{len(faulty):,} entries"
            what = f"of {len(state.history):,} in log_history, the first of them number {faulty[0]}"
            self.trouble = f"{name}: {some} ({what}) cannot be read whole. What is good is taken."
        return found


def _load(path: Path, name: str) -> _State | str:
    """What stands in the file; a sentence where it is no trainer's state."""
    try:
        state = json.loads(path.read_bytes())
    except OSError as error:
        return f"{name} cannot be read: {error.strerror}."
    except (ValueError, RecursionError):
        return f"{name} is no whole JSON document. Nothing of it is taken."
    history = state.get("log_history") if isinstance(state, dict) else None
    if not isinstance(history, list):
        return f"{name} has no list called log_history. Nothing of it is taken."
    return _State(history, state.get("max_steps"))


def _newest(paths: list[Path]) -> tuple[Path, int, int] | None:
    stamps = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue
        if not S_ISREG(status.st_mode):
            continue
        stamps.append((status.st_mtime_ns, path, status.st_size))
    if not stamps:
        return None
    stamp, path, size = max(stamps)
    return path, stamp, size


def _numbers(logged: object) -> tuple[list[Entry], bool]:
    """The numbers of one entry, and whether there is nothing else in it."""
    step = _number(logged.get("step")) if isinstance(logged, dict) else None
    if not isinstance(logged, dict) or step is None or not isfinite(step):
        return [], False
    found = []
    sound = True
    for name, value in logged.items():
        if name in _NOT_CURVES or isinstance(value, bool):
            continue
        number = nan if value is None else _number(value)
        if number is None:
            sound = False
        else:
            found.append(Entry(_tag(name), step, number))
    return found, sound


def _number(value: object) -> float | None:
    """As a float; None where it is no number, or too large for one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _tag(name: str) -> str:
    for prefix in ("eval", "test"):
        if name.startswith(f"{prefix}_"):
            return f"{prefix}/{name.removeprefix(f'{prefix}_')}"
    return f"train/{name}"
