"""A checkpoint's tokenizer, read from its folder without transformers."""

from __future__ import annotations

import threading
import weakref
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import msgspec
import tokenizers

from core.errors import ModelError, TermformerError
from core.text.encoding import Batch, Encoding, Padding, PaddingSide, pad
from core.text.options import DEFAULT_OPTIONS, Cut, EncodeOptions, TruncationName
from core.text.pieces import LONG, Divider, divides
from core.text.sentences import Sentence
from core.text.twin import twin

__all__ = ["DEFAULT_OPTIONS", "EncodeOptions", "TextTokenizer", "read_tokenizer"]

_NO_LIMIT = 10**12
"""transformers writes 10**30 where a tokenizer has no maximum length."""

_BRIEF = 1_000
"""Characters that are encoded sooner than another thread could be asked to: in a millisecond."""


class _AddedToken(msgspec.Struct):
    content: str


class _TokenizerConfig(msgspec.Struct):
    """The fields of `tokenizer_config.json` that change what an encoding looks like."""

    pad_token: str | _AddedToken | None = None
    unk_token: str | _AddedToken | None = None
    eos_token: str | _AddedToken | None = None
    padding_side: PaddingSide = "right"
    truncation_side: PaddingSide = "right"
    pad_token_type_id: int = 0
    model_max_length: float | None = None
    clean_up_tokenization_spaces: bool | None = None


# What `clean_up_tokenization_spaces` joins, in the order in which transformers joins it.
_CLEAN_UP = (" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's", " 've", " 're")


