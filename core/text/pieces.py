"""Long texts in pieces, so that a key in a line of any length costs what its piece costs.

A text is cut at blanks between two letters or digits. Of the tokenizers that `divides` accepts
nothing reaches across such a blank: their normalizers change each character by itself, their
pre-tokenizers cut there, their models see one word at a time, and no added token holds a blank or
takes one from beside a letter. What the pieces give, one after the other, is therefore what the
whole gives.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain

import tokenizers
from tokenizers import models, normalizers, pre_tokenizers, processors

from core.text.encoding import Encoding
from core.text.sentences import Sentence

LONG = 8_000
"""Characters from which on a text is encoded in pieces."""
_PIECE = 4_000
_CUT = re.compile(r"[^\W_] [^\W_]")


class _Piece:
    """A part of a text, and what the tokenizer made of it without special tokens."""

    def __init__(self, text: str, encoding: tokenizers.Encoding) -> None:
        self.text = text
        self.encoding = encoding

    def __len__(self) -> int:
        return len(self.encoding)

    @cached_property
    def ids(self) -> list[int]:
        return self.encoding.ids

    @cached_property
    def tokens(self) -> list[str]:
        return self.encoding.tokens

    @cached_property
    def word_ids(self) -> list[int | None]:
        return self.encoding.word_ids

    @cached_property
    def last_word(self) -> int:
        """How many words of the tokenizer's there are: a piece ends with one that has tokens."""
        return 1 + max((word for word in self.word_ids if word is not None), default=-1)

    @cached_property
    def word_count(self) -> int:
        return len(self.text.split())

    @cached_property
    def byte_count(self) -> int:
        return len(self.text.encode())


@dataclass(frozen=True, slots=True)
class _Frame:
    """The special tokens before and behind a single text, as the tokenizer adds them."""

    sample: tokenizers.Encoding
    first: int
    """The place of the sample's text among its tokens, and the first place behind it."""
    behind: int

    @property
    def type_id(self) -> int:
        """The type id of the text's own tokens."""
        return self.sample.type_ids[self.first]


class _PieceEncoding(Encoding):
    """A long sentence, put together from its pieces when it is looked at."""

    def __init__(self, sentence: Sentence, pieces: Sequence[_Piece], frame: _Frame) -> None:
        super().__init__(sentence, frame.sample)
        self.pieces = pieces
        self._frame = frame
        self._before = frame.first
        # Where each piece begins, in tokens and in characters.
        self._tokens_from = [*accumulate(map(len, pieces), initial=frame.first)]
        self._characters_from = [*accumulate((len(p.text) for p in pieces), initial=0)]
        self._length = self._tokens_from[-1] + len(frame.sample) - frame.behind

    @cached_property
    def input_ids(self) -> list[int]:
        return self._framed(self._encoding.ids, (piece.ids for piece in self.pieces))

    @cached_property
    def tokens(self) -> list[str]:
        return self._framed(self._encoding.tokens, (piece.tokens for piece in self.pieces))

    @cached_property
    def token_type_ids(self) -> list[int]:
        return self._framed(self._encoding.type_ids, [[self._frame.type_id] * self._inner])

    @cached_property
    def attention_mask(self) -> list[int]:
        return [1] * self._length

    @cached_property
    def special_tokens_mask(self) -> list[int]:
        return self._framed(self._encoding.special_tokens_mask, [[0] * self._inner])

    @cached_property
    def sequence_ids(self) -> list[int | None]:
        return self._framed(self._encoding.sequence_ids, [[0] * self._inner])

    @cached_property
    def offset_mapping(self) -> list[tuple[int, int]]:
        return self._framed(
            self._encoding.offsets,
            (
                [(start + shift, end + shift) for start, end in piece.encoding.offsets]
                for piece, shift in zip(self.pieces, self._characters_from, strict=False)
            ),
        )

    @cached_property
    def word_ids(self) -> list[int | None]:
        words = accumulate((piece.last_word for piece in self.pieces), initial=0)
        return self._framed(
            self._encoding.word_ids,
            (
                [None if word is None else word + shift for word in piece.word_ids]
                for piece, shift in zip(self.pieces, words, strict=False)
            ),
        )

    @property
    def word_count(self) -> int:
        return sum(piece.word_count for piece in self.pieces)

    @property
    def byte_count(self) -> int:
        return sum(piece.byte_count for piece in self.pieces)

    @property
    def _inner(self) -> int:
        """How many tokens the pieces have together."""
        return self._tokens_from[-1] - self._before

    def _framed(self, of_sample: list, of_pieces: Iterator[list] | list[list]) -> list:  # type: ignore[type-arg]
        frame = self._frame
        inner = chain.from_iterable(of_pieces)
        return [*of_sample[: frame.first], *inner, *of_sample[frame.behind :]]

    def span(self, position: int) -> tuple[int, int]:
        if not self._before <= position < self._tokens_from[-1]:
            return (0, 0)
        number = bisect_right(self._tokens_from, position) - 1
        found = self.pieces[number].encoding.token_to_chars(position - self._tokens_from[number])
        shift = self._characters_from[number]
        return (0, 0) if found is None else (found[0] + shift, found[1] + shift)

    def token_at(self, column: int) -> int | None:
        if not 0 <= column < self._characters_from[-1]:
            return None
        number = bisect_right(self._characters_from, column) - 1
        within = column - self._characters_from[number]
        found = self.pieces[number].encoding.char_to_token(within)
        return None if found is None else found + self._tokens_from[number]


