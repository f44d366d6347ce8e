"""Several tokenizers on one text, aligned by its characters, and where they cut differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.text.counts import Counter, Counts
from core.text.encoding import Encoding
from core.text.sentences import Sentence
from core.text.tokenizer import TextTokenizer


@dataclass(frozen=True, slots=True)
class Side:
    """One tokenizer's view of the sentence."""

    name: str
    encoding: Encoding
    counts: Counts


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the line that all tokenizers cut out, and each one's tokens in it.

    `start` and `end` are characters of the line `text<tab>text_pair`; `positions` has the tokens
    of each side, which is none where it dropped the stretch. A token without a character of its
    own is in no segment. `differs` where not all cut at the same places within.
    """

    start: int
    end: int
    positions: tuple[range, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """A place inside a word, before the line's character `column`, where only some cut."""

    column: int
    cuts: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The comparison of two or more tokenizers on one sentence."""

    sentence: Sentence
    sides: tuple[Side, ...]
    segments: tuple[Segment, ...]
    differences: tuple[Difference, ...]


def side_by_side(tokenizers: Sequence[tuple[str, TextTokenizer]], sentence: Sentence) -> SideBySide:
    """Encodes `sentence` with each of the named `tokenizers` and lines up what they made."""
    sides = []
    for name, tokenizer in tokenizers:
        encoding = tokenizer.encode(sentence)
        sides.append(Side(name, encoding, Counter(tokenizer).count(encoding)))
    return align(sentence, tuple(sides))


def align(sentence: Sentence, sides: tuple[Side, ...]) -> SideBySide:
    """Lines up encodings that are at hand.

    White space is nobody's: a tokenizer that takes it into a token and one that drops it cut
    alike. Tokens that share a character are cut nowhere.
    """
    line = str(sentence)
    edges = _word_edges(line)
    spans = [_spans(side.encoding, line) for side in sides]
    cuts = [{cut for start, end, _ in each for cut in (start, end)} for each in spans]
    inner = sorted(set().union(*cuts) - edges)
    differences = tuple(
        Difference(column, tuple(column in each for each in cuts))
        for column in inner
        if not all(column in each for each in cuts)
    )
    differing = {each.column for each in differences}
    common = sorted(edges | (set(inner) - differing))
    columns = sorted(differing)
    segments = []
    cursors = [0] * len(sides)
    place = 0
    for start, end in pairwise(common):
        if line[start:end].isspace():
            continue
        positions = []
        for number, each in enumerate(spans):
            cursors[number], found = _within(each, cursors[number], start, end)
            positions.append(found)
        while place < len(columns) and columns[place] <= start:
            place += 1
        differs = place < len(columns) and columns[place] < end
        segments.append(Segment(start, end, tuple(positions), differs))
    return SideBySide(sentence, sides, tuple(segments), differences)


def _word_edges(line: str) -> set[int]:
    """Where white space begins and ends, and the ends of the line."""
    inside = {
        place for place in range(1, len(line)) if line[place].isspace() != line[place - 1].isspace()
    }
    return {0, len(line)} | inside


def _spans(encoding: Encoding, line: str) -> list[tuple[int, int, int]]:
    """Start, end and position of each token's characters, white space around them left out."""
    found = []
    for position in range(len(encoding)):
        span = encoding.span_in_line(position)
        if span is None:
            continue
        start, end = span
        while start < end and line[start].isspace():
            start += 1
        while start < end and line[end - 1].isspace():
            end -= 1
        if start < end:
            found.append((start, end, position))
    return found


def _within(
    spans: list[tuple[int, int, int]], cursor: int, start: int, end: int
) -> tuple[int, range]:
    """The positions of the spans that begin in `start:end`, from `cursor` on; the new cursor."""
    while cursor < len(spans) and spans[cursor][0] < start:
        cursor += 1
    first = cursor
    while cursor < len(spans) and spans[cursor][0] < end:
        cursor += 1
    if first == cursor:
        return cursor, range(0)
    return cursor, range(spans[first][2], spans[cursor - 1][2] + 1)
