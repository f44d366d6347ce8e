"""Tokenizers side by side are aligned by characters, and only true differences are shown."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from core.text.sentences import Sentence
from core.text.side_by_side import SideBySide, side_by_side
from tests.core.text.conftest import Kind
from tests.core.text.test_options import SENTENCES


def compare(kinds: dict[str, Kind], sentence: Sentence, *names: str) -> SideBySide:
    return side_by_side([(name, kinds[name].ours) for name in names], sentence)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(sentence=SENTENCES)
def test_any_two_and_more_can_be_aligned(sentence: Sentence, kinds: dict[str, Kind]) -> None:
    names = ("wordpiece-cased", "byte-level", "unigram", "llama", "characters")
    together = compare(kinds, sentence, *names)
    line = str(sentence)
    ends = 0
    for segment in together.segments:
        assert ends <= segment.start < segment.end <= len(line)
        assert not line[ends : segment.start].strip()
        ends = segment.end
        inside = [d for d in together.differences if segment.start < d.column < segment.end]
        assert segment.differs == bool(inside)
    assert not line[ends:].strip()
    for difference in together.differences:
        assert {True, False} == set(difference.cuts)
    for number, side in enumerate(together.sides):
        shown = [place for segment in together.segments for place in segment.positions[number]]
        assert shown == sorted(set(shown))
        for place, span in enumerate(map(side.encoding.span_in_line, range(len(side.encoding)))):
            if span and line[slice(*span)].strip():
                assert place in shown


def test_the_same_tokenizer_twice_differs_nowhere(kinds: dict[str, Kind]) -> None:
    twice = compare(kinds, Sentence("the same film 🦒", "twice"), "unigram", "unigram")
    assert twice.differences == ()
    assert not any(segment.differs for segment in twice.segments)


def test_white_space_is_no_difference(kinds: dict[str, Kind]) -> None:
    both = compare(kinds, Sentence("the film"), "wordpiece-cased", "byte-level")
    line = "the film"
    words = {line[each.start : each.end] for each in both.segments if not each.differs}
    assert "the" in words
    assert all(line[each.column - 1 : each.column + 1].isalpha() for each in both.differences)


def test_where_they_cut_differently(kinds: dict[str, Kind]) -> None:
    both = compare(kinds, Sentence("the the"), "characters", "wordpiece-cased")
    assert [each.column for each in both.differences] == [1, 2, 5, 6]
    assert all(each.cuts == (True, False) for each in both.differences)
    assert [list(segment.positions[0]) for segment in both.segments] == [[0, 1, 2], [4, 5, 6]]
    assert both.sides[0].counts.tokens == 7
