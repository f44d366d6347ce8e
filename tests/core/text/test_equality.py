"""Equal to `AutoTokenizer` under every combination of options, and in every other field too."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.text.options import EncodeOptions
from core.text.sentences import Sentence, parse_sentence
from tests.core.text.conftest import Kind
from tests.core.text.test_options import TEXTS, compare

PADDING = [
    (padding, side)
    for padding in ("longest", "max_length", "none")
    for side in (None, "left", "right")
    if padding != "none" or side is None
]
WINDOWS = [(False, 0), (True, 0), (True, 2), (True, 5)]
BATCH = [
    Sentence("Don’t 😀 unbelievably  [SEP] é e\u0301"),
    Sentence("日本 Termformer \x00 <mask> film film", "A pair\twith 👩\u200d👩\u200d👧 Yesterday"),
    Sentence("ok"),
    Sentence("", "only its pair"),
]


def combinations() -> Iterator[EncodeOptions]:
    """Every option with every other one, but for those that leave each other without effect."""
    for (padding, side), special in itertools.product(PADDING, (True, False)):
        lengths = (None, 4, 40) if padding == "max_length" else (None,)
        for max_length, overflow in itertools.product(lengths, (False, True)):
            yield EncodeOptions(padding, False, max_length, side, 0, overflow, special)
        for truncation, max_length, (overflow, stride) in itertools.product(
            ("longest_first", "only_first", "only_second"), (None, 4, 11), WINDOWS
        ):
            yield EncodeOptions(padding, truncation, max_length, side, stride, overflow, special)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_every_combination_of_options_gives_what_transformers_gives(kind: Kind) -> None:
    batches = itertools.cycle([BATCH, BATCH[:1], BATCH[1:2]])
    for options, batch in zip(combinations(), batches, strict=False):
        compare(batch, options, kind)


LINES = st.lists(st.text(max_size=12) | TEXTS, min_size=1, max_size=6).map(" ".join)
"""Any text that Python can hold: lone surrogates, which no tokenizer can encode, among it."""


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(line=LINES)
def test_every_other_field_gives_what_transformers_gives(line: str, kind: Kind) -> None:
    sentence = parse_sentence(line)
    ours, theirs = kind.ours.encode(sentence), kind.theirs(*inputs_of(sentence))
    assert ours.tokens == theirs.tokens()
    assert ours.word_ids == theirs.word_ids()
    assert ours.sequence_ids == theirs.sequence_ids()
    assert ours.offset_mapping == theirs[0].offsets
    assert list(map(ours.span, range(len(ours)))) == ours.offset_mapping
    assert kind.ours.decode(ours.input_ids) == kind.theirs.decode(ours.input_ids)
    shift = len(sentence.text) + 1
    for column in range(len(str(sentence))):
        place = (column, 0) if column < shift else (column - shift, 1)
        assert ours.token_at(column) == theirs.char_to_token(0, *place)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(line=LINES)
def test_lone_surrogates_alone_are_replaced_one_for_one(line: str) -> None:
    replaced = "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in line)
    text, _, pair = replaced.partition("\t")
    assert parse_sentence(line) == Sentence(text, pair or None)
    assert str(parse_sentence(line)) == (replaced if pair else text)


def inputs_of(sentence: Sentence) -> list[str]:
    """What a transformers tokenizer is called with."""
    return [sentence.text] + ([sentence.text_pair] if sentence.text_pair else [])
