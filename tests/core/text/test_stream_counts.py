"""Counts of a stream are those of its sentences, however it is cut into blocks and pieces."""

from __future__ import annotations

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import TermformerError
from core.text.counts import Counter, Counts
from core.text.lines import LineReader
from core.text.sentences import parse_sentences
from core.text.stream_counts import Lengths, StreamCounter, TokenCounter
from tests.core.text.conftest import Kind
from tests.core.text.test_options import TEXTS

DOCUMENTS = st.lists(TEXTS | st.sampled_from(["", "  ", "a\tb", "a\t", "\tb", "x\r"]), max_size=12)


def counted(kind: Kind, data: bytes, block: int, *, piece: int = 10**9) -> StreamCounter:
    counter = StreamCounter([kind.ours])
    for _ in counter.count(LineReader(io.BytesIO(data), block=block).blocks(piece)):
        pass
    return counter


def totals(counter: StreamCounter, side: TokenCounter) -> Counts:
    return Counts(
        counter.sentences,
        counter.characters,
        counter.byte_count,
        counter.words,
        side.tokens,
        side.special,
        side.unknown,
    )


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(lines=DOCUMENTS, block=st.integers(1, 200))
def test_a_stream_counts_as_its_sentences_do(lines: list[str], block: int, kind: Kind) -> None:
    text = "\n".join(lines)
    counter = counted(kind, text.encode(), block)
    sentences = parse_sentences([line.removesuffix("\r") for line in text.split("\n")])
    encodings = [kind.ours.encode(line.sentence) for line in sentences]
    (side,) = counter.sides
    assert totals(counter, side) == Counter(kind.ours).total(encodings)
    assert counter.lines == len(text.split("\n")) - (text == "" or text.endswith("\n"))
    if encodings:
        longest = max(range(len(encodings)), key=lambda row: len(encodings[row]))
        assert side.longest is not None
        assert side.longest.tokens == len(encodings[longest])
        assert side.longest.line == sentences[longest].line + 1
        assert side.over(5) == sum(len(encoding) > 5 for encoding in encodings)


def test_lengths_are_percentiles_of_the_sentences(kinds: dict[str, Kind]) -> None:
    kind = kinds["characters"]
    data = "".join("a" * length + "\n" for length in range(1, 201)).encode()
    assert counted(kind, data, 64).sides[0].lengths() == Lengths(1, 100, 180, 198, 200)


def test_a_line_too_long_to_be_held_is_counted_in_pieces(kind: Kind) -> None:
    line = "the film was unbelievably good é 😀 and then some " * 40
    data = f"before\n{line}\nafter {line}".encode()
    whole, pieces = counted(kind, data, 100), counted(kind, data, 100, piece=300)
    assert pieces.lines == pieces.sentences == 3
    assert (pieces.characters, pieces.byte_count, pieces.words) == (
        whole.characters,
        whole.byte_count,
        whole.words,
    )
    ours, exact = pieces.sides[0], whole.sides[0]
    assert ours.special == exact.special
    assert ours.tokens == pytest.approx(exact.tokens, rel=0.02)
    assert ours.longest is not None
    assert ours.longest.line == 3


def test_a_word_without_an_end_is_one_word_and_no_character_is_torn(
    kinds: dict[str, Kind],
) -> None:
    counter = counted(kinds["characters"], ("😀" * 1000).encode(), 64, piece=256)
    assert (counter.characters, counter.words, counter.sentences) == (1000, 1, 1)
    assert counter.sides[0].tokens == 1000


def test_broken_utf8_is_replaced_and_its_first_line_known() -> None:
    reader = LineReader(io.BytesIO(b"\xef\xbb\xbfgood\nbad \xff\xfe\nworse \xe2\x82\n"), block=8)
    lines = [line for block in reader.blocks() for line in block.lines]
    assert lines == ["good", "bad \ufffd\ufffd", "worse \ufffd"]
    assert reader.invalid_from == 2


def test_a_line_that_must_be_whole_is_refused_where_it_is_too_long() -> None:
    reader = LineReader(io.BytesIO(b"short\n" + b"a" * 300 + b"\n"), block=64)
    with pytest.raises(TermformerError, match=r"Line 2 is longer .* --count"):
        list(reader.whole_lines(200))
