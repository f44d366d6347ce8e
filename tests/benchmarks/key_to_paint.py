"""From a key to the last byte of what it changes on the screen."""

from __future__ import annotations

from contextlib import AbstractContextManager

from tests.benchmarks.keys import answers
from tests.benchmarks.registry import Sampler
from tests.benchmarks.subjects import Subject, compare


@compare("key_to_paint_20", unit="ms", bar="≤ 3", tokens=20)
@compare("key_to_paint_200", unit="ms", bar="≤ 2", tokens=200)
@compare("key_to_paint_2000", unit="ms", bar="≤ 4", tokens=2000)
@compare("key_to_paint_20000", unit="ms", bar="≤ 3", tokens=20000)
def key_to_paint(subject: Subject) -> AbstractContextManager[Sampler]:
    """Milliseconds, the median of some keys."""
    return answers(subject, lambda answer: answer.milliseconds)
