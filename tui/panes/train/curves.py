"""The numbers of one run as curves: those of every step, which share their axes, and the rest."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import accumulate
from math import inf
from operator import attrgetter

from core.runs.events import Evaluation, Number, Step
from tui.widgets.chart import Mark, Series
from tui.widgets.chart.scale import Unit

STEP_METRICS = ("loss", "learning_rate", "grad_norm", "samples_per_second", "padding")
"""What every step has, by its names in the log."""
_ALWAYS_NAMED = (*STEP_METRICS[1:], "validation accuracy")
MEMORY = "memory (MB)"
_COARSE = 1e6
"""Bytes by which the memory has to change for another point of its curve."""


class Curves:
    """Grows with a run's log; a step takes about 80 bytes."""

    def __init__(self, samples_per_step: int = 1) -> None:
        self.samples_per_step = samples_per_step
        self.steps = array("d")
        """`global_step` of every point of the steps' series."""
        self.seconds = array("d")
        """When it came, in seconds since the first one."""
        self.samples = array("d")
        """How many samples had been seen after it."""
        self.by_step = {name: Series(self.steps) for name in STEP_METRICS}
        self.others: dict[str, Series] = {}
        """Series by name with steps of their own, as evaluations have: `validation loss`."""
        self._began: float | None = None

    @property
    def main(self) -> str:
        """The name of the series that stands above all others."""
        return "loss"

    @property
    def loss(self) -> Series:
        """The main one, of every step."""
        return self.by_step["loss"]

    @property
    def units(self) -> tuple[Unit, ...]:
        """What the x axis can count."""
        return ("steps", "samples", "seconds")

    def names(self) -> list[str]:
        """Every series but the main one, those of the steps first, what is of the machine last."""
        others = [name for name in self.others if name not in _ALWAYS_NAMED]
        return [*_ALWAYS_NAMED, *sorted(others, key=lambda name: name == MEMORY)]

    def is_dense(self, name: str) -> bool:
        """Whether a trend through the series says more than its points: where they are noisy."""
        return name in self.by_step and name != "learning_rate"

    def settle(self, points: int) -> bool:
        """Summarizes `points` of the series that were not looked at yet; whether there were any."""
        return any(series.settle(points) for series in self._all())

    def keep_up(self) -> None:
        """Summarizes what came since, of the series that are looked at."""
        for series in self._all():
            series.keep_up()

    def _all(self) -> list[Series]:
        return [*self.by_step.values(), *self.others.values()]

    def series(self, name: str) -> Series:
        """The series of that name; an empty one where there is none."""
        found = self.by_step.get(name)
        return found if found is not None else self.others.get(name, Series())

    def axis(self, name: str, unit: Unit) -> array[float]:
        """The x of a series' points, in `unit`."""
        series = self.series(name)
        if unit == "steps":
            return series.x
        if name in self.by_step:
            return self.samples if unit == "samples" else self.seconds
        return array("d", [self.place(step, unit) for step in series.x])

    def place(self, step: float, unit: Unit) -> float:
        """Where a step stands on the x axis; one that was not taken, where the nearest one does."""
        if unit == "steps":
            return step
        if unit == "samples":
            return step * self.samples_per_step
        index = self.loss.nearest(step)
        return 0.0 if index is None else self.seconds[index]

    def take_steps(self, steps: Sequence[Step]) -> None:
        """Adds steps in their order."""
        if not steps:
            return
        numbers = [step.global_step for step in steps]
        self._take_memory(numbers, list(map(attrgetter("memory"), steps)))
        self.steps.extend(array("d", numbers))
        self.samples.extend(array("d", [number * self.samples_per_step for number in numbers]))
        self._take_times([step.time for step in steps])
        for name, series in self.by_step.items():
            series.extend_values(_floats(list(map(attrgetter(name), steps))))

    def _take_memory(self, numbers: list[int], memory: list[int]) -> None:
        """Keeps it where it changes, and how far it stays; what is not known is no point."""
        if not any(memory):
            return
        series = self.others.setdefault(MEMORY, Series())
        kept = series.y[-1] * 1e6 if series else -inf
        if max(memory) - kept >= _COARSE or kept - min(memory) >= _COARSE:
            before = self.steps[-1] if self.steps else 0.0
            for number, value in zip(numbers, memory, strict=True):
                if abs(value - kept) >= _COARSE:
                    if series and series.x[-1] < before:
                        series.extend([before], [kept / 1e6])
                    series.extend([number], [value / 1e6])
                    kept = value
                before = number
        if series.x[-1] < numbers[-1]:
            series.extend([numbers[-1]], [kept / 1e6])

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
        """Adds an evaluation's loss, accuracy and f1 to the series of its split."""
        figures = [("loss", found.loss), ("accuracy", found.accuracy)]
        # Logs of old have none.
        figures += [("f1", found.f1)] if found.classes else []
        for name, value in figures:
            series = self.others.setdefault(f"{found.split} {name}", Series())
            series.extend([found.global_step], [float(value)])


def mark_of(found: Evaluation, x: float) -> Mark:
    """An evaluation at `x`: filled on validation, hollow on the test split."""
    return Mark(x, float(found.loss), "hollow" if found.split == "test" else "filled")


def _floats(values: list[Number]) -> array[float]:
    """As floats, from the log's words for what is no finite number too."""
    try:
        return array("d", values)  # type: ignore[arg-type]
    except TypeError:
        return array("d", [float(value) for value in values])
