"""One key in a running program: when the last byte of the change came, and how many bytes."""

from __future__ import annotations

import itertools
import statistics
import string
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.benchmarks.registry import Sampler
from tests.benchmarks.subjects import Subject, running
from tests.terminal.terminal import Terminal

QUIET = 0.25
"""Seconds without output after which a change is whole; a caret blinks 0.5 s after a key."""
LONGEST = 20.0
"""Seconds within which a key must have been answered."""
KEYS_A_SAMPLE = 6


@dataclass(frozen=True, slots=True)
class Answer:
    """What followed one key."""

    milliseconds: float
    byte_count: int


def press(terminal: Terminal, key: str, answer_row: int) -> Answer:
    """Presses `key` and waits for the end of what it changes from `answer_row` on.

    Raises `AssertionError` where nothing changed there: then something else was timed.
    """
    before = terminal.screen.lines[answer_row:]
    written = terminal.bytes_written
    sent = terminal.send(key)
    give_up = time.perf_counter() + LONGEST
    while True:
        # A long line is encoded in silence.
        last = terminal.wait_for_quiet(QUIET)
        after = terminal.screen
        is_over = after.lines[answer_row:] != before or time.perf_counter() > give_up
        # What came between the two looks is a part of the change, too.
        if is_over and terminal.wait_for_quiet(0) == last:
            break
    byte_count = terminal.bytes_written - written
    assert after.lines[answer_row:] != before, f"{key!r} changed nothing:\n{after}"
    return Answer((last - sent) * 1000, byte_count)


@contextmanager
def answers(subject: Subject, field: Callable[[Answer], float]) -> Iterator[Sampler]:
    """The median `field` of some keys, each of which makes a text that was not there before.

    What is typed is taken away again, which is not measured: the app may remember that text.
    """
    with running(subject) as terminal:
        keys = itertools.cycle(string.ascii_lowercase + string.ascii_uppercase + string.digits)

        def new_text() -> Answer:
            answer = press(terminal, next(keys), subject.answer_row)
            press(terminal, "\x7f", subject.answer_row)
            return answer

        def sample() -> float:
            return statistics.median(field(new_text()) for _ in range(KEYS_A_SAMPLE))

        yield sample
