"""Runs whose worker is the test, and what the Train pane makes of them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import msgspec
from textual.pilot import Pilot

from core.runs import events
from core.runs.config import RunConfig
from core.runs.folder import EVENTS, create_run
from core.runs.log import EventReader, EventWriter
from core.runs.process import PROCESS, record_of, write_process
from tests.tui.conftest import screen_text
from tui.app import TermformerApp
from tui.panes.train import TrainPane

TRAIN = {"pane": "train"}
STARTED = events.RunStarted(
    max_steps=40,
    steps_per_epoch=20,
    train_rows=320,
    validation_rows=40,
    parameters=22_713_986,
    trainable=22_713_986,
    labels=["NEGATIVE", "POSITIVE"],
    threads=1,
    device="cpu",
)


class Held:
    """Stands in for a function that is called in a thread: each call waits until it is let go."""

    def __init__(self, held: Callable[..., Any]) -> None:
        self._held = held
        self._go_on = threading.Event()
        self.begun = self.done = 0

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.begun += 1
        assert self._go_on.wait(60)
        found = self._held(*arguments, **options)
        self.done += 1
        return found

    def hold(self) -> None:
        self._go_on.clear()

    def let_go(self) -> None:
        self._go_on.set()


class Run:
    """A run whose worker is this test: it writes the log and answers, or does not."""

    def __init__(
        self,
        name: str = "calm-otter",
        max_steps: int = 40,
        *,
        config: RunConfig | None = None,
        steps_per_epoch: int | None = None,
    ) -> None:
        self.folder = create_run(config or RunConfig(name=name, model="mini-base"))
        self.log = EventWriter(self.folder / EVENTS)
        self.max_steps = max_steps
        self.steps_per_epoch = steps_per_epoch or max(1, max_steps // 2)
        self.global_step = 0
        self.lives()

    def lives(self) -> None:
        write_process(self.folder)

    def dies(self) -> None:
        record = record_of(os.getpid())
        assert record is not None
        other = msgspec.structs.replace(record, started=record.started - 1)
        (self.folder / PROCESS).write_bytes(msgspec.json.encode(other))

    def starts(self, *notes: str) -> Run:
        own = {"max_steps": self.max_steps, "steps_per_epoch": self.steps_per_epoch}
        self.log.append(msgspec.structs.replace(STARTED, **own, notes=list(notes)))
        return self

    def steps(
        self, count: int, loss: Callable[[int], float] = lambda step: 1 / step, *, memory: int = 0
    ) -> Run:
        for _ in range(count):
            self.global_step += 1
            self.log.append(
                events.Step(
                    global_step=self.global_step,
                    epoch=self.global_step / self.steps_per_epoch,
                    loss=events.number(loss(self.global_step)),
                    learning_rate=2.5e-5,
                    grad_norm=1.25,
                    samples_per_second=41.0,
                    padding=0.25,
                    memory=memory,
                )
            )
        return self

    def evaluates(self, split: str, accuracy: float, *, loss: float = 0.4) -> Run:
        self.log.append(
            events.Evaluation(
                global_step=self.global_step,
                epoch=self.global_step / self.steps_per_epoch,
                split=split,
                loss=events.number(loss),
                accuracy=accuracy,
                majority_baseline=0.5,
            )
        )
        return self

    @property
    def losses(self) -> list[float]:
        """What stands in the log, read anew."""
        found = [
            event for batch in EventReader(self.folder / EVENTS).drain() for event in batch.events
        ]
        return [float(event.loss) for event in found if isinstance(event, events.Step)]


def pane_of(pilot: Pilot[None]) -> TrainPane:
    app = pilot.app
    assert isinstance(app, TermformerApp)
    return app.query_one(TrainPane)


def go_to(pilot: Pilot[None], field: str) -> None:
    """Marks a field of the form, as the arrow keys would."""
    pane_of(pilot).form_view.go_to(field)


def losses(pilot: Pilot[None]) -> list[float]:
    watch = pane_of(pilot).watched
    return [] if watch is None else list(watch.history.curves.loss.y)


def shows(pilot: Pilot[None], *words: str) -> Callable[[], bool]:
    return lambda: all(word in screen_text(pilot) for word in words)


def told(pilot: Pilot[None]) -> str:
    """What the app said in passing."""
    return "\n".join(note.message for note in pilot.app._notifications)
