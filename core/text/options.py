"""How a batch is asked for, and what a tokenizer cannot do for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.errors import TermformerError

PaddingName = Literal["longest", "max_length", "none"]
PaddingSide = Literal["left", "right"]
TruncationName = Literal["longest_first", "only_first", "only_second"]


@dataclass(frozen=True, slots=True)
class EncodeOptions:
    """How a batch is laid out; the names are those of a transformers tokenizer call.

    `truncation` is a strategy, or True for "longest_first". `padding_side` None is the tokenizer's
    own side. `return_overflowing_tokens` makes one row of each window that truncation leaves over;
    neighbouring windows share `stride` tokens.
    """

    padding: PaddingName = "longest"
    truncation: bool | TruncationName = False
    max_length: int | None = None
    padding_side: PaddingSide | None = None
    stride: int = 0
    return_overflowing_tokens: bool = False
    add_special_tokens: bool = True

    @property
    def strategy(self) -> TruncationName | None:
        """The truncation strategy; None where nothing is cut."""
        if isinstance(self.truncation, str):
            return self.truncation
        return "longest_first" if self.truncation else None

    def check(self) -> None:
        """Raises `TermformerError` for numbers that mean nothing."""
        if self.max_length is not None and self.max_length < 1:
            raise TermformerError(
                f"A length of {self.max_length} is none: take at least one token."
            )
        if self.stride < 0:
            raise TermformerError(f"A stride of {self.stride} is none: take 0 tokens or more.")


DEFAULT_OPTIONS = EncodeOptions()


@dataclass(frozen=True, slots=True)
class Cut:
    """A truncation that was decided: to `limit` tokens, special ones included, on one side.

    `special_single` and `special_pair` are the special tokens that a text and a pair get.
    """

    limit: int
    strategy: TruncationName
    stride: int
    direction: PaddingSide
    add_special_tokens: bool
    special_single: int
    special_pair: int

    def check(self, any_pair: bool) -> None:
        """Raises `TermformerError` where no sentence whatever could be cut like this."""
        needed = self._special(any_pair)
        if self.limit < needed:
            raise TermformerError(
                f"A length of {self.limit} is too short: the special tokens alone take {needed}."
            )
        if 0 <= self.limit - self.special_single < self.stride:
            raise TermformerError(
                f"A stride of {self.stride} is too long: windows of {self.limit} tokens leave "
                f"{self.limit - self.special_single} for the text."
            )

    def check_sentence(self, number: int, first: int, second: int | None) -> None:
        """Raises `TermformerError` where sentence `number` (from 1) cannot be cut.

        `first` and `second` are the tokens of its texts without special ones; the rules are those
        of `truncate_encodings` in the tokenizers library, which answers some of them by a panic.
        """
        room = self.limit - self._special(second is not None)
        excess = first + (second or 0) - room
        if excess <= 0 or room == 0:
            return
        kept_lengths = self._kept(number, first, second, room)
        for length, kept in zip((first, second or 0), kept_lengths, strict=True):
            if kept < length and 0 < kept <= self.stride:
                raise TermformerError(
                    f"Sentence {number} cannot be cut with a stride of {self.stride}: only {kept} "
                    "of its tokens fit in a window. Take a shorter stride or a longer max_length."
                )

    def _kept(self, number: int, first: int, second: int | None, room: int) -> tuple[int, int]:
        """How many tokens of each text remain."""
        if self.strategy == "longest_first":
            return (room, 0) if second is None else _share(first, second, room)
        if self.strategy == "only_second" and second is None:
            raise TermformerError(
                f"Sentence {number} has no second text to cut: choose another truncation "
                "strategy, or write a tab and the second text behind it."
            )
        only_first = self.strategy == "only_first"
        kept = room - ((second or 0) if only_first else first)
        if kept <= 0:
            raise TermformerError(
                f"Sentence {number} does not fit into {self.limit} tokens by cutting its "
                f"{'first' if only_first else 'second'} text alone: choose longest_first or a "
                "longer max_length."
            )
        return (kept, second or 0) if only_first else (first, kept)

    def _special(self, pair: bool) -> int:
        if not self.add_special_tokens:
            return 0
        return self.special_pair if pair else self.special_single


def _share(first: int, second: int, room: int) -> tuple[int, int]:
    """The tokens that each text of a pair keeps: the shorter whole, or else half the room each."""
    shorter = min(first, second)
    kept = shorter if 2 * shorter <= room else room // 2
    return (kept, room - kept) if first <= second else (room - kept, kept)
