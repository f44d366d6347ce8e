"""What a log comes to in figures."""

from __future__ import annotations

import msgspec
import pytest

from core.runs import events
from core.runs.log import EventBatch
from tests.tui import training
from tui.panes.train.history import RunHistory

STARTED = msgspec.structs.replace(training.STARTED, max_steps=100, steps_per_epoch=50)


def take(history: RunHistory, *found: events.Event) -> None:
    history.take(EventBatch(list(found), []))


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
    take(history, *found)
    # Eighty steps of 2 s; evaluations of 5 s, the last of them on the test split.
    assert history.seconds_left() == 80 * 2 + (evaluations + 1) * 5


def test_what_the_memory_is_stays_until_it_changes_by_a_megabyte() -> None:
    history = RunHistory(16)
    for first, memory in ((1, 600_000_000), (4, 600_400_000), (7, 750_000_000)):
        found = [step(number, float(number)) for number in range(first, first + 3)]
        take(history, *(msgspec.structs.replace(each, memory=memory) for each in found))
    series = history.curves.series("memory (MB)")
    points = [(1, 600), (3, 600), (6, 600), (7, 750), (9, 750)]
    assert list(zip(series.x, series.y, strict=True)) == points


def test_a_clock_that_is_set_back_does_not_turn_the_time_axis_round() -> None:
    history = RunHistory(16)
    take(history, *(step(n, time) for n, time in enumerate((10.0, 12.0, 5.0, 11.0), 1)))
    take(history, step(5, 6.0), step(6, 15.0))
    assert list(history.curves.seconds) == [0, 2, 2, 2, 2, 5]


def test_how_long_each_phase_before_the_first_step_took() -> None:
    history = RunHistory(16)
    loading = events.Progress(phase="Loading", time=1.0)
    reading = [events.Progress(phase="Reading", done=n, time=3.0 + n) for n in (0, 1)]
    take(history, loading, *reading)
    assert history.phase is not None
    assert (history.phase.name, history.phase.done) == ("Reading", 1)
    take(history, events.RunFailed(message="No.", time=6.0))
    assert history.phase is None
    took = [(phase.name, phase.last - phase.began) for phase in history.phases]
    assert took == [("Loading", 2.0), ("Reading", 3.0)]


def test_only_what_changes_how_a_run_fares_is_a_turn() -> None:
    history = RunHistory(16)
    paused = events.Paused(global_step=1)
    quiet: list[events.Event] = [events.Heartbeat(), events.Warned(message="Hm."), evaluation(1, 2)]
    take(history, STARTED, step(1, 1.0), *quiet, paused, *quiet)
    assert (history.turns, history.turn) == (2, paused)
