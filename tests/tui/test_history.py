"""What a log comes to in figures."""

from __future__ import annotations

import msgspec
import pytest

from core.runs import events
from core.runs.log import EventBatch
from tests.tui import training
from tui.panes.train.history import RunHistory

STARTED = msgspec.structs.replace(training.STARTED, max_steps=100, steps_per_epoch=50)


def step(number: int, time: float) -> events.Step:
    return events.Step(
        global_step=number,
        epoch=number / 50,
        loss=0.5,
        learning_rate=1e-4,
        grad_norm=1.0,
        samples_per_second=8.0,
        time=time,
    )


def evaluation(number: int, time: float) -> events.Evaluation:
    return events.Evaluation(
        global_step=number, epoch=number / 50, split="validation", loss=0.5, accuracy=0.5, time=time
    )


@pytest.mark.parametrize(("eval_steps", "evaluations"), [(None, 2), (10, 8), (30, 4), (200, 1)])
def test_the_time_left_counts_the_evaluations_that_are_due(
    eval_steps: int | None, evaluations: int
) -> None:
    history = RunHistory(16, eval_steps)
    found: list[events.Event] = [STARTED]
    found += [step(number, 2.0 * number) for number in range(1, 11)]
    found += [evaluation(10, 25.0), *(step(number, 2.0 * number + 5) for number in range(11, 21))]
    history.take(EventBatch(found, []))
    # Eighty steps of 2 s; evaluations of 5 s, the last of them on the test split.
    assert history.seconds_left() == 80 * 2 + (evaluations + 1) * 5
