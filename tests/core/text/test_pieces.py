"""What a long text's pieces give together is what the tokenizer gives, whatever was changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, processors

from core.checkpoints import packaged_encoder
from core.text import pieces, tokenizer
from core.text.counts import Counter
from core.text.encoding import Encoding
from core.text.pieces import divides
from core.text.sentences import Sentence, parse_sentence
from core.text.tokenizer import TextTokenizer, read_tokenizer
from tests.core.text.conftest import Kind
from tests.core.text.test_options import TEXTS

WORDS = st.sampled_from(
    ["film", "a", "Don't", "[MASK]", "[SEP]", "日本", "é", "e\u0301x", "x\u0301", "ß", "ΑΣ", "９",
     "½", "\u00a0",
     "\u200d", "\x00", "<|endoftext|>", "_", "x_", "1st", "ﬁ", "İ", "한국", "ᄒ", "ก็"]
)  # fmt: skip
TEXT = st.lists(WORDS | TEXTS | st.text(max_size=6), max_size=30).map(" ".join)


@pytest.fixture(scope="module", autouse=True)
def short_pieces() -> Iterator[None]:
    """Some words a piece, so that there are many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenizer, "LONG", 0)
        patch.setattr(pieces, "_PIECE", 9)
        yield


@pytest.fixture(scope="module")
def uncased() -> TextTokenizer:
    folder = packaged_encoder()
    assert folder is not None
    return read_tokenizer(folder)


def same(ours: Encoding, whole: Encoding) -> None:
    for field in (
        "input_ids", "tokens", "token_type_ids", "attention_mask", "special_tokens_mask",
        "offset_mapping", "sequence_ids", "word_ids", "word_count", "byte_count",
    ):  # fmt: skip
        assert getattr(ours, field) == getattr(whole, field), field
    assert len(ours) == len(whole)
    for position in range(len(whole)):
        assert ours.span(position) == whole.span(position)
        assert ours.source(position) == whole.source(position)
    for column in range(-1, len(str(whole.sentence)) + 2):
        assert ours.token_at(column) == whole.token_at(max(column, 0) if column >= 0 else 10**6)


def check_edits(tokenizer_: TextTokenizer, text: str, at: float, gone: int, new: str) -> None:
    before = parse_sentence(text.replace("\t", " "))
    place = round(at * len(before.text))
    changed = before.text[:place] + new.replace("\t", " ") + before.text[place + gone :]
    encoding = None
    for sentence in (before, parse_sentence(changed), before):
        fresh = tokenizer_.fresh_characters(sentence, encoding)
        encoding = tokenizer_.encode(sentence, encoding)
        assert 0 <= fresh <= len(sentence.text)
        assert tokenizer_.fresh_characters(sentence, encoding) == 0
        same(encoding, tokenizer_._encode(sentence, add_special_tokens=True))


edits = given(
    text=TEXT,
    at=st.floats(0, 1),
    gone=st.integers(0, 12),
    new=TEXT | st.sampled_from(["", " ", "x"]),
)
many = settings(
    max_examples=600, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


@many
@edits
def test_the_uncased_vocabulary(
    text: str, at: float, gone: int, new: str, uncased: TextTokenizer
) -> None:
    check_edits(uncased, text, at, gone, new)


@pytest.mark.parametrize("name", ["wordpiece-cased", "wordpiece-uncased", "byte-level"])
@many
@edits
def test_small_vocabularies(
    text: str, at: float, gone: int, new: str, name: str, kinds: dict[str, Kind]
) -> None:
    check_edits(kinds[name].ours, text, at, gone, new)


def test_others_are_left_whole(kinds: dict[str, Kind]) -> None:
    divided = {name for name, kind in kinds.items() if divides(kind.ours.backend)}
    assert divided == {"wordpiece-cased", "wordpiece-uncased", "byte-level"}
    unigram = kinds["unigram"].ours
    sentence = Sentence("a film " * 50)
    assert unigram.fresh_characters(sentence, unigram.encode(sentence)) == len(sentence.text)


@pytest.mark.parametrize(
    ("added", "divided"),
    [
        (AddedToken("so good"), False),
        (AddedToken("good", rstrip=True), False),
        (AddedToken("good", lstrip=True), False),
        (AddedToken("[good]", lstrip=True, rstrip=True), True),
        (AddedToken("good"), True),
    ],
)
def test_an_added_token_that_takes_blanks_leaves_texts_whole(
    added: AddedToken, divided: bool
) -> None:
    backend = Tokenizer(models.BPE({"a": 0}, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.add_tokens([added])
    assert divides(backend) is divided


def test_what_is_not_one_text_between_special_tokens_is_left_whole() -> None:
    backend = Tokenizer(models.BPE({"a": 0, "[SEP]": 1}, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    assert divides(backend)
    backend.post_processor = processors.TemplateProcessing("$A [SEP] $A", None, [("[SEP]", 1)])
    assert not divides(backend)
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    assert not divides(backend)


def test_a_key_costs_what_its_piece_costs(uncased: TextTokenizer) -> None:
    text = "a film that says what it is " * 1_000
    whole = uncased.encode(Sentence(text))
    assert uncased.fresh_characters(Sentence(text)) == len(text)
    for place in (0, len(text) // 2, len(text)):
        changed = Sentence(text[:place] + "x" + text[place:])
        assert uncased.fresh_characters(changed, whole) < 60
        after = uncased.encode(changed, whole)
        counter = Counter(uncased)
        assert counter.count(after).words == len(changed.text.split())


def test_a_pair_is_left_whole(uncased: TextTokenizer) -> None:
    pair = Sentence("a film " * 50, "so good")
    assert uncased.fresh_characters(pair, uncased.encode(pair)) == len(str(pair))
