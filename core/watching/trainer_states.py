"""The history that `Trainer` keeps in each checkpoint's `trainer_state.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import nan
from pathlib import Path

STATE = "trainer_state.json"
_NOT_CURVES = {"step", "epoch", "total_flos"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One number of the history; there are no times in it."""

    tag: str
    step: float
    value: float


class TrainerState:
    """The newest state of one run; a checkpoint repeats the whole history before it."""

    def __init__(self) -> None:
        self.max_steps = 0
        self.trouble = ""
        self._seen: tuple[Path, int, int] | None = None
        self._told: list[Entry] = []

    def read(self, paths: list[Path]) -> tuple[list[Entry], float | None]:
        """The entries that are new, and the step from which on earlier ones are void, or None."""
        newest = _newest(paths)
        if newest is None:
            return [], None
        path, stamp, size = newest
        if newest == self._seen:
            return [], None
        try:
            history = json.loads(path.read_bytes())
            found = _entries(history)
        except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
            self.trouble = f"{path.parent.name}/{STATE} cannot be read ({type(error).__name__})."
            return [], None
        self._seen = path, stamp, size
        most = history.get("max_steps")
        self.max_steps = most if isinstance(most, int) else 0
        same = 0
        for before, after in zip(self._told, found, strict=False):
            if before != after and not (before.value != before.value != after.value):
                break
            same += 1
        void = self._told[same].step if same < len(self._told) else None
        if void is not None:
            # A curve is ascending: all that is from there on is told again.
            fresh = [entry for entry in found if entry.step >= void]
        else:
            fresh = found[same:]
        self._told = found
        return fresh, void


def _newest(paths: list[Path]) -> tuple[Path, int, int] | None:
    stamps = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue
        stamps.append((status.st_mtime_ns, path, status.st_size))
    if not stamps:
        return None
    stamp, path, size = max(stamps)
    return path, stamp, size


def _entries(state: dict[str, object]) -> list[Entry]:
    """Named as `Trainer` names its scalars for TensorBoard: `train/loss`, `eval/accuracy`."""
    history = state["log_history"]
    if not isinstance(history, list):
        raise TypeError("log_history is no list")
    found = []
    for logged in history:
        step = logged.get("step")
        if not isinstance(step, int | float):
            continue
        for name, value in logged.items():
            if name in _NOT_CURVES or isinstance(value, bool):
                continue
            if isinstance(value, int | float):
                found.append(Entry(_tag(name), float(step), float(value)))
            elif value is None:
                found.append(Entry(_tag(name), float(step), nan))
    return found


def _tag(name: str) -> str:
    for prefix in ("eval", "test"):
        if name.startswith(f"{prefix}_"):
            return f"{prefix}/{name.removeprefix(f'{prefix}_')}"
    return f"train/{name}"