class TextTokenizer:
    """Encodes sentences exactly as `AutoTokenizer` does for the same folder."""

    def __init__(self, backend: tokenizers.Tokenizer, config: _TokenizerConfig) -> None:
        backend.no_truncation()
        backend.no_padding()
        self._backend = backend
        self._cleans_up = bool(config.clean_up_tokenization_spaces) and not isinstance(
            backend.model, tokenizers.models.BPE
        )
        self._truncation_side = config.truncation_side
        limit = config.model_max_length
        self.model_max_length = None if limit is None or limit > _NO_LIMIT else int(limit)
        """The longest sequence the model takes, in tokens; None where the tokenizer knows none."""
        self.padding = self._padding(config)
        self.end_token = _content(config.eos_token)
        """What ends a text; where there is no padding token, it is often made one."""
        self.unknown_token = getattr(backend.model, "unk_token", None) or _content(config.unk_token)
        """What stands for text that the vocabulary cannot spell; None where it can spell all."""
        self.unknown_token_id = (
            None if self.unknown_token is None else backend.token_to_id(self.unknown_token)
        )
        self._divider = Divider(backend) if divides(backend) else None
        self._cutting = threading.Lock()
        self._plain: weakref.WeakKeyDictionary[Encoding, Encoding] = weakref.WeakKeyDictionary()
        self._windows: weakref.WeakKeyDictionary[Encoding, tuple[Cut, tuple[Encoding, ...]]] = (
            weakref.WeakKeyDictionary()
        )

    @cached_property
    def _cutter(self) -> tokenizers.Tokenizer:
        """Truncates, so that `_backend`, which other threads encode with, never does."""
        return twin(self._backend)

    @property
    def backend(self) -> tokenizers.Tokenizer:
        """The tokenizer itself, for looking inside; never to be changed."""
        return self._backend

    def _padding(self, config: _TokenizerConfig) -> Padding | None:
        content = _content(config.pad_token)
        token_id = self._backend.token_to_id(content) if content is not None else None
        if content is None or token_id is None:
            return None
        return Padding(content, token_id, config.pad_token_type_id, config.padding_side)

    @property
    def vocabulary_size(self) -> int:
        """Entries of the vocabulary, added tokens included."""
        return self._backend.get_vocab_size(with_added_tokens=True)

    def encode(self, sentence: Sentence, like: Encoding | None = None) -> Encoding:
        """Encodes one sentence, special tokens added, nothing padded or cut.

        What a long one has in common with `like`, which `encode` made of another, is not encoded
        again where the tokenizer's kind allows that. Thread-safe; the interpreter's lock is free
        while it works on a long one.
        """
        if (divider := self._divider_for(sentence)) is not None:
            return divider.encode(sentence, like)
        return self._encode(sentence, add_special_tokens=True)

    def fresh_characters(self, sentence: Sentence, like: Encoding | None = None) -> int:
        """How many characters `encode` would have to look at."""
        if (divider := self._divider_for(sentence)) is not None:
            return divider.fresh(sentence.text, like)
        return len(str(sentence))

    def _divider_for(self, sentence: Sentence) -> Divider | None:
        is_long = len(sentence.text) >= LONG and not sentence.text_pair
        return self._divider if is_long else None

    def _encode(self, sentence: Sentence, *, add_special_tokens: bool) -> Encoding:
        text, pair = sentence.text, sentence.text_pair or None
        if len(text) + len(pair or "") <= _BRIEF:
            encoded = self._backend.encode(text, pair, add_special_tokens=add_special_tokens)
        else:
            # Not the library's own `encode`: that one holds the interpreter's lock.
            (encoded,) = self._backend.encode_batch(
                [_input(sentence)], add_special_tokens=add_special_tokens
            )
        return Encoding(sentence, encoded)

    def layout(self, encodings: tuple[Encoding, ...]) -> Batch:
        """The padded batch of `encodings`, as wide as the longest."""
        return pad(encodings, self.padding)

    def encode_batch(
        self, sentences: list[Sentence], options: EncodeOptions = DEFAULT_OPTIONS
    ) -> Batch:
        """Encodes and lays out many sentences as a transformers tokenizer call would.

        Raises `TermformerError` where the options cannot be met: padding without a padding token,
        a length that nobody named, one too short for the special tokens, a stride that leaves no
        room, a text that cannot be cut as asked.
        """
        encoded = self._backend.encode_batch(
            list(map(_input, sentences)), add_special_tokens=options.add_special_tokens
        )
        return self._lay_out(tuple(map(Encoding, sentences, encoded)), options)

    def arrange(self, encodings: tuple[Encoding, ...], options: EncodeOptions) -> Batch:
        """The batch that `encode_batch` makes of the sentences that `encode` made `encodings` of.

        Only what the options change is encoded again, and a sentence that stays is not cut twice.
        Raises as `encode_batch` does.
        """
        if not options.add_special_tokens:
            encodings = tuple(map(self._without_special_tokens, encodings))
        return self._lay_out(encodings, options)

    def _without_special_tokens(self, encoding: Encoding) -> Encoding:
        found = self._plain.get(encoding)
        if found is None:
            found = self._encode(encoding.sentence, add_special_tokens=False)
            self._plain[encoding] = found
        return found

    def _lay_out(self, encodings: tuple[Encoding, ...], options: EncodeOptions) -> Batch:
        options.check()
        limit = self.model_max_length if options.max_length is None else options.max_length
        strategy = options.strategy
        if limit is None and (strategy or options.padding == "max_length"):
            raise TermformerError("This tokenizer names no maximum length: choose a max_length.")
        rows, origins, width = encodings, None, max(map(len, encodings), default=0)
        if strategy is not None and limit is not None:
            windows = self._cut(encodings, self._cut_asked(limit, strategy, options))
            rows = tuple(each[0] for each in windows)
            width = max(map(len, rows), default=0)  # as transformers: not that of later windows
            if options.return_overflowing_tokens:
                rows = tuple(row for each in windows for row in each)
                origins = tuple(i for i, each in enumerate(windows) for _ in each)
        elif options.return_overflowing_tokens:
            origins = tuple(range(len(encodings)))
        padding = None if options.padding == "none" else self.padding
        if padding is None and (
            options.padding == "max_length" or (options.padding == "longest" and len(rows) > 1)
        ):
            raise TermformerError(
                "This tokenizer has no padding token, so sentences of unequal length cannot be "
                "padded; with padding none the rows stay as they are."
            )
        if padding is not None and options.padding_side is not None:
            padding = replace(padding, side=options.padding_side)
        batch = pad(rows, padding, limit if options.padding == "max_length" else width)
        return replace(
            batch, overflow_to_sample_mapping=origins, whole_lengths=tuple(map(len, encodings))
        )

    def _cut_asked(self, limit: int, strategy: TruncationName, options: EncodeOptions) -> Cut:
        return Cut(
            limit,
            strategy,
            options.stride,
            self._truncation_side,
            options.add_special_tokens,
            self._backend.num_special_tokens_to_add(False),
            self._backend.num_special_tokens_to_add(True),
        )

    def _cut(self, encodings: tuple[Encoding, ...], cut: Cut) -> list[tuple[Encoding, ...]]:
        """The windows of each encoding: itself where it is short enough."""
        cut.check(any(encoding.sentence.text_pair for encoding in encodings))
        windows = [
            (encoding,) if len(encoding) <= cut.limit else self._windows_cut_before(encoding, cut)
            for encoding in encodings
        ]
        missing = [row for row, each in enumerate(windows) if not each]
        for row in missing:
            cut.check_sentence(row + 1, *_lengths(encodings[row]))
        with self._cutting:
            self._cutter.enable_truncation(
                cut.limit, stride=cut.stride, strategy=cut.strategy, direction=cut.direction
            )
            encoded = self._cutter.encode_batch(
                [_input(encodings[row].sentence) for row in missing],
                add_special_tokens=cut.add_special_tokens,
            )
        for row, first in zip(missing, encoded, strict=True):
            sentence = encodings[row].sentence
            windows[row] = tuple(Encoding(sentence, each) for each in (first, *first.overflowing))
            self._windows[encodings[row]] = (cut, windows[row])
        return windows

    def _windows_cut_before(self, encoding: Encoding, cut: Cut) -> tuple[Encoding, ...]:
        known = self._windows.get(encoding)
        return known[1] if known is not None and known[0] == cut else ()

    def decode(self, input_ids: list[int]) -> str:
        """The text of `input_ids`, special tokens kept, as `AutoTokenizer.decode` gives it."""
        return self.decode_batch([input_ids])[0]  # as with `encode`, the lock is free

    def decode_batch(self, rows: list[list[int]]) -> list[str]:
        """As `decode`, of many sequences at once."""
        texts = self._backend.decode_batch(rows, skip_special_tokens=False)
        return list(map(self._cleaned_up, texts))

    def _cleaned_up(self, text: str) -> str:
        if self._cleans_up:
            for spaced in _CLEAN_UP:
                text = text.replace(spaced, spaced.strip())
        return text


