"""A sentence on its way through a tokenizer: normalized, cut, tokenized, completed.

Every stage is seen from within the tokenizer's own run, so that added tokens, which are taken out
of the text before the other parts see it, are where the tokenizer finds them.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import tokenizers
from tokenizers.pre_tokenizers import PreTokenizer, Sequence

from core.text.encoding import Encoding
from core.text.sentences import Sentence
from core.text.tokenizer import TextTokenizer
from core.text.twin import twin

_EACH_CHARACTER = tokenizers.Regex(r"[\s\S]")


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of text that the normalizer saw as one, and what it made of it.

    `start` and `end` are characters of the original text; `origins` has, for each character of
    `normalized`, the characters that it stands for. An added token is a section that no part of
    the tokenizer touches.
    """

    normalized: str
    start: int
    end: int
    origins: tuple[tuple[int, int], ...]
    added_token: bool


@dataclass(frozen=True, slots=True)
class ModelToken:
    """One token as the model made it, before the post-processor; characters of the original."""

    token: str
    input_id: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of the pre-tokenizer ("word"), and the tokens that the model made of it.

    `text` is as the pre-tokenizer left it (byte-level ones spell bytes as characters).
    """

    text: str
    start: int
    end: int
    added_token: bool
    tokens: tuple[ModelToken, ...]


@dataclass(frozen=True, slots=True)
class TextStages:
    """One text: its sections, which normalized in a row are what was cut into `pieces`."""

    text: str
    sections: tuple[Section, ...]
    pieces: tuple[Piece, ...]

    @property
    def normalized(self) -> str:
        """What the normalizer made of the whole text, added tokens as they are."""
        return "".join(section.normalized for section in self.sections)

    @property
    def input_ids(self) -> list[int]:
        """The ids of the model's tokens, special ones not yet added."""
        return [token.input_id for piece in self.pieces for token in piece.tokens]


@dataclass(frozen=True, slots=True)
class Components:
    """The kinds of a tokenizer's parts, as `tokenizer.json` calls them; None where it has none."""

    normalizer: str | None
    pre_tokenizer: str | None
    model: str
    post_processor: str | None
    decoder: str | None


@dataclass(frozen=True)
class Stages:
    """A sentence's texts (one or two) stage by stage, and the whole encoding at the end."""

    components: Components
    texts: tuple[TextStages, ...]
    encoding: Encoding

    @cached_property
    def added_positions(self) -> tuple[int, ...]:
        """The tokens of the encoding that the post-processor added."""
        sequence_ids = self.encoding.sequence_ids
        return tuple(i for i, sequence in enumerate(sequence_ids) if sequence is None)


class StageReader:
    """Reads the stages of sentences from one tokenizer. Thread-safe."""

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self._tokenizer = tokenizer
        self._lock = threading.Lock()

    def read(self, sentence: Sentence, encoding: Encoding | None = None) -> Stages:
        """The stages of `sentence`; `encoding`, if it is at hand, spares encoding it again.

        Takes microseconds a character: for a long text, call it in a thread.
        """
        texts = [sentence.text] + ([sentence.text_pair] if sentence.text_pair else [])
        return Stages(
            self.components,
            tuple(map(self._read_text, texts)),
            self._tokenizer.encode(sentence) if encoding is None else encoding,
        )

    @cached_property
    def components(self) -> Components:
        """What the tokenizer consists of."""
        backend = self._tokenizer.backend
        return Components(
            _kind(backend.normalizer),
            _kind(backend.pre_tokenizer),
            type(backend.model).__name__,
            _kind(backend.post_processor),
            _kind(backend.decoder),
        )

    @cached_property
    def _run(self) -> _Run:
        return _Run(self._tokenizer.backend)

    def _read_text(self, text: str) -> TextStages:
        with self._lock:
            return self._run.read(text)


class _Run:
    """A twin of the tokenizer with a look-out before its pre-tokenizer and one behind it."""

    def __init__(self, backend: tokenizers.Tokenizer) -> None:
        self._before, self._after, self._apart = _LookOut(), _LookOut(), _LookOut(apart=True)
        own = [] if backend.pre_tokenizer is None else [backend.pre_tokenizer]
        # The stubs know neither custom pre-tokenizers nor that a Sequence takes them.
        custom = cast("Any", PreTokenizer).custom
        self._whole = twin(backend)
        self._whole.post_processor = None
        self._whole.pre_tokenizer = cast("Any", Sequence)(
            [custom(self._before), *own, custom(self._after)]
        )
        self._characters = twin(backend)
        self._characters.post_processor = None
        self._characters.pre_tokenizer = custom(self._apart)

    def read(self, text: str) -> TextStages:
        # Not the library's `encode`, which holds the interpreter's lock: here it is needed for the
        # look-outs only, and free while the model works.
        (encoding,) = self._whole.encode_batch([text], add_special_tokens=False)
        self._characters.encode_batch([text], add_special_tokens=False)
        tokens: list[list[ModelToken]] = [[] for _ in self._after.splits]
        for token, token_id, (start, end), word in zip(
            encoding.tokens, encoding.ids, encoding.offsets, encoding.word_ids, strict=True
        ):
            assert word is not None
            tokens[word].append(ModelToken(token, token_id, start, end))
        pieces = tuple(
            Piece(piece, start, end, is_added, tuple(made))
            for (piece, (start, end), is_added), made in zip(
                self._after.splits, tokens, strict=True
            )
        )
        return TextStages(text, tuple(self._sections()), pieces)

    def _sections(self) -> list[Section]:
        characters = iter(self._apart.splits)
        sections = []
        for normalized, (start, end), is_added in self._before.splits:
            if is_added:
                next(characters)
                origins = tuple((place, place + 1) for place in range(start, end))
            else:
                origins = tuple(next(characters)[1] for _ in normalized)
            sections.append(Section(normalized, start, end, origins, is_added))
        return sections


class _LookOut:
    """A pre-tokenizer that notes what it is given: text, characters of the original, added token.

    With `apart`, it cuts between all characters first.
    """

    def __init__(self, *, apart: bool = False) -> None:
        self._cuts = apart
        self.splits: list[tuple[str, tuple[int, int], bool]] = []

    def pre_tokenize(self, pretok: tokenizers.PreTokenizedString) -> None:
        """Called by the tokenizers library."""
        if self._cuts:
            pretok.split(lambda _, text: text.split(_EACH_CHARACTER, "isolated"))
        self.splits = [
            (text, offsets, tokens is not None)
            for text, offsets, tokens in pretok.get_splits("original", "char")
        ]


def _kind(component: Any) -> str | None:
    """A component's type; for a sequence, the types it consists of."""
    return None if component is None else _named(json.loads(component.__getstate__()))


def _named(state: dict[str, Any]) -> str:
    for parts in ("normalizers", "pretokenizers", "processors", "decoders"):
        if parts in state:
            return " → ".join(map(_named, state[parts]))
    return str(state["type"])
