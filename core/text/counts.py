"""Counts of a text and of its tokens, added up for a document as it changes."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import dataclass

from core.text.changes import unchanged_ends
from core.text.encoding import Batch, Encoding
from core.text.tokenizer import TextTokenizer

TIMES = 10
"""From so many times a limit on, per cent say less than times."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Of a sentence or of several; both texts of a pair count.

    `words` are runs of anything but white space, `byte_count` is UTF-8, `tokens` are all,
    `special` those of them that the tokenizer added, `unknown` those it had no entry for.
    """

    sentences: int = 0
    characters: int = 0
    byte_count: int = 0
    words: int = 0
    tokens: int = 0
    special: int = 0
    unknown: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.sentences + other.sentences,
            self.characters + other.characters,
            self.byte_count + other.byte_count,
            self.words + other.words,
            self.tokens + other.tokens,
            self.special + other.special,
            self.unknown + other.unknown,
        )

    def __sub__(self, other: Counts) -> Counts:
        return Counts(
            self.sentences - other.sentences,
            self.characters - other.characters,
            self.byte_count - other.byte_count,
            self.words - other.words,
            self.tokens - other.tokens,
            self.special - other.special,
            self.unknown - other.unknown,
        )

    @property
    def characters_per_token(self) -> float | None:
        """Characters for each token that stands for text; None without any."""
        of_text = self.tokens - self.special
        return self.characters / of_text if of_text else None


class Counter:
    """Counts encodings of one tokenizer; one that was counted before costs a lookup."""

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self._unknown_id = tokenizer.unknown_token_id
        self._known: weakref.WeakKeyDictionary[Encoding, Counts] = weakref.WeakKeyDictionary()
        self._totalled: tuple[Encoding, ...] = ()
        self._total = Counts()

    def count(self, encoding: Encoding) -> Counts:
        """The counts of one sentence."""
        found = self._known.get(encoding)
        if found is None:
            found = self._known[encoding] = self._count(encoding)
        return found

    def total(self, encodings: Iterable[Encoding]) -> Counts:
        """The counts of a document's sentences together; only what changed is added up again."""
        before, after = self._totalled, tuple(encodings)
        head, tail = unchanged_ends(before, after)
        gone, new = before[head : len(before) - tail], after[head : len(after) - tail]
        self._total = sum(map(self.count, new), self._total) - sum(map(self.count, gone), Counts())
        self._totalled = after
        return self._total

    def _count(self, encoding: Encoding) -> Counts:
        return Counts(
            1,
            sum(map(len, encoding.sentence.texts)),
            encoding.byte_count,
            encoding.word_count,
            len(encoding),
            encoding.special_tokens_mask.count(1),
            0 if self._unknown_id is None else encoding.input_ids.count(self._unknown_id),
        )


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of the longest sequence a model takes one sentence fills, before anything is cut."""

    tokens: int
    limit: int

    @property
    def share(self) -> float:
        """1.0 is full; more does not fit."""
        return self.tokens / self.limit

    @property
    def excess(self) -> int:
        """Tokens that do not fit."""
        return max(0, self.tokens - self.limit)


def limit_use(batch: Batch, limit: int | None) -> tuple[LimitUse, ...] | None:
    """For each sentence of `batch`; None where the model names no limit."""
    if limit is None:
        return None
    lengths = batch.whole_lengths or tuple(map(len, batch.encodings))
    return tuple(LimitUse(length, limit) for length in lengths)
