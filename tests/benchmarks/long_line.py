"""A key in one long line: what encoding it costs alone, and what the app adds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.keys import answers
from tests.benchmarks.registry import Measurement, Sampler, register
from tests.benchmarks.subjects import bare, encode_alone, one_line, ours, text_of

CHARACTERS = 90_000
"""About 20,000 tokens."""


@contextmanager
def typing(folder: Path) -> Iterator[Sampler]:
    """Milliseconds from a key at the line's end to the line's new tokens."""
    with answers(ours(folder, one_line(CHARACTERS)), lambda answer: answer.milliseconds) as sample:
        yield sample


@contextmanager
def encoding_and_twice_bare(folder: Path) -> Iterator[Sampler]:
    """`Tokenizer.encode` of the line alone, and twice a key in a bare app with a short text."""
    with answers(bare(folder, text_of(20)), lambda answer: answer.milliseconds) as sample:
        yield lambda: encode_alone(one_line(CHARACTERS))[0] + 2 * sample()


register(Measurement("long_line", "ms", typing, encoding_and_twice_bare, "≤ 1"))
