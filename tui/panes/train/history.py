"""What a run's log has said so far: its curve, its figures, and how long it will take."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from core.runs import events
from core.runs.events import Event, Step
from core.runs.log import EventBatch, LogProblem, ProblemKind
from tui.panes.train.curves import Curves
from tui.panes.train.probe_history import ProbeHistory

_RECENT = 64
"""Steps that the current figures and the time left are taken from."""
_MOST_KEPT = 1_000
_TURNS = (
    events.RunStarted,
    events.RunResumed,
    events.Paused,
    events.Resumed,
    events.RunFinished,
    events.RunStopped,
    events.RunFailed,
)


@dataclass(slots=True)
class Phase:
    """Something the worker did without taking steps, and when (Unix seconds)."""

    name: str
    began: float
    last: float
    done: int | None = None
    total: int | None = None


class RunHistory:
    """The whole of one log, as far as it was read; `take` adds what one read found."""

    def __init__(self, samples_per_step: int = 1, eval_steps: int | None = None) -> None:
        self.curves = Curves(samples_per_step)
        self._eval_steps = eval_steps
        """Steps between evaluations; None: an epoch."""
        self.started: events.RunStarted | None = None
        self.step: Step | None = None
        self.evaluations: deque[events.Evaluation] = deque(maxlen=_MOST_KEPT)
        self.checkpoint: events.CheckpointSaved | None = None
        self.warnings: deque[events.Warned] = deque(maxlen=_MOST_KEPT)
        self.answers: deque[Event] = deque(maxlen=_MOST_KEPT)
        """Events that say a request was carried out, or why not."""
        self.end: events.RunFinished | events.RunStopped | events.RunFailed | None = None
        self.resumed: events.RunResumed | None = None
        """The first word of the latest worker but the first."""
        self.data: events.DataReported | None = None
        self.streamed: events.Streamed | None = None
        self.probes = ProbeHistory()
        self.turns = 0
        """How many events changed how the run fares."""
        self.turn: Event | None = None
        """The last of them."""
        self.phase: Phase | None = None
        """What the worker does at present, where it takes no steps."""
        self.phases: list[Phase] = []
        """Those before the first step."""
        self.problems: Counter[ProblemKind] = Counter()
        self.first_problem: LogProblem | None = None
        self._recent: deque[Step] = deque(maxlen=_RECENT)
        self._step_seconds: deque[float] = deque(maxlen=_RECENT)
        self._evaluation_seconds: deque[float] = deque(maxlen=_RECENT)
        self._before: Event | None = None
        """The last step or evaluation."""

    def take(self, batch: EventBatch) -> None:
        """Adds a batch of the log."""
        found = batch.events
        if batch.problems and self.first_problem is None:
            self.first_problem = batch.problems[0]
        self.problems.update(problem.kind for problem in batch.problems)
        steps = [event for event in found if type(event) is Step]
        if len(steps) < len(found):
            for event in found:
                if type(event) is not Step:
                    self._take_other(event)
        if steps:
            self.curves.take_steps(steps)
            self.step = steps[-1]
            self._recent.extend(steps[-_RECENT:])
        self._take_times(found)
        self._take_phase(found)

    def _take_other(self, event: Event) -> None:
        match event:
            case events.RunStarted():
                self.started = event
            case events.Evaluation():
                self._take_evaluation(event)
            case events.CheckpointSaved():
                self.checkpoint = event
            case events.Warned():
                self.warnings.append(event)
            case events.RunResumed():
                self.end, self.resumed = None, event
            case events.DataReported():
                self.data = event
            case events.Streamed():
                self.streamed = event
            case events.Probed():
                self.probes.take(event)
            case events.RunFinished() | events.RunStopped() | events.RunFailed():
                self.end = event
            case _:
                pass
        if isinstance(event, _TURNS):
            self.turns, self.turn = self.turns + 1, event
        if getattr(event, "request", None):
            self.answers.append(event)

    def _take_evaluation(self, event: events.Evaluation) -> None:
        """One that is asked for where one was made already is the same once more."""
        before = self.evaluations[-1] if self.evaluations else None
        if before is not None and (before.split, before.global_step) == (
            event.split,
            event.global_step,
        ):
            if before.request is None:
                return  # which was due, and stays so
            self.evaluations.pop()
        else:
            self.curves.take_evaluation(event)
        self.evaluations.append(event)

    def _take_times(self, found: Sequence[Event]) -> None:
        """How long steps and evaluations take, from the times of the latest ones."""
        before = self._before
        for event in found[-4 * _RECENT :]:
            if isinstance(event, Step):
                if isinstance(before, Step):
                    self._step_seconds.append(event.time - before.time)
                before = event
            elif isinstance(event, events.Evaluation):
                if before is not None and event.request is None:
                    self._evaluation_seconds.append(event.time - before.time)
                before = event
            elif not isinstance(event, events.Progress | events.Heartbeat):
                before = None
        self._before = before

    def _take_phase(self, found: Sequence[Event]) -> None:
        for event in found if self.started is None else ():
            if isinstance(event, events.Progress):
                self._add_phase(event)
            elif self.phases and isinstance(event, events.RunStopped | events.RunFailed):
                self.phases[-1].last = event.time
        for event in reversed(found):
            if isinstance(event, events.Heartbeat):
                continue
            self.phase = None
            if isinstance(event, events.Progress):
                self.phase = Phase(event.phase, event.time, event.time, event.done, event.total)
            return

    def _add_phase(self, event: events.Progress) -> None:
        if self.phases:
            self.phases[-1].last = event.time
        if self.phases and self.phases[-1].name == event.phase:
            self.phases[-1].done, self.phases[-1].total = event.done, event.total
        elif len(self.phases) < _MOST_KEPT:
            self.phases.append(Phase(event.phase, event.time, event.time, event.done, event.total))

    @property
    def rate(self) -> events.LearningRateSet | None:
        """What the learning rate was changed to last, where it was."""
        changes = (each for each in reversed(self.answers) if type(each) is events.LearningRateSet)
        return next(changes, None)

    # --- figures --------------------------------------------------------------------------

    @property
    def samples_per_second(self) -> float:
        """The mean of the latest steps, by the time they took; 0 before the first one."""
        seconds = [
            1 / step.samples_per_second for step in self._recent if step.samples_per_second > 0
        ]
        return len(seconds) / sum(seconds) if seconds else 0.0

    @property
    def padding(self) -> float:
        """Share of the latest batches' cells that were padding, 0 to 1."""
        return sum(step.padding for step in self._recent) / max(1, len(self._recent))

    def seconds_left(self) -> float | None:
        """Until the last step and evaluation; None before that can be told."""
        if self.started is None or self.step is None or not self._step_seconds:
            return None
        steps = max(0, self.started.max_steps - self.step.global_step)
        seconds = steps * sum(self._step_seconds) / len(self._step_seconds)
        if self._evaluation_seconds:
            every = self._eval_steps or max(1, self.started.steps_per_epoch)
            # Those that are due, the last one after the last step; and one on the test split.
            left = ceil(self.started.max_steps / every) - self.step.global_step // every + 1
            seconds += left * sum(self._evaluation_seconds) / len(self._evaluation_seconds)
        return seconds
