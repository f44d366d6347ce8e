"""What a tokenizer made of a sentence, and how sentences lie side by side in a padded batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from core.text.options import PaddingSide
from core.text.sentences import Sentence

if TYPE_CHECKING:
    import tokenizers

__all__ = ["Batch", "Cell", "Encoding", "Padding", "PaddingSide", "Row", "pad"]


class Encoding:
    """One encoded sentence. Immutable; every sequence has one entry a token.

    The fields of a long text are turned into Python objects only when they are looked at, so that
    a million tokens cost no more than what is on the screen.
    """

    def __init__(self, sentence: Sentence, encoding: tokenizers.Encoding) -> None:
        self.sentence = sentence
        self._encoding = encoding
        self._length = len(encoding)

    def __len__(self) -> int:
        return self._length

    @cached_property
    def input_ids(self) -> list[int]:
        """Vocabulary ids, `[sequence]`."""
        return self._encoding.ids

    @cached_property
    def tokens(self) -> list[str]:
        """Tokens as the vocabulary spells them, `[sequence]`."""
        return self._encoding.tokens

    @cached_property
    def token_type_ids(self) -> list[int]:
        """0 for the first text, 1 for its pair, `[sequence]`."""
        return self._encoding.type_ids

    @cached_property
    def attention_mask(self) -> list[int]:
        """All ones: padding belongs to the batch, not to the sentence. `[sequence]`."""
        return self._encoding.attention_mask

    @cached_property
    def special_tokens_mask(self) -> list[int]:
        """1 for tokens that the tokenizer added, `[sequence]`."""
        return self._encoding.special_tokens_mask

    @cached_property
    def offset_mapping(self) -> list[tuple[int, int]]:
        """Characters each token came from, start and end, in its own text; (0, 0) if from none."""
        return self._encoding.offsets

    @cached_property
    def sequence_ids(self) -> list[int | None]:
        """0 for tokens of the first text, 1 for those of its pair, None for added ones."""
        return self._encoding.sequence_ids

    @cached_property
    def word_ids(self) -> list[int | None]:
        """The word of its text that each token belongs to; None for added tokens."""
        return self._encoding.word_ids

    @property
    def word_count(self) -> int:
        """Runs of anything but white space in both texts."""
        return sum(len(text.split()) for text in self.sentence.texts)

    @property
    def byte_count(self) -> int:
        """Of both texts in UTF-8."""
        return sum(len(text.encode()) for text in self.sentence.texts)

    def span(self, position: int) -> tuple[int, int]:
        """`offset_mapping[position]`, without making those of all other tokens."""
        found: tuple[int, int] | None = self._encoding.token_to_chars(position)
        return (0, 0) if found is None else found

    def source(self, position: int) -> str:
        """The characters that the token at `position` came from."""
        sequence = self.sequence_ids[position]
        if sequence is None:
            return ""
        start, end = self.span(position)
        text = self.sentence.text if sequence == 0 else self.sentence.text_pair or ""
        return text[start:end]

    def span_in_line(self, position: int) -> tuple[int, int] | None:
        """Where the token's characters stand in the line `text<tab>text_pair`; None if nowhere."""
        sequence = self.sequence_ids[position]
        if sequence is None:
            return None
        start, end = self.span(position)
        shift = 0 if sequence == 0 else len(self.sentence.text) + 1
        return start + shift, end + shift

    def token_at(self, column: int) -> int | None:
        """The token that the line's character `column` went into; None if it went into none."""
        shift = len(self.sentence.text) + 1
        sequence, character = (0, column) if column < shift else (1, column - shift)
        if sequence == 1 and self.sentence.text_pair is None:
            return None
        found: int | None = self._encoding.char_to_token(character, sequence)
        return found


@dataclass(frozen=True, slots=True)
class Padding:
    """How a tokenizer pads: the token, its ids and the side it goes to."""

    token: str
    token_id: int
    type_id: int
    side: PaddingSide


@dataclass(frozen=True, slots=True)
class Cell:
    """One place of a padded batch; `position` is the token's place in its own sentence."""

    token: str
    input_id: int
    token_type_id: int
    attention_mask: int
    position: int | None

    @property
    def is_padding(self) -> bool:
        """Whether no token of the sentence stands here."""
        return self.position is None


@dataclass(frozen=True, slots=True)
class Row:
    """One padded row, `[sequence]` each, as a transformers tokenizer call gives it."""

    tokens: list[str]
    input_ids: list[int]
    token_type_ids: list[int]
    attention_mask: list[int]
    special_tokens_mask: list[int]
    offset_mapping: list[tuple[int, int]]


