"""Encodings are kept while they are shown, however long they are, and each is counted once."""

from __future__ import annotations

import pytest

from core.checkpoints import packaged_encoder
from core.text.sentences import parse_sentences
from core.text.tokenizer import TextTokenizer, read_tokenizer
from tui.document import EncodingCache


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    folder = packaged_encoder()
    assert folder
    return read_tokenizer(folder)


def test_what_is_shown_is_never_dropped(tokenizer: TextTokenizer) -> None:
    cache = EncodingCache(tokenizer, capacity=100)
    lines = parse_sentences(["so good " * 50, "so bad " * 50])
    for missing in cache.missing(lines):
        cache.hold(cache.encode(missing))
    assert cache.missing(lines) == []
    assert len(cache.document(lines).batch.encodings) == 2
    assert cache.missing(lines) == []


def test_what_is_typed_while_a_long_line_is_encoded_costs_what_was_typed(
    tokenizer: TextTokenizer,
) -> None:
    cache = EncodingCache(tokenizer)
    cache.document(parse_sentences(["short"]))
    pasted = "a long film " * 2_000
    (missing,) = cache.missing(parse_sentences([pasted]))
    assert cache.fresh_characters(missing) == len(missing.sentence.text)
    cache.hold(cache.encode(missing))
    (missing,) = cache.missing(parse_sentences([pasted + "xyz"]))
    assert cache.fresh_characters(missing) < 10_000


def test_a_repeated_line_is_encoded_once(tokenizer: TextTokenizer) -> None:
    cache = EncodingCache(tokenizer)
    lines = parse_sentences(["again and again"] * 3)
    assert len(cache.missing(lines)) == 1
    first, second, third = cache.document(lines).batch.encodings
    assert first is second is third


def test_the_cache_stays_within_its_capacity(tokenizer: TextTokenizer) -> None:
    cache = EncodingCache(tokenizer, capacity=200)
    texts = [f"sentence number {number} of many" for number in range(50)]
    for text in texts:
        cache.document(parse_sentences([text]))
    assert 1 <= 50 - len(cache.missing(parse_sentences(texts))) <= 8
