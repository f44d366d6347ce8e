"""A megabyte pasted on one line: when its tokens are there, what keys wait, what memory it takes.

Each sample starts the app anew: a text that was encoded before would cost nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from tests.benchmarks.keys import answers
from tests.benchmarks.registry import Measurement, Sampler, Side, register
from tests.benchmarks.subjects import (
    Subject,
    bare,
    encode_alone,
    one_line,
    ours,
    resident_megabytes,
    running,
)
from tests.terminal.screen import Snapshot
from tests.terminal.terminal import Terminal

CHARACTERS = 1_000_000
SHORT = "I hate this so much!"
KEYS_EVERY = 0.1
"""Seconds between two keys while the pasted text is encoded."""


@cache
def pasted_tokens() -> str:
    """The number of tokens that the app must show, as it writes it."""
    return f"{encode_alone(SHORT + one_line(CHARACTERS))[1]:,} tokens"


def shows_tokens(screen: Snapshot) -> bool:
    """Whether the pasted text's tokens are on the screen."""
    return pasted_tokens() in str(screen)


def sampled(measure: Callable[[Terminal], float]) -> Side:
    """The app with a short text, started anew for each sample."""

    @contextmanager
    def side(folder: Path) -> Iterator[Sampler]:
        subject: Subject = ours(folder, SHORT)
        pasted_tokens()
        state = Path(subject.env["TERMFORMER_STATE_DIR"], "state.json")
        before = state.read_text()

        def sample() -> float:
            state.write_text(before)
            with running(subject) as terminal:
                return measure(terminal)

        yield sample

    return side


def until_tokens(terminal: Terminal) -> float:
    """Milliseconds from the first byte of the paste to its tokens."""
    started = time.perf_counter()
    terminal.paste(one_line(CHARACTERS))
    return (terminal.wait_for(shows_tokens, timeout=120) - started) * 1000


def ends_with(typed: str, screen: Snapshot) -> bool:
    """Whether the editor's first line ends with what was typed."""
    return screen.lines[1].rstrip().endswith(typed)


def worst_key(terminal: Terminal) -> float:
    """Milliseconds that the slowest key took to appear, of those typed until the tokens came."""
    terminal.paste(one_line(CHARACTERS))
    terminal.wait_for(lambda screen: "encoding" in str(screen), timeout=120)
    waits = []
    typed = ""
    while "encoding" in str(terminal.screen) and len(typed) < 100:
        typed += "abcdefghij"[len(typed) % 10]
        sent = terminal.send(typed[-1])
        shown = terminal.wait_for(partial(ends_with, typed[-5:]), timeout=60)
        waits.append((shown - sent) * 1000)
        time.sleep(KEYS_EVERY)
    return max(waits)


def peak_growth(terminal: Terminal) -> float:
    """Megabytes that the app held at most, above what it held before the paste."""
    before = resident_megabytes(terminal)
    terminal.paste(one_line(CHARACTERS))
    most = before
    shown = False
    until = time.monotonic() + 120
    while not shown or time.monotonic() < until:
        most = max(most, psutil.Process(terminal.pid).memory_info().rss / 1e6)
        if not shown and shows_tokens(terminal.screen):
            shown = True
            until = time.monotonic() + 2  # what the panes make of it comes with the next frames
        assert time.monotonic() < until or shown, terminal.screen
        time.sleep(0.02)
    return most - before


@contextmanager
def encoding_alone(_folder: Path) -> Iterator[Sampler]:
    """Milliseconds of `Tokenizer.encode` on what the line then holds."""
    yield lambda: encode_alone(SHORT + one_line(CHARACTERS))[0]


@contextmanager
def bare_key(folder: Path) -> Iterator[Sampler]:
    """Milliseconds of a key in a bare app with a short text."""
    with answers(bare(folder, SHORT), lambda answer: answer.milliseconds) as sample:
        yield sample


@contextmanager
def pasted_text(_folder: Path) -> Iterator[Sampler]:
    """Megabytes of the pasted text."""
    yield lambda: len(one_line(CHARACTERS).encode()) / 1e6


register(Measurement("paste_1mb", "ms", sampled(until_tokens), encoding_alone, "≤ 2"))
register(Measurement("paste_1mb_worst_key", "ms", sampled(worst_key), bare_key, "typing goes on"))
register(Measurement("paste_1mb_memory", "MB", sampled(peak_growth), pasted_text, "≤ 200"))
