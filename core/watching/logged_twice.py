"""Whether what stands in a Trainer's checkpoints is in event files below its folder too.

`Trainer` writes each number to both: to `checkpoint-N/trainer_state.json` and, reporting to
TensorBoard, to an event file in `runs/…` below the same folder. Shown as two runs they would hide
one another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isclose, isnan
from pathlib import Path

from core.watching.trainer_states import Entry

_SINGLE = 1e-6
"""How far a number of single precision, as event files have it, is off at most, in parts of it."""


@dataclass(slots=True)
class EventCurves:
    """What the event files of one folder have said, but for what lies in the middle."""

    folder: Path
    first: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Step and value of each curve's first point, and of the last one the step."""
    last: dict[str, float] = field(default_factory=dict)

    def take(self, tag: str, step: float, value: float) -> None:
        """Adds a point."""
        self.first.setdefault(tag, (step, value))
        self.last[tag] = step


def event_runs(history: list[Entry], folder: Path, runs: dict[str, EventCurves]) -> list[str]:
    """Those of `runs` that the history of the Trainer's `folder` belongs to, the latest one last.

    None where it says more than they do. A run that was resumed has event files in several
    folders.
    """
    curves: dict[str, dict[float, float]] = {}
    for entry in history:
        curves.setdefault(entry.tag, {})[entry.step] = entry.value
    below = {name: run for name, run in runs.items() if folder in run.folder.parents}
    same = {name: run for name, run in below.items() if _agree(curves, run)}
    for tag, points in curves.items():
        of_tag = [run for run in same.values() if tag in run.first]
        if of_tag and not (
            min(run.first[tag][0] for run in of_tag) <= min(points)
            and max(run.last[tag] for run in of_tag) >= max(points)
        ):
            return []
    # The one that came furthest; folders of one Trainer are called by their time.
    return sorted(same, key=lambda name: (max(same[name].last.values()), name))


def _agree(curves: dict[str, dict[float, float]], run: EventCurves) -> bool:
    """Whether what both have begins with the same numbers, a loss among them.

    Only at the first step of all: what a run logged after the checkpoint from which another one
    went on is in no history.
    """
    shared = {
        tag: run.first[tag]
        for tag, points in curves.items()
        if tag in run.first and run.first[tag][0] in points
    }
    begin = min((step for step, _ in shared.values()), default=0.0)
    compared = {tag: value for tag, (step, value) in shared.items() if step == begin}
    return any("loss" in tag for tag in compared) and all(
        _equal(curves[tag][begin], value) for tag, value in compared.items()
    )


def _equal(one: float, other: float) -> bool:
    return isclose(one, other, rel_tol=_SINGLE) or (isnan(one) and isnan(other))
