"""Resident memory of the app's own process, idle; the engine's is not counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.benchmarks.registry import Sampler
from tests.benchmarks.subjects import Subject, compare, resident_megabytes, running


@compare("memory", unit="MB", bar="ours < 100 MB", tokens=80)
@contextmanager
def memory(subject: Subject) -> Iterator[Sampler]:
    """Megabytes (1,000,000 bytes) of one process that stays open."""
    with running(subject) as terminal:
        yield lambda: resident_megabytes(terminal)
