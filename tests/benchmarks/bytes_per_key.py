"""What a key costs on the wire, which is what it costs over a slow connection."""

from __future__ import annotations

from contextlib import AbstractContextManager

from tests.benchmarks.keys import answers
from tests.benchmarks.registry import Sampler
from tests.benchmarks.subjects import Subject, compare

FOUR_SENTENCES = """\
I've been waiting for a HuggingFace course my whole life.
I hate this so much!
The plot is thin, but the actors are not.
Would I watch it again? Yes!"""


@compare("bytes_per_key_4", unit="bytes", bar="≤ +1,500 bytes", text=FOUR_SENTENCES)
@compare("bytes_per_key_20", unit="bytes", bar="", tokens=20)
@compare("bytes_per_key_2000", unit="bytes", bar="", tokens=2000)
def bytes_per_key(subject: Subject) -> AbstractContextManager[Sampler]:
    """Bytes from a key until quiet, the median of some keys."""
    return answers(subject, lambda answer: answer.byte_count)