class Divider:
    """Encodes long texts in pieces, for one tokenizer that `divides` accepts."""

    def __init__(self, backend: tokenizers.Tokenizer) -> None:
        self._backend = backend

    @cached_property
    def _frame(self) -> _Frame:
        sample = self._backend.encode("a")
        of_text = [place for place, one in enumerate(sample.sequence_ids) if one == 0]
        return _Frame(sample, of_text[0], of_text[-1] + 1)

    def fresh(self, text: str, like: Encoding | None) -> int:
        """How many characters `encode` has to encode, as pieces of `like` are taken over."""
        head, tail = _in_common(text, like)
        return len(text) - sum(len(piece.text) for piece in (*head, *tail))

    def encode(self, sentence: Sentence, like: Encoding | None) -> Encoding:
        """Encodes what `like`, another text's encoding, does not have already."""
        text = sentence.text
        head, tail = _in_common(text, like)
        start = sum(len(piece.text) for piece in head)
        end = len(text) - sum(len(piece.text) for piece in tail)
        parts = list(_parts(text, start, end))
        # As a batch, which frees the interpreter's lock.
        encoded = self._backend.encode_batch(parts, add_special_tokens=False)
        middle = map(_Piece, parts, encoded)
        return _PieceEncoding(sentence, [*head, *middle, *tail], self._frame)


def divides(backend: tokenizers.Tokenizer) -> bool:
    """Whether long texts may be cut for this tokenizer: BERT's kind, and GPT-2's."""
    if any(map(_reaches_out, backend.get_added_tokens_decoder().values())):
        return False
    alone, sample = backend.encode("a", add_special_tokens=False), backend.encode("a")
    if not len(alone) == sample.sequence_ids.count(0) > 0:
        return False
    kinds = (backend.normalizer, backend.pre_tokenizer, backend.model, backend.post_processor)
    normalizer, pre_tokenizer, model, post_processor = kinds
    framed = processors.TemplateProcessing, processors.BertProcessing, type(None)
    if isinstance(model, models.WordPiece):
        return (
            isinstance(normalizer, normalizers.BertNormalizer)
            and isinstance(pre_tokenizer, pre_tokenizers.BertPreTokenizer)
            and isinstance(post_processor, framed)
        )
    return (
        isinstance(model, models.BPE)
        and not model.dropout
        and normalizer is None
        and isinstance(pre_tokenizer, pre_tokenizers.ByteLevel)
        and pre_tokenizer.use_regex
        and not pre_tokenizer.add_prefix_space
        and (isinstance(post_processor, framed) or _is_plain(post_processor))
    )


def _is_plain(post_processor: object) -> bool:
    """Whether it does nothing but, perhaps, take blanks out of offsets, token by token."""
    return isinstance(post_processor, processors.ByteLevel) and not post_processor.add_prefix_space


def _reaches_out(added: tokenizers.AddedToken) -> bool:
    """Whether a blank between letters may belong to an added token."""
    content = added.content
    return (
        not content
        or any(map(str.isspace, content))
        or (added.lstrip and content[0].isalnum())
        or (added.rstrip and content[-1].isalnum())
    )


def _may_cut(text: str, place: int) -> bool:
    """Whether `text` may be cut before its character `place`."""
    return _CUT.match(text, place - 1) is not None


def _in_common(text: str, like: Encoding | None) -> tuple[list[_Piece], list[_Piece]]:
    """The pieces of `like` that `text` begins with, and those behind them that it ends with."""
    pieces = like.pieces if isinstance(like, _PieceEncoding) else ()
    head: list[_Piece] = []
    tail: list[_Piece] = []
    start, end = 0, len(text)
    for piece in pieces:
        after = start + len(piece.text)
        whole = text.startswith(piece.text, start)
        if not whole or not (after == len(text) or _may_cut(text, after)):
            break
        head.append(piece)
        start = after
    for piece in reversed(pieces[len(head) :]):
        before = end - len(piece.text)
        whole = before >= start and text.startswith(piece.text, before)
        if not whole or not (before == start or _may_cut(text, before)):
            break
        tail.insert(0, piece)
        end = before
    return head, tail


def _parts(text: str, start: int, end: int) -> Iterator[str]:
    """The text from `start` to `end`, cut where it may be."""
    while end - start > _PIECE:
        found = _CUT.search(text, start + _PIECE, end)
        if found is None:
            break
        yield text[start : found.start() + 1]
        start = found.start() + 1
    if start < end:
        yield text[start:end]
