"""What a run computed, and whether another one computed the same."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file

from core.runs.events import (
    Evaluation,
    Event,
    Step,
    Warned,
)
from core.runs.folder import EVENTS
from core.runs.log import EventReader
from core.training.worker import Worker


class Killed(BaseException):
    """Ends a worker in this process as a kill would: nobody catches it."""


def events_of(folder: Path) -> list[Event]:
    return [event for batch in EventReader(folder / EVENTS).drain() for event in batch.events]


def curve_of(folder: Path) -> list[tuple[object, ...]]:
    """All that a run computed, in the order of its log, without what depends on the clock."""
    found: list[tuple[object, ...]] = []
    for event in events_of(folder):
        match event:
            case Step():
                rate, norm = event.learning_rate, event.grad_norm
                found.append((event.global_step, event.loss, rate, norm, event.padding))
            case Evaluation(request=None):
                found.append((event.split, event.global_step, event.loss, event.accuracy))
    return found


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model" / "model.safetensors")


def assert_same(folder: Path, reference: Path) -> None:
    assert curve_of(folder) == curve_of(reference)
    ours, theirs = weights_of(folder), weights_of(reference)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    events = events_of(folder)
    assert [event.seq for event in events] == list(range(len(events)))
    assert not [event for event in events if isinstance(event, Warned)]


def carry_out(folder: Path, *, resume: bool = False) -> None:
    Worker(folder, resume=resume).run()
