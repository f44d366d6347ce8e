"""What stayed between two states of a document, so that a key costs what it changed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, count
from operator import is_not


def unchanged_ends(before: Sequence[object], after: Sequence[object]) -> tuple[int, int]:
    """How many items at the start and how many at the end are the very same objects in both.

    No item is counted twice. Takes some microseconds for a thousand items.
    """
    shorter = min(len(before), len(after))
    head = next(compress(count(), map(is_not, before, after)), shorter)
    tail = next(compress(count(), map(is_not, reversed(before), reversed(after))), shorter)
    return head, min(tail, shorter - head)
