"""Counts of a stream of any length: what one tokenizer, or several, would make of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import tokenizers

from core.text.lines import Block
from core.text.tokenizer import TextTokenizer

_Encoded = list[tokenizers.Encoding]


@dataclass(frozen=True, slots=True)
class Longest:
    """The sentence of the most tokens: its line, from 1, and its characters."""

    line: int
    tokens: int
    characters: int


@dataclass(frozen=True, slots=True)
class Lengths:
    """Tokens a sentence: the fewest, the median, and what 90 and 99 of 100 sentences keep to."""

    shortest: int
    median: int
    percentile_90: int
    percentile_99: int
    longest: int


class TokenCounter:
    """One tokenizer's counts of the sentences so far; `special` tokens are among the `tokens`."""

    def __init__(self, tokenizer: TextTokenizer, *, add_special_tokens: bool) -> None:
        self._backend = tokenizer.backend
        self._unknown_id = tokenizer.unknown_token_id
        self._adds = add_special_tokens
        self._tokens_by_length: Counter[int] = Counter()
        self._piece_tokens = 0
        self.special = 0
        self.unknown = 0
        self.longest: Longest | None = None

    def encode(self, block: Block, sentences: list[str]) -> _Encoded:
        """Encodes on all processors; the interpreter's lock is free meanwhile."""
        return self._backend.encode_batch_fast(
            sentences if block.is_piece else list(map(_input, sentences)),
            add_special_tokens=self._adds and not block.is_piece,
        )

    def add(self, block: Block, sentences: list[str], encoded: _Encoded, pairs: int) -> None:
        """Adds what `encode` made of a block, `pairs` of whose sentences are pairs."""
        lengths = list(map(len, encoded))
        if self._unknown_id is not None:
            unknown = self._unknown_id
            self.unknown += sum(encoding.ids.count(unknown) for encoding in encoded)
        if block.is_piece:
            self._piece_tokens += sum(lengths)
            return
        if self._adds:
            self.special += (len(lengths) - pairs) * self._special(pair=False)
            self.special += pairs * self._special(pair=True)
        self._tokens_by_length.update(lengths)
        most = max(lengths, default=0)
        if lengths and (self.longest is None or most > self.longest.tokens):
            place = lengths.index(most)
            self.longest = Longest(block.line_of(place), most, _characters(sentences[place]))

    def end_pieces(self, line: int, characters: int) -> None:
        """The pieces so far were one sentence, of so many `characters`."""
        special = self._special(pair=False) if self._adds else 0
        length = self._piece_tokens + special
        self._piece_tokens = 0
        self.special += special
        self._tokens_by_length[length] += 1
        if self.longest is None or length > self.longest.tokens:
            self.longest = Longest(line, length, characters)

    def _special(self, *, pair: bool) -> int:
        return self._backend.num_special_tokens_to_add(pair)

    @property
    def tokens(self) -> int:
        """All tokens of whole sentences."""
        return sum(length * count for length, count in self._tokens_by_length.items())

    def over(self, limit: int) -> int:
        """Sentences of more than `limit` tokens."""
        return sum(count for length, count in self._tokens_by_length.items() if length > limit)

    def lengths(self) -> Lengths | None:
        """How long the sentences are; None before the first."""
        if not self._tokens_by_length:
            return None
        ordered = sorted(self._tokens_by_length)
        median, percentile_90, percentile_99 = (
            self._percentile(ordered, share) for share in (50, 90, 99)
        )
        return Lengths(ordered[0], median, percentile_90, percentile_99, ordered[-1])

    def _percentile(self, ordered: list[int], share: int) -> int:
        """The shortest length that `share` of 100 sentences do not exceed (nearest rank)."""
        rank = -(-self._tokens_by_length.total() * share // 100)
        for length in ordered:
            rank -= self._tokens_by_length[length]
            if rank <= 0:
                return length
        return ordered[-1]


class StreamCounter:
    """Counts a stream's text once, and its tokens by each of some tokenizers.

    As everywhere, lines of nothing but white space are no sentences and a tab makes a pair, both
    texts of which count. `words` are runs of anything but white space, `byte_count` is UTF-8, line
    ends left out. A line that comes in pieces is one sentence, never a pair; its tokens are those
    of its pieces, its special tokens are counted once.
    """

    def __init__(
        self, tokenizers: Sequence[TextTokenizer], *, add_special_tokens: bool = True
    ) -> None:
        self.lines = 0
        self.sentences = 0
        self.characters = 0
        self.byte_count = 0
        self.words = 0
        self.sides = [
            TokenCounter(tokenizer, add_special_tokens=add_special_tokens)
            for tokenizer in tokenizers
        ]
        self._piece_characters = 0
        self._inside_word = False

    def count(self, blocks: Iterable[Block]) -> Iterator[None]:
        """Counts block after block and yields after each, what was counted being up to date.

        While one block is counted, the next one is encoded in a thread.
        """
        with ThreadPoolExecutor(1) as pool:
            ahead: tuple[Block, list[str], Future[list[_Encoded]]] | None = None
            for block in blocks:
                sentences = block.sentences
                future = pool.submit(self._encode, block, sentences)
                if ahead is not None:
                    self._add(*ahead)
                    yield
                ahead = block, sentences, future
            if ahead is not None:
                self._add(*ahead)
                yield

    def _encode(self, block: Block, sentences: list[str]) -> list[_Encoded]:
        return [side.encode(block, sentences) for side in self.sides]

    def _add(self, block: Block, sentences: list[str], future: Future[list[_Encoded]]) -> None:
        encoded = future.result()
        pairs = 0 if block.is_piece else sum(map(_is_pair, sentences))
        for side, each in zip(self.sides, encoded, strict=True):
            side.add(block, sentences, each, pairs)
        tabs = 0 if block.is_piece else sum("\t" in sentence for sentence in sentences)
        characters = sum(map(len, sentences)) - tabs
        self.characters += characters
        self.byte_count += sum(map(len, map(str.encode, sentences))) - tabs
        self.words += sum(map(len, map(str.split, sentences)))
        if block.is_piece:
            self._add_piece(block, characters)
        else:
            self.lines += len(block.lines)
            self.sentences += len(sentences)

    def _add_piece(self, block: Block, characters: int) -> None:
        text = block.lines[0]
        if self._inside_word and text and not text[0].isspace():
            self.words -= 1  # its first part was counted with the piece before
        self._inside_word = block.goes_on and not text[-1:].isspace()
        self._piece_characters += characters
        if block.goes_on:
            return
        self.lines += 1
        self.sentences += 1
        for side in self.sides:
            side.end_pieces(block.first_line, self._piece_characters)
        self._piece_characters = 0


def _input(line: str) -> str | tuple[str, str]:
    """A sentence as the library takes it, as `parse_sentence` would have it."""
    if "\t" not in line:
        return line
    text, _, pair = line.partition("\t")
    return (text, pair) if pair else text


def _is_pair(line: str) -> bool:
    return "\t" in line[:-1]


def _characters(line: str) -> int:
    return len(line) - ("\t" in line)
