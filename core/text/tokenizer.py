"""A checkpoint's tokenizer, read from its folder without transformers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import tokenizers

from core.errors import ModelError, TermformerError
from core.text.encoding import Batch, Encoding, Padding, PaddingSide, pad
from core.text.sentences import Sentence

_NO_LIMIT = 10**12
"""transformers writes 10**30 where a tokenizer has no maximum length."""


class _AddedToken(msgspec.Struct):
    content: str


class _TokenizerConfig(msgspec.Struct):
    """The fields of `tokenizer_config.json` that change what an encoding looks like."""

    pad_token: str | _AddedToken | None = None
    padding_side: PaddingSide = "right"
    truncation_side: PaddingSide = "right"
    pad_token_type_id: int = 0
    model_max_length: float | None = None
    clean_up_tokenization_spaces: bool | None = None


@dataclass(frozen=True, slots=True)
class EncodeOptions:
    """How a batch is laid out; the names are those of a transformers tokenizer call."""

    padding: Literal["longest", "max_length", "none"] = "longest"
    truncation: bool = False
    max_length: int | None = None


DEFAULT_OPTIONS = EncodeOptions()

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

    def _padding(self, config: _TokenizerConfig) -> Padding | None:
        token = config.pad_token
        content = token.content if isinstance(token, _AddedToken) else token
        token_id = self._backend.token_to_id(content) if content is not None else None
        if content is None or token_id is None:
            return None
        return Padding(content, token_id, config.pad_token_type_id, config.padding_side)

    @property
    def vocabulary_size(self) -> int:
        """Entries of the vocabulary, added tokens included."""
        return self._backend.get_vocab_size(with_added_tokens=True)

    def encode(self, sentence: Sentence) -> Encoding:
        """Encodes one sentence, special tokens added, nothing padded or cut.

        Thread-safe; the interpreter's lock is free while it works.
        """
        return Encoding(sentence, self._backend.encode(sentence.text, sentence.text_pair or None))

    def layout(self, encodings: tuple[Encoding, ...]) -> Batch:
        """The padded batch of `encodings`, as wide as the longest."""
        return pad(encodings, self.padding)

    def encode_batch(
        self, sentences: list[Sentence], options: EncodeOptions = DEFAULT_OPTIONS
    ) -> Batch:
        """Encodes and lays out many sentences as a transformers tokenizer call would.

        Not thread-safe beside `encode` where `options` truncate. Raises `TermformerError` where
        the options cannot be met: padding without a padding token, a length that nobody named, one
        too short for the special tokens.
        """
        limit = options.max_length or self.model_max_length
        if limit is None and (options.truncation or options.padding == "max_length"):
            raise TermformerError(
                "This tokenizer names no maximum length: say one with --max-length."
            )
        inputs = [
            (sentence.text, sentence.text_pair) if sentence.text_pair else sentence.text
            for sentence in sentences
        ]
        if options.truncation and limit is not None:
            needed = self._backend.num_special_tokens_to_add(
                any(sentence.text_pair for sentence in sentences)
            )
            if limit < needed:
                raise TermformerError(
                    f"A length of {limit} is too short: the special tokens alone take {needed}."
                )
            self._backend.enable_truncation(limit, direction=self._truncation_side)
        try:
            encoded = self._backend.encode_batch(inputs)
        finally:
            self._backend.no_truncation()
        encodings = tuple(map(Encoding, sentences, encoded))
        if options.padding == "none":
            return pad(encodings, None)
        if self.padding is None and (options.padding == "max_length" or len(encodings) > 1):
            raise TermformerError(
                "This tokenizer has no padding token, so sentences of unequal length cannot be "
                "padded: use --padding none."
            )
        return pad(encodings, self.padding, limit if options.padding == "max_length" else None)

    def decode(self, input_ids: list[int]) -> str:
        """The text of `input_ids`, special tokens kept, as `AutoTokenizer.decode` gives it."""
        text = self._backend.decode(input_ids, skip_special_tokens=False)
        if self._cleans_up:
            for spaced in _CLEAN_UP:
                text = text.replace(spaced, spaced.strip())
        return text


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
