"""The sentences on the screen and what the tokenizer made of them, as one frozen snapshot."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.text.changes import unchanged_ends
from core.text.encoding import Batch, Encoding
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

    def missing(self, lines: tuple[SentenceLine, ...]) -> list[Sentence]:
        """The sentences of `lines` that have yet to be encoded, each once."""
        return [
            sentence
            for sentence in dict.fromkeys(line.sentence for line in self._changed(lines))
            if sentence not in self._encodings
        ]

    def hold(self, encoding: Encoding) -> None:
        """Keeps `encoding`, made here or in a thread."""
        if encoding.sentence not in self._encodings:
            self._encodings[encoding.sentence] = encoding
            self._held += len(str(encoding.sentence))

    def document(self, lines: tuple[SentenceLine, ...]) -> Document:
        """The snapshot of `lines`, encoding what is missing. For one thread at a time."""
        head, tail = unchanged_ends(self._lines, lines)
        changed = tuple(self._encode(line.sentence) for line in self._changed(lines))
        self._shown = self._shown[:head] + changed + self._shown[len(self._shown) - tail :]
        self._lines = lines
        if self._held > self._capacity:
            self._forget()
        return Document(lines, self.tokenizer.layout(self._shown), self.tokenizer)

    def _changed(self, lines: tuple[SentenceLine, ...]) -> tuple[SentenceLine, ...]:
        """The lines that were not shown last, from the first to the last of them."""
        head, tail = unchanged_ends(self._lines, lines)
        return lines[head : len(lines) - tail]

    def _encode(self, sentence: Sentence) -> Encoding:
        found = self._encodings.get(sentence)
        if found is None:
            found = self.tokenizer.encode(sentence)
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
