"""What a run is going to do, told before it starts, from its configuration and earlier runs."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from itertools import islice, pairwise
from pathlib import Path
from statistics import median

import msgspec

from core.datafiles.glance import Glance, stamp
from core.errors import RunError
from core.runs.config import REVIEWS, RunConfig, read_config
from core.runs.events import Evaluation, Event, Step, event_decoder
from core.runs.folder import EVENTS
from core.runs.log import lines_backwards
from core.runs.process import host, read_process
from core.runs.status import read_started

REVIEWS_ROWS = 5_328
"""Training rows of the embedded reviews; a test counts them."""
_LOOKED_AT = 50
"""Earlier runs, the newest first."""
_LINES = 400
_MOST_MARKS = 1_000


class Precedent(msgspec.Struct, frozen=True, kw_only=True):
    """What an earlier run tells of one like it; seconds where they could be measured here.

    `train_rows` is None where its data has changed since.
    """

    name: str
    train_rows: int | None
    step_seconds: float | None = None
    evaluation_seconds: float | None = None


class RunPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a run will do, as far as that is known before its data is read.

    `evaluations` are the steps after which the validation split is evaluated, `checkpoints` those
    after which one is saved by the step; both at most `_MOST_MARKS`. `seconds` is an estimate by
    `measured_in`, an earlier run's name. `glance` is what its data's files show.
    """

    train_rows: int | None
    steps_per_epoch: int | None
    max_steps: int | None
    warmup_steps: int
    evaluations: list[int]
    checkpoints: list[int]
    seconds: float | None = None
    measured_in: str = ""
    glance: Glance | None = None

    def learning_rate(self, step: int, peak: float) -> float:
        """Of the step after `step` steps: a linear rise to `peak`, then a linear fall to zero."""
        steps = self.max_steps or 1
        if step < self.warmup_steps:
            return peak * step / self.warmup_steps
        return peak * max(0, steps - step) / max(1, steps - self.warmup_steps)


def plan_run(
    config: RunConfig, precedent: Precedent | None = None, glance: Glance | None = None
) -> RunPlan:
    """What a run of `config` does; `precedent` is an earlier run on the same data."""
    rows = REVIEWS_ROWS if config.data == REVIEWS else glance.train_rows if glance else None
    if rows is None and precedent is not None:
        rows = precedent.train_rows
    batch = config.batch_size * config.gradient_accumulation_steps
    per_epoch = None if rows is None else -(-rows // batch)
    steps = None if per_epoch is None else config.epochs * per_epoch
    if config.max_steps is not None:
        steps = config.max_steps if steps is None else min(steps, config.max_steps)
    evaluations = _every(config.eval_steps or per_epoch, steps, at_end=True)
    seconds = None
    if precedent is not None and precedent.step_seconds is not None and steps is not None:
        # One more evaluation, on the test split.
        each = precedent.evaluation_seconds or 0.0
        seconds = steps * precedent.step_seconds + (len(evaluations) + 1) * each
    return RunPlan(
        train_rows=rows,
        steps_per_epoch=per_epoch,
        max_steps=steps,
        warmup_steps=config.warmup_steps(steps or 0),
        evaluations=evaluations,
        checkpoints=_every(config.save_steps, steps, at_end=False),
        seconds=seconds,
        measured_in="" if seconds is None or precedent is None else precedent.name,
        glance=glance,
    )


def _every(every: int | None, steps: int | None, *, at_end: bool) -> list[int]:
    if not every or not steps:
        return [steps] if steps and at_end else []
    found = list(islice(range(every, steps + 1, every), _MOST_MARKS))
    return [*found, steps] if at_end and (not found or found[-1] != steps) else found


def find_precedent(config: RunConfig, folders: Iterable[Path]) -> Precedent | None:
    """The newest of these runs that tells how long one like `config` takes, or how many rows.

    One that trained the same model on the same data in the same way on this machine tells both;
    where there is none, one on the same data the rows. Reads a configuration a run, and the two
    ends of few logs: call it in a thread.
    """
    rows: Precedent | None = None
    changed = stamp(config.data)
    for folder in islice(folders, _LOOKED_AT):
        try:
            earlier = read_config(folder)
            if earlier.data != config.data:
                continue
            started = read_started(folder)
            if started is None:
                continue
            is_stale = changed is not None and changed[0] > started.time * 1e9
            train_rows = None if is_stale else started.train_rows
            if _is_like(earlier, config) and _was_here(folder):
                found = _measured(folder, train_rows)
                if found.step_seconds is not None:
                    return found
        except (RunError, OSError):
            continue
        rows = rows or Precedent(name=folder.name, train_rows=train_rows)
    return rows


def _is_like(earlier: RunConfig, config: RunConfig) -> bool:
    """Whether a step of both takes about the same time."""
    alike = (
        "model",
        "batch_size",
        "gradient_accumulation_steps",
        "max_length",
        "adapter",
        "scratch",
        "plain",
        "route",
        "num_processes",
    )
    return all(getattr(earlier, field) == getattr(config, field) for field in alike)


def _was_here(folder: Path) -> bool:
    process = read_process(folder)
    return process is not None and process.host == host()


def _measured(folder: Path, train_rows: int | None) -> Precedent:
    """By the times of the last lines of its log."""
    events: list[Event] = []
    for line in islice(lines_backwards(folder / EVENTS), _LINES):
        try:
            event = event_decoder.decode(line)
        except msgspec.MsgspecError:
            continue
        if isinstance(event, Step | Evaluation):
            events.append(event)
    steps: list[float] = []
    evaluations: list[float] = []
    for earlier, later in pairwise(reversed(events)):
        passed = max(0.0, later.time - earlier.time)
        if isinstance(later, Step) and isinstance(earlier, Step):
            steps.append(passed)
        elif isinstance(later, Evaluation) and later.request is None:
            evaluations.append(passed)
    return Precedent(
        name=folder.name,
        train_rows=train_rows,
        step_seconds=median(steps) if steps else None,
        evaluation_seconds=median(evaluations) if evaluations else None,
    )


def repeating(folder: Path) -> str:
    """The command that starts a run like the one in `folder` again, fit for a shell."""
    return f"termformer train --config {shlex.quote(os.fspath(folder.absolute() / 'config.json'))}"