@dataclass(frozen=True)
class Batch:
    """Sentences side by side, each padded to `padded_to`. Cells are made when asked for.

    Rows longer than `padded_to` stay as they are; rows of unequal length are ragged and cannot be
    a tensor. `padding` is None where nothing is padded.
    """

    encodings: tuple[Encoding, ...] = ()
    padding: Padding | None = None
    padded_to: int = 0
    overflow_to_sample_mapping: tuple[int, ...] | None = None
    """The sentence of each row where windows that overflow are rows too; else None."""
    whole_lengths: tuple[int, ...] = ()
    """The length of each sentence before anything was cut or padded."""

    @cached_property
    def lengths(self) -> list[int]:
        """The length of each row, padding left out."""
        return list(map(len, self.encodings))

    @cached_property
    def longest(self) -> int:
        """The length of the longest row, padding included."""
        return max(self.padded_to, max(self.lengths, default=0))

    @cached_property
    def shape(self) -> tuple[int, int] | None:
        """`(sentences, sequence)`, or None where the rows are ragged."""
        lengths = {max(self.padded_to, length) for length in set(self.lengths)}
        return None if len(lengths) > 1 else (len(self.encodings), lengths.pop() if lengths else 0)

    @cached_property
    def token_count(self) -> int:
        """Tokens of all sentences, padding left out."""
        return sum(self.lengths)

    @cached_property
    def padding_count(self) -> int:
        """Cells that hold padding."""
        counted = Counter(self.lengths)
        return sum(max(0, self.padded_to - length) * rows for length, rows in counted.items())

    @property
    def padding_share(self) -> float:
        """Share of the cells that hold padding, 0 to 1."""
        cells = self.token_count + self.padding_count
        return self.padding_count / cells if cells else 0.0

    def lead(self, row: int) -> int:
        """How many padding cells stand before the first token of `row`."""
        if self.padding is None or self.padding.side == "right":
            return 0
        return self.row_length(row) - len(self.encodings[row])

    def row_length(self, row: int) -> int:
        """Cells of `row`, padding included."""
        return max(self.padded_to, len(self.encodings[row]))

    def cell(self, row: int, column: int) -> Cell:
        """The cell at `row` and `column`, both from 0."""
        encoding = self.encodings[row]
        position = column - self.lead(row)
        if 0 <= position < len(encoding):
            return Cell(
                encoding.tokens[position],
                encoding.input_ids[position],
                encoding.token_type_ids[position],
                1,
                position,
            )
        assert self.padding is not None
        return Cell(self.padding.token, self.padding.token_id, self.padding.type_id, 0, None)

    def cells(self, row: int) -> Iterator[Cell]:
        """All cells of `row`, from left to right."""
        return (self.cell(row, column) for column in range(self.row_length(row)))

    def row(self, row: int) -> Row:
        """All fields of `row`, padding included."""
        encoding = self.encodings[row]
        ids, types = encoding.input_ids, encoding.token_type_ids
        count = self.row_length(row) - len(encoding)
        if count == 0 or self.padding is None:
            return Row(
                encoding.tokens,
                ids,
                types,
                encoding.attention_mask,
                encoding.special_tokens_mask,
                encoding.offset_mapping,
            )
        left = count if self.padding.side == "left" else 0
        right = count - left
        pad_id, type_id = self.padding.token_id, self.padding.type_id
        return Row(
            [self.padding.token] * left + encoding.tokens + [self.padding.token] * right,
            [pad_id] * left + ids + [pad_id] * right,
            [type_id] * left + types + [type_id] * right,
            [0] * left + encoding.attention_mask + [0] * right,
            [1] * left + encoding.special_tokens_mask + [1] * right,
            [(0, 0)] * left + encoding.offset_mapping + [(0, 0)] * right,
        )

    @property
    def ragged_reason(self) -> str | None:
        """Why these rows cannot become one tensor, in a sentence; None where they can."""
        if self.shape is not None:
            return None
        lengths = list(map(self.row_length, range(len(self.encodings))))
        first = ", ".join(map(str, lengths[:-1][:_NAMED]))
        named = f"{first}{', …' if len(lengths) > _NAMED + 1 else ''} and {lengths[-1]}"
        return f"Rows of {named} tokens differ in length: no tensor can hold them. Pad them."


_NAMED = 5
"""As many lengths, and the last, as a sentence about ragged rows names."""


def pad(
    encodings: tuple[Encoding, ...], padding: Padding | None, padded_to: int | None = None
) -> Batch:
    """Lays `encodings` side by side, padded to the longest or to `padded_to`."""
    if padding is None:
        return Batch(encodings)
    longest = max(map(len, encodings), default=0)
    return Batch(encodings, padding, longest if padded_to is None else padded_to)
