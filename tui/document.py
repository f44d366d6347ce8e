"""The sentences on the screen and what the tokenizer made of them, as one frozen snapshot."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from core.text.changes import unchanged_ends
from core.text.encoding import Batch, Encoding
from core.text.pieces import LONG
from core.text.sentences import Sentence, SentenceLine

if TYPE_CHECKING:
    from core.text.tokenizer import TextTokenizer

_EMPTY = Batch()


@dataclass(frozen=True, eq=False)
class Document:
    """Sentences and their padded batch, row for row. `tokenizer` is None until one is read.

    `behind` is how many characters are still being encoded: the snapshot then shows the sentences
    as they were before.
    """

    lines: tuple[SentenceLine, ...] = ()
    batch: Batch = _EMPTY
    tokenizer: TextTokenizer | None = None
    behind: int = 0

    @property
    def sentences(self) -> list[Sentence]:
        """The sentences, in the order of the batch's rows."""
        return [line.sentence for line in self.lines]

    def row_of_line(self, line: int) -> int | None:
        """The batch row of editor line `line`: of the nearest sentence above where it is blank."""
        above = [row for row, found in enumerate(self.lines) if found.line <= line]
        if above:
            return above[-1]
        return 0 if self.lines else None


class Missing(NamedTuple):
    """A sentence that has yet to be encoded, and the encoding of what stood in its place."""

    sentence: Sentence
    like: Encoding | None


class EncodingCache:
    """Encodings by sentence, so that a key encodes only the line it changed.

    Bounded by characters, the sentences least recently asked for go first.
    """

    def __init__(self, tokenizer: TextTokenizer, capacity: int = 4_000_000) -> None:
        self.tokenizer = tokenizer
        self._capacity = capacity
        self._held = 0
        self._encodings: OrderedDict[Sentence, Encoding] = OrderedDict()
        self._lines: tuple[SentenceLine, ...] = ()
        self._shown: tuple[Encoding, ...] = ()
        self._latest: Encoding | None = None

    def missing(self, lines: tuple[SentenceLine, ...]) -> list[Missing]:
        """The sentences of `lines` that have yet to be encoded, each once."""
        found: dict[Sentence, Missing] = {}
        for sentence, like in self._changed(lines):
            if sentence not in self._encodings and sentence not in found:
                found[sentence] = Missing(sentence, like)
        return list(found.values())

    def fresh_characters(self, missing: Missing) -> int:
        """How many characters are encoded for it."""
        return self._fresh(*missing)

    def encode(self, missing: Missing) -> Encoding:
        """Encodes it, in any thread; `hold` keeps it."""
        return self.tokenizer.encode(missing.sentence, missing.like)

    def hold(self, encoding: Encoding) -> None:
        """Keeps `encoding`, made here or in a thread."""
        self._latest = encoding
        if encoding.sentence not in self._encodings:
            self._encodings[encoding.sentence] = encoding
            self._held += len(str(encoding.sentence))

    def document(self, lines: tuple[SentenceLine, ...]) -> Document:
        """The snapshot of `lines`, encoding what is missing. For one thread at a time."""
        head, tail = unchanged_ends(self._lines, lines)
        changed = tuple(self._encoding_of(*each) for each in self._changed(lines))
        self._shown = self._shown[:head] + changed + self._shown[len(self._shown) - tail :]
        self._lines = lines
        if self._held > self._capacity:
            self._forget()
        return Document(lines, self.tokenizer.layout(self._shown), self.tokenizer)

    def _changed(
        self, lines: tuple[SentenceLine, ...]
    ) -> Iterator[tuple[Sentence, Encoding | None]]:
        """The sentences that were not shown last, from the first to the last of them.

        With each long one comes the encoding of a sentence that is often nearly the same: what was
        shown in its place, or the last one that was made, where somebody typed on while it was.
        """
        head, tail = unchanged_ends(self._lines, lines)
        shown = self._shown[head : len(self._shown) - tail]
        changed = lines[head : len(lines) - tail]
        for line, before in zip_longest(changed, shown[: len(changed)]):
            sentence, like = line.sentence, None
            if len(sentence.text) >= LONG:
                like = min(before, self._latest, key=partial(self._fresh, sentence))
            yield sentence, like

    def _fresh(self, sentence: Sentence, like: Encoding | None) -> int:
        return self.tokenizer.fresh_characters(sentence, like)

    def _encoding_of(self, sentence: Sentence, like: Encoding | None) -> Encoding:
        found = self._encodings.get(sentence)
        if found is None:
            found = self.tokenizer.encode(sentence, like)
            self.hold(found)
        else:
            self._encodings.move_to_end(sentence)
        return found

    def _forget(self) -> None:
        """Drops what was not asked for longest, never what is shown."""
        shown = dict.fromkeys(line.sentence for line in self._lines)
        for sentence in shown:
            self._encodings.move_to_end(sentence)
        while self._held > self._capacity and len(self._encodings) > len(shown):
            dropped, _ = self._encodings.popitem(last=False)
            self._held -= len(str(dropped))
