"""The numbers of one run as curves: those of every step, which share their axes, and the rest."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import accumulate
from operator import attrgetter

from core.runs.events import Evaluation, Number, Step
from tui.widgets.chart import Series

STEP_METRICS = ("loss", "learning_rate", "grad_norm", "samples_per_second", "padding")
"""What every step has, by its names in the log."""


class Curves:
    """Grows with a run's log; a step takes about 76 bytes."""

    def __init__(self) -> None:
        self.steps = array("d")
        """`global_step` of every point of the steps' series."""
        self.seconds = array("d")
        """When it came, in seconds since the first one."""
        self.by_step = {name: Series(self.steps) for name in STEP_METRICS}
        self.others: dict[str, Series] = {}
        """Series by name with steps of their own, as evaluations have: `validation loss`."""
        self._began: float | None = None

    @property
    def loss(self) -> Series:
        """Of every step."""
        return self.by_step["loss"]

    def names(self) -> list[str]:
        """Every series there is, those of the steps first."""
        return [*self.by_step, *self.others]

    def series(self, name: str) -> Series:
        """The series of that name; an empty one where there is none."""
        return self.by_step.get(name) or self.others.get(name) or Series()

    def seconds_of(self, name: str) -> array[float] | None:
        """The time axis of a series; None where it has none."""
        return self.seconds if name in self.by_step else None

    def take_steps(self, steps: Sequence[Step]) -> None:
        """Adds steps in their order."""
        if not steps:
            return
        self.steps.extend(array("d", [step.global_step for step in steps]))
        self._take_times([step.time for step in steps])
        for name, series in self.by_step.items():
            series.extend_values(_floats(list(map(attrgetter(name), steps))))

    def _take_times(self, times: list[float]) -> None:
        if self._began is None:
            self._began = times[0]
        began = self._began
        latest = self.seconds[-1] + began if self.seconds else began
        # A clock that was set back does not turn the axis round.
        if times[0] < latest or times != sorted(times):
            times = list(accumulate([max(latest, times[0]), *times[1:]], max))
        self.seconds.extend(array("d", [time - began for time in times]))

    def take_evaluation(self, found: Evaluation) -> None:
        """Adds an evaluation's loss and accuracy to the series of its split."""
        for name, value in (("loss", found.loss), ("accuracy", found.accuracy)):
            series = self.others.setdefault(f"{found.split} {name}", Series())
            series.extend([found.global_step], [float(value)])


def _floats(values: list[Number]) -> array[float]:
    """As floats, from the log's words for what is no finite number too."""
    try:
        return array("d", values)  # type: ignore[arg-type]
    except TypeError:
        return array("d", [float(value) for value in values])
