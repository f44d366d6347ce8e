"""What is kept from one state of a document to the next is what a fresh look would give."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.text.changes import unchanged_ends
from core.text.counts import Counter
from core.text.sentences import Sentence, SentenceParser, parse_sentences
from tests.core.text.conftest import Kind
from tui.document import EncodingCache

LINES = st.sampled_from(["a film", "I hate this", "", "  ", "a\tpair", "unbelievably good", "é 😀"])
EDITS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 3), st.lists(LINES, max_size=3)), max_size=8
)
"""From which line on, how many lines go, and which come instead."""


@given(before=st.lists(LINES), after=st.lists(LINES))
def test_unchanged_ends_never_overlap(before: list[str], after: list[str]) -> None:
    head, tail = unchanged_ends(before, after)
    assert head + tail <= min(len(before), len(after))
    assert before[:head] == after[:head]
    assert before[len(before) - tail :] == after[len(after) - tail :]


@settings(max_examples=200, deadline=None)
@given(lines=st.lists(LINES, max_size=8), edits=EDITS)
def test_edited_documents_are_parsed_encoded_and_counted_as_fresh_ones(
    lines: list[str], edits: list[tuple[int, int, list[str]]], kinds: dict[str, Kind]
) -> None:
    tokenizer = kinds["wordpiece-uncased"].ours
    parser, counter = SentenceParser(), Counter(tokenizer)
    cache = EncodingCache(tokenizer, capacity=30)
    for start, gone, new in [(0, 0, []), *edits]:
        lines[start : start + gone] = new
        parsed = parser.parse(lines)
        assert parsed == parse_sentences(list(lines))
        document = cache.document(parsed)
        assert cache.missing(parsed) == []
        fresh = [tokenizer.encode(line.sentence) for line in parsed]
        shown = document.batch.encodings
        assert [each.sentence for each in shown] == [each.sentence for each in fresh]
        assert [each.input_ids for each in shown] == [each.input_ids for each in fresh]
        assert counter.total(shown) == Counter(tokenizer).total(fresh)


def test_a_line_that_stayed_is_the_same_object(kinds: dict[str, Kind]) -> None:
    parser = SentenceParser()
    lines = ["first", "second", "", "last"]
    before = parser.parse(lines)
    lines[1] = "changed"
    after = parser.parse(lines)
    assert after[0] is before[0]
    assert after[2] is before[2]
    assert after[1].sentence == Sentence("changed")
    cache = EncodingCache(kinds["unigram"].ours)
    first, second = cache.document(before), cache.document(after)
    assert second.batch.encodings[0] is first.batch.encodings[0]
    assert second.batch.encodings[2] is first.batch.encodings[2]
