"""From text as typed to sentences: one a line, a tab inside a line makes a pair."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.text.changes import unchanged_ends

_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One input of a model: a text, or a text and its pair.

    `text` and `text_pair` never hold a lone surrogate, which no tokenizer can encode: each is
    replaced by U+FFFD, one character for one, so that character offsets stay true.
    """

    text: str
    text_pair: str | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The text, and its pair where there is one."""
        return (self.text,) if self.text_pair is None else (self.text, self.text_pair)

    def __str__(self) -> str:
        return self.text if self.text_pair is None else f"{self.text}\t{self.text_pair}"


@dataclass(frozen=True, slots=True)
class SentenceLine:
    """A sentence and the editor line (from 0) that it stands on."""

    line: int
    sentence: Sentence


def parse_sentence(line: str) -> Sentence:
    """Splits at the first tab into a sentence pair; later tabs belong to the second text.

    An empty second text is none, as it is to a transformers tokenizer.
    """
    if not line.isascii():
        line = _SURROGATES.sub("\ufffd", line)
    text, _, pair = line.partition("\t")
    return Sentence(text, pair or None)


def parse_sentences(lines: Sequence[str]) -> tuple[SentenceLine, ...]:
    """The sentences of an editor's lines; lines of nothing but white space are no sentences."""
    return SentenceParser().parse(lines)


class SentenceParser:
    """Parses the lines of one editor again and again; what did not change is not parsed twice."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._found: list[SentenceLine | None] = []

    def parse(self, lines: Sequence[str]) -> tuple[SentenceLine, ...]:
        """As `parse_sentences`; of lines that stayed, the very objects returned before."""
        head, tail = unchanged_ends(self._lines, lines)
        kept = len(self._found) - tail
        moved = len(lines) - len(self._lines)
        self._found[head:kept] = [
            SentenceLine(number, parse_sentence(line)) if line.strip() else None
            for number, line in enumerate(lines[head : len(lines) - tail], head)
        ]
        if moved:
            self._found[len(lines) - tail :] = [
                found and SentenceLine(found.line + moved, found.sentence)
                for found in self._found[len(lines) - tail :]
            ]
        self._lines = list(lines)
        return tuple(filter(None, self._found))
