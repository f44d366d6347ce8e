"""The details of a token agree with its text, with the vocabulary and with its neighbours."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from core.text.counts import Counter, Counts, limit_use
from core.text.detail import DetailReader, shared_group
from core.text.sentences import Sentence
from core.text.tokenizer import EncodeOptions
from tests.core.text.conftest import Kind
from tests.core.text.test_options import SENTENCES, TEXTS


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(sentence=SENTENCES)
def test_every_token_of_every_sentence_can_be_looked_at(sentence: Sentence, kind: Kind) -> None:
    reader, encoding = DetailReader(kind.ours), kind.ours.encode(sentence)
    for position, input_id in enumerate(encoding.input_ids):
        detail = reader.read(encoding, position)
        assert (detail.input_id, detail.word) == (input_id, encoding.word_ids[position])
        assert bytes.fromhex(detail.source_bytes).decode() == detail.characters
        assert position in detail.group
        assert all(shared_group(encoding, other) == detail.group for other in detail.group)
        for other in detail.variants:
            assert kind.theirs.convert_ids_to_tokens(other.input_id) == other.token
        assert all(0 < abs(near.input_id - input_id) <= 3 for near in detail.neighbours)
        assert detail.special == (input_id in kind.theirs.all_special_ids)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(text=TEXTS)
def test_the_bytes_of_byte_level_tokens_are_the_text(text: str, kinds: dict[str, Kind]) -> None:
    tokenizer = kinds["byte-level"].ours
    reader, encoding = DetailReader(tokenizer), tokenizer.encode(Sentence(text))
    details = [reader.read(encoding, position) for position in range(len(encoding))]
    assert bytes.fromhex(" ".join(each.token_bytes for each in details)).decode() == text


def test_an_emoji_in_four_tokens_is_one_group(kinds: dict[str, Kind]) -> None:
    tokenizer = kinds["byte-level"].ours
    encoding = tokenizer.encode(Sentence("a🦒b"))
    detail = DetailReader(tokenizer).read(encoding, 2)
    assert (detail.group, detail.shares_character) == (range(1, 5), True)
    assert (detail.characters, detail.source_bytes) == ("🦒", "f0 9f a6 92")
    assert detail.token_bytes == "9f"
    assert DetailReader(tokenizer).read(encoding, 0).group == range(1)


def test_bytes_as_a_way_out(kinds: dict[str, Kind]) -> None:
    tokenizer = kinds["llama"].ours
    encoding = tokenizer.encode(Sentence("a🦒"))
    detail = DetailReader(tokenizer).read(encoding, len(encoding) - 1)
    assert (detail.token, detail.token_bytes) == ("<0x92>", "92")
    assert len(detail.group) == 4


@pytest.mark.parametrize(
    ("name", "text", "token", "variant"),
    [
        ("wordpiece-cased", "the", "the", ("The", "", True)),
        ("wordpiece-cased", "the", "the", ("##the", "##", False)),
        ("byte-level", " the", "Ġthe", ("the", "", False)),
        ("unigram", "the", "▁the", ("▁The", "▁", True)),
    ],
)
def test_the_same_letters_elsewhere_in_the_vocabulary(
    name: str, text: str, token: str, variant: tuple[str, str, bool], kinds: dict[str, Kind]
) -> None:
    tokenizer = kinds[name].ours
    encoding = tokenizer.encode(Sentence(text))
    detail = DetailReader(tokenizer).read(encoding, encoding.tokens.index(token))
    variants = [(each.token, each.mark, each.other_case) for each in detail.variants]
    vocabulary = kinds[name].theirs.get_vocab()
    assert (variant in variants) == (variant[0] in vocabulary)
    assert token not in [each.token for each in detail.variants]


def test_an_unknown_token_is_not_one_that_was_written(kinds: dict[str, Kind]) -> None:
    tokenizer = kinds["wordpiece-uncased"].ours
    encoding = tokenizer.encode(Sentence("🦒 [UNK]"))
    unknown = [DetailReader(tokenizer).read(encoding, place).unknown for place in (1, 2)]
    assert unknown == [True, False]


def test_counts_add_up(kinds: dict[str, Kind]) -> None:
    tokenizer = kinds["wordpiece-uncased"].ours
    counter = Counter(tokenizer)
    encodings = [tokenizer.encode(Sentence("a é 🦒")), tokenizer.encode(Sentence("the", "film x"))]
    first, second = map(counter.count, encodings)
    assert first == Counts(1, 5, 9, 3, len(encodings[0]), 2, 1)
    assert (second.characters, second.words, second.special) == (9, 3, 3)
    assert counter.total(encodings) == first + second
    assert counter.count(encodings[0]) is first
    assert first.characters_per_token == 5 / (first.tokens - 2)
    assert Counts().characters_per_token is None


def test_how_much_of_the_limit_each_sentence_uses(kinds: dict[str, Kind]) -> None:
    tokenizer = kinds["wordpiece-uncased"].ours
    sentences = [Sentence("a b"), Sentence("a " * 80)]
    batch = tokenizer.encode_batch(sentences, EncodeOptions(truncation=True))
    used = limit_use(batch, tokenizer.model_max_length)
    assert used is not None
    assert [(each.tokens, each.limit, each.excess) for each in used] == [(4, 64, 0), (82, 64, 18)]
    assert used[0].share == 4 / 64
    assert limit_use(batch, kinds["unigram"].ours.model_max_length) is None
