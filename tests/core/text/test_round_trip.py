"""What comes back from ids is what transformers gives, and every difference is explained."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from core.text.round_trip import round_trip
from tests.core.text.conftest import Kind
from tests.core.text.test_options import TEXTS


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(text=TEXTS)
def test_the_three_steps_are_those_of_transformers(text: str, kind: Kind) -> None:
    trip = round_trip(kind.ours, text)
    tokens = kind.theirs.tokenize(text)
    assert list(trip.tokens) == tokens
    ids = kind.theirs.convert_tokens_to_ids(tokens)
    assert list(trip.input_ids) == ids
    assert trip.decoded == kind.theirs.decode(ids)
    at_once = kind.theirs(text, add_special_tokens=False).input_ids
    strays = [place for place, token_id in enumerate(at_once) if token_id != ids[place]]
    assert list(trip.strays) == strays


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(text=TEXTS)
def test_the_differences_turn_the_text_into_what_came_back(text: str, kind: Kind) -> None:
    trip = round_trip(kind.ours, text)
    made, place = "", 0
    for each in trip.differences:
        assert each.reasons
        made += text[place : each.start] + trip.decoded[each.decoded_start : each.decoded_end]
        place = each.end
    assert made + text[place:] == trip.decoded


def explained(kind: Kind, text: str) -> list[tuple[str, str, tuple[str, ...]]]:
    trip = round_trip(kind.ours, text)
    return [
        (
            text[each.start : each.end],
            trip.decoded[each.decoded_start : each.decoded_end],
            each.reasons,
        )
        for each in trip.differences
    ]


def test_why_a_text_comes_back_otherwise(kinds: dict[str, Kind]) -> None:
    uncased = kinds["wordpiece-uncased"]
    assert explained(uncased, "The film") == [("The", "the", ("case",))]
    assert explained(uncased, "résume") == [("résume", "resume", ("accents",))]
    assert explained(uncased, "a  b") == [("  ", " ", ("spaces",))]
    assert explained(uncased, "a\x01b") == [("a\x01b", "ab", ("control characters",))]
    assert explained(uncased, "a 🦒 b") == [("🦒", "[UNK]", ("unknown",))]
    assert explained(uncased, "É") == [("É", "e", ("case", "accents"))]
    assert explained(kinds["unigram"], "ﬁlm") == [("ﬁlm", "film", ("compatibility",))]
    assert explained(kinds["byte-level"], "É ﬁ 🦒  \x01") == []


def test_a_long_text_is_compared_word_by_word(kinds: dict[str, Kind]) -> None:
    text = "The film, É!  🦒 " * 3000
    found = explained(kinds["wordpiece-uncased"], text)
    assert found[:3] == [
        ("The", "the", ("case",)),
        ("É", "e", ("case", "accents")),
        ("  🦒", " [UNK]", ("unknown",)),
    ]
    assert len(found) == 3 * 3000
    assert explained(kinds["wordpiece-uncased"], "🦒 🐘 " * 500)[:2] == [
        ("🦒", "[UNK]", ("unknown",)),
        ("🐘", "[UNK]", ("unknown",)),
    ]


def test_a_token_that_the_vocabulary_does_not_hold_is_named(kinds: dict[str, Kind]) -> None:
    trip = round_trip(kinds["roberta"].ours, "the <mask>")
    assert trip.tokens[-1] == " <mask>"
    assert trip.strays == (len(trip.tokens) - 1,)
