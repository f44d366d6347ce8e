"""From the start of the process to the frame that shows the editor's text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.benchmarks.registry import Sampler
from tests.benchmarks.subjects import Subject, compare, running, stop


@compare("first_paint", unit="ms", bar="≤ 1.5", tokens=20)
@contextmanager
def first_paint(subject: Subject) -> Iterator[Sampler]:
    """Each sample starts the program anew and ends it, with the children it started."""

    def sample() -> float:
        with subject.start() as terminal:
            painted = terminal.wait_for(subject.ready, timeout=60)
            stop(terminal)
        return (painted - terminal.started) * 1000

    with running(subject):
        """The first start ever may assemble the embedded model: not in the measurement."""
    yield sample
