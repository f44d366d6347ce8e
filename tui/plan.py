"""What is compared: the editor's sentences, or ids typed in their place."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from core.engine.protocol import Texts
from core.errors import ModelError
from core.text.encoding import Batch, Encoding, pad
from core.text.ids import parse_ids
from core.text.sentences import Sentence
from tui.document import Document

MOST_SENTENCES = 64
"""Sentences that are compared; a longer list is cut there."""
MOST_CELLS = 16_384
"""Cells of the padded batch, sentences times width, that are compared."""


@dataclass(frozen=True)
class Plan:
    """The inputs that are compared, as one batch.

    `rows` are the document's rows, or the typed ids as if they were: `raw_ids` then says so.
    `left_out` counts the inputs after them, which would make the batch too large. `problem` is why
    there is nothing to compare, one clear sentence.
    """

    batch: Batch = field(default_factory=Batch)
    raw_ids: bool = False
    left_out: int = 0
    too_long: int = 0
    """Tokens of the first input where not even that is compared."""
    problem: str = ""

    @property
    def count(self) -> int:
        """Inputs that are compared."""
        return len(self.batch.encodings)

    @cached_property
    def sentences(self) -> list[Sentence]:
        """What the user typed for each input."""
        return [encoding.sentence for encoding in self.batch.encodings]

    @cached_property
    def width(self) -> int:
        """Tokens of the longest input: what all are padded to."""
        return max(map(len, self.batch.encodings), default=0)

    @cached_property
    def texts(self) -> list[Texts]:
        """The sentences as the engine takes them; none where ids are typed."""
        if self.raw_ids:
            return []
        return [(sentence.text, sentence.text_pair) for sentence in self.sentences]

    @cached_property
    def ids(self) -> list[list[int]]:
        """The typed ids as the engine takes them; none where sentences are."""
        return [each.input_ids for each in self.batch.encodings] if self.raw_ids else []

    @cached_property
    def keys(self) -> list[Hashable]:
        """What each input is found again by."""
        return keys_of(self.texts, self.ids)

    def length(self, row: int) -> int:
        """Tokens of input `row`."""
        return len(self.batch.encodings[row])

    def padding(self, row: int) -> int:
        """Padding tokens that input `row` gets."""
        return self.width - self.length(row)


def keys_of(texts: list[Texts], raw_ids: list[list[int]]) -> list[Hashable]:
    """What each input of a question is found again by."""
    return [tuple(ids) for ids in raw_ids] if raw_ids else list(texts)


def plan_sentences(document: Document) -> Plan:
    """As many sentences from the first on as make a batch of a sane size."""
    return _plan(document.batch, raw_ids=False)


def plan_ids(lines: list[str], document: Document, vocabulary_size: int | None) -> Plan:
    """The ids in `lines`: one list of lists over all of them, or one or more rows on each."""
    try:
        rows = _rows(lines, vocabulary_size)
    except ModelError as error:
        return Plan(raw_ids=True, problem=str(error))
    tokenizer = document.tokenizer
    spell = tokenizer.backend.id_to_token if tokenizer else lambda _: None
    encodings = tuple(
        Encoding(
            Sentence(f"[{', '.join(map(str, row))}]"),
            cast("Any", _TypedIds(row, [spell(each) or f"#{each}" for each in row])),
        )
        for row in rows
    )
    return _plan(pad(encodings, tokenizer.padding if tokenizer else None), raw_ids=True)


def _rows(lines: list[str], vocabulary_size: int | None) -> list[list[int]]:
    written = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not written:
        return []
    if len(written) == 1:
        return parse_ids(written[0][1], vocabulary_size)
    try:
        return parse_ids("\n".join(lines), vocabulary_size)
    except ModelError:
        rows: list[list[int]] = []
        for number, line in written:
            try:
                rows += parse_ids(line, vocabulary_size)
            except ModelError as error:
                raise ModelError("other", f"Line {number}: {error}") from error
        return rows


def _plan(batch: Batch, *, raw_ids: bool) -> Plan:
    count = width = 0
    for encoding in batch.encodings[:MOST_SENTENCES]:
        width = max(width, len(encoding))
        if (count + 1) * width > MOST_CELLS:
            break
        count += 1
    whole = len(batch.encodings)
    kept = batch if count == whole else pad(batch.encodings[:count], batch.padding)
    too_long = len(batch.encodings[0]) if whole and not count else 0
    return Plan(kept, raw_ids, whole - count, too_long)


@dataclass(frozen=True)
class _TypedIds:
    """Stands in for what a tokenizer would have made: ids, no text."""

    ids: list[int]
    tokens: list[str]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def type_ids(self) -> list[int]:
        return [0] * len(self)

    @property
    def attention_mask(self) -> list[int]:
        return [1] * len(self)

    @property
    def special_tokens_mask(self) -> list[int]:
        return [0] * len(self)

    @property
    def offsets(self) -> list[tuple[int, int]]:
        return [(0, 0)] * len(self)

    @property
    def sequence_ids(self) -> list[int | None]:
        return [None] * len(self)

    @property
    def word_ids(self) -> list[int | None]:
        return [None] * len(self)
