"""What is measured, how two sides are measured in turn, and what is said of the numbers."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

Sampler = Callable[[], float]
"""Measures once, in the measurement's unit."""
Side = Callable[[Path], AbstractContextManager[Sampler]]
"""Prepares one side, in an empty folder of its own, and cleans up after it."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """Two sides of one comparison, sampled in turn in one run."""

    name: str
    unit: str
    ours: Side
    reference: Side
    bar: str = ""
    """What the ratio should be, in words. Shown, never asserted."""
    decimals: int = 1


REGISTRY: dict[str, Measurement] = {}


def register(measurement: Measurement) -> None:
    """Adds a measurement to what `python -m tests.benchmarks` runs."""
    if measurement.name in REGISTRY:
        raise ValueError(f"There are two measurements named {measurement.name}.")
    REGISTRY[measurement.name] = measurement


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some samples, between their quartiles."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> Spread:
        """The quartiles, the samples taken as the whole population."""
        if len(samples) == 1:
            return cls(samples[0], samples[0], samples[0])
        low, median, high = statistics.quantiles(samples, n=4, method="inclusive")
        return cls(low, median, high)

    def __format__(self, spec: str) -> str:
        return f"{self.median:{spec}} ({self.low:{spec}} to {self.high:{spec}})"


@dataclass(frozen=True, slots=True)
class Result:
    """The samples of both sides, round by round."""

    measurement: Measurement
    ours: tuple[float, ...]
    reference: tuple[float, ...]

    @property
    def ratio(self) -> Spread:
        """Ours over reference, within each round: a busy moment weighs on both sides of it."""
        return Spread.of([a / b for a, b in zip(self.ours, self.reference, strict=True)])


def measure(measurement: Measurement, rounds: int, folder: Path) -> Result:
    """Samples both sides once a round; who goes first alternates. The first sample is not kept."""
    samples: tuple[list[float], list[float]] = ([], [])
    with ExitStack() as stack:
        samplers: list[Sampler] = []
        for name, side in (("ours", measurement.ours), ("reference", measurement.reference)):
            own = folder / measurement.name / name
            own.mkdir(parents=True)
            samplers.append(stack.enter_context(side(own)))
        for sampler in samplers:
            sampler()
        for number in range(rounds):
            for index in (0, 1) if number % 2 == 0 else (1, 0):
                samples[index].append(samplers[index]())
    return Result(measurement, tuple(samples[0]), tuple(samples[1]))
