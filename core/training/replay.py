"""What a log already says of the steps that a resumed worker has to compute once more."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.runs.events import (
    Evaluation,
    Event,
    LearningRateSet,
    Number,
    Probed,
    Step,
    Streamed,
    Warned,
    event_decoder,
)
from core.runs.folder import EVENTS
from core.runs.log import lines_backwards

if TYPE_CHECKING:
    from core.training.loop import TrainingLoop


@dataclass(slots=True)
class Replay:
    """Steps up to `last_step` are in the log: they are recomputed, compared and not said again."""

    last_step: int = 0
    losses: dict[int, Number] = field(default_factory=dict)
    learning_rates: dict[int, float] = field(default_factory=dict)
    """Those that were asked for, by the step they followed."""
    evaluated: set[tuple[str, int]] = field(default_factory=set)
    probed: set[int] = field(default_factory=set)
    streamed: set[int] = field(default_factory=set)
    differences: int = 0
    seconds: float = 0.0
    """What the workers before took, each from its first word to its last."""

    @classmethod
    def read(cls, folder: Path, checkpoint_step: int) -> Replay:
        """What the log in `folder` says from `checkpoint_step` on."""
        found = cls(seconds=_seconds_worked(folder / EVENTS))
        for line in lines_backwards(folder / EVENTS):
            try:
                event = event_decoder.decode(line)
            except msgspec.MsgspecError:
                continue
            match event:
                case Step(global_step=step):
                    if step <= checkpoint_step:
                        break
                    found.last_step = max(found.last_step, step)
                    found.losses[step] = event.loss
                case LearningRateSet(global_step=step, learning_rate=wanted):
                    # Backwards: what is found first was set last.
                    found.learning_rates.setdefault(step, wanted)
                case Evaluation(global_step=step, split=split, request=None):
                    found.evaluated.add((split, step))
                case Probed(global_step=step, request=None):
                    found.probed.add(step)
                case Streamed(global_step=step):
                    found.streamed.add(step)
                case _:
                    pass
        return found

    def covers(self, step: int) -> bool:
        """Whether `step` steps were logged before."""
        return step < self.last_step

    def steer(self, loop: TrainingLoop) -> None:
        """Sets the learning rate that was asked for at this step."""
        if (wanted := self.learning_rates.get(loop.global_step)) is not None:
            loop.set_learning_rate(wanted)

    def new(self, event: Event) -> Event | None:
        """What is to be logged for `event`: itself, nothing, or that its loss is another one."""
        match event:
            case Step(global_step=step) if step <= self.last_step:
                logged = self.losses.get(step)
                if logged is None or logged == event.loss:
                    return None
                self.differences += 1
                if self.differences > 1:
                    return None
                return Warned(
                    message=f"Step {step}, computed again, has loss {event.loss} instead of "
                    f"{logged}: the curve from here on is not the one it would have been. "
                    "Exactness is only promised on the same machine."
                )
            case Evaluation(global_step=step, split=split, request=None):
                return None if (split, step) in self.evaluated else event
            case Probed(global_step=step, request=None):
                return None if step in self.probed else event
            case Streamed(global_step=step):
                return None if step in self.streamed else event
        return event


class _Moment(msgspec.Struct):
    time: float = 0.0


_moment_decoder = msgspec.json.Decoder(_Moment)
_RESUMED = b'"type":"run_resumed"'


def _seconds_worked(log: Path) -> float:
    """Of all workers in a log: what passed between them does not count."""
    seconds = 0.0
    first = last = b""
    for line in lines_backwards(log):
        first, last = line, last or line
        if _RESUMED in line:
            seconds += _seconds_between(first, last)
            last = b""
    return seconds + (_seconds_between(first, last) if last else 0.0)


def _seconds_between(first: bytes, last: bytes) -> float:
    try:
        return max(0.0, _moment_decoder.decode(last).time - _moment_decoder.decode(first).time)
    except msgspec.MsgspecError:
        return 0.0