def _content(token: str | _AddedToken | None) -> str | None:
    return token.content if isinstance(token, _AddedToken) else token


def _input(sentence: Sentence) -> str | tuple[str, str]:
    return (sentence.text, sentence.text_pair) if sentence.text_pair else sentence.text


def _lengths(encoding: Encoding) -> tuple[int, int | None]:
    """Tokens of the first and of the second text, special ones left out."""
    if not encoding.sentence.text_pair:
        return len(encoding) - encoding.sequence_ids.count(None), None
    return encoding.sequence_ids.count(0), encoding.sequence_ids.count(1)


def read_tokenizer(folder: Path) -> TextTokenizer:
    """Reads `tokenizer.json` and `tokenizer_config.json` from a checkpoint's folder.

    Raises `ModelError` ("no_tokenizer", "corrupt").
    """
    file = folder / "tokenizer.json"
    if not file.is_file():
        raise ModelError("no_tokenizer", f"{folder} has no tokenizer.json.")
    try:
        backend = tokenizers.Tokenizer.from_file(str(file))
    except Exception as error:  # the Rust library raises nothing narrower
        raise ModelError("corrupt", f"{file} is not a readable tokenizer: {error}.") from error
    settings = folder / "tokenizer_config.json"
    try:
        config = (
            msgspec.json.decode(settings.read_bytes(), type=_TokenizerConfig)
            if settings.is_file()
            else _TokenizerConfig()
        )
    except (OSError, msgspec.MsgspecError) as error:
        raise ModelError("corrupt", f"{settings} is not readable: {error}.") from error
    return TextTokenizer(backend, config)
