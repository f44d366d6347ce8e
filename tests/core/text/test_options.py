"""A batch equals what `AutoTokenizer` makes, whatever the options and the text."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import TermformerError
from core.text.encoding import Batch
from core.text.sentences import Sentence
from core.text.tokenizer import EncodeOptions
from tests.core.text.conftest import Kind

WORDS = [
    "the",
    "Film",
    "hugging",
    "unbelievably",
    "é",
    "e\u0301",
    "😀",
    "👩‍👩‍👧",
    "[SEP]",
    "<mask>",
]
WORDS += [
    "Yesterday",
    "Termformer",
    "</s>",
    "日本",
    "\u200b",
    "\x00",
    "\t",
    "ﬁ",
    "  ",
    "don't",
    "…",
]
TEXTS = st.lists(
    st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    max_size=8,
).map(" ".join) | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
SENTENCES = st.builds(Sentence, TEXTS, st.none() | TEXTS.filter(bool))
OPTIONS = st.builds(
    EncodeOptions,
    padding=st.sampled_from(["longest", "max_length", "none"]),
    truncation=st.sampled_from([False, True, "longest_first", "only_first", "only_second"]),
    max_length=st.none() | st.integers(1, 24),
    padding_side=st.sampled_from([None, "left", "right"]),
    stride=st.just(0) | st.integers(0, 6),
    return_overflowing_tokens=st.booleans(),
    add_special_tokens=st.booleans(),
)


def inputs(sentences: list[Sentence]) -> list[Any]:
    return [(each.text, each.text_pair) if each.text_pair else each.text for each in sentences]


def call(tokenizer: Any, sentences: list[Sentence], options: EncodeOptions) -> Any:
    """The same options, given to a transformers tokenizer."""
    asked = asdict(options)
    # transformers refuses some calls once and meets them the next time, unless told to forget.
    tokenizer.backend_tokenizer.no_truncation()
    asked["padding"] = False if options.padding == "none" else options.padding
    return tokenizer(
        inputs(sentences),
        **asked,
        return_token_type_ids=True,
        return_special_tokens_mask=True,
        return_offsets_mapping=True,
    )


def fields(batch: Batch) -> dict[str, Any]:
    rows = [asdict(batch.row(row)) for row in range(len(batch.encodings))]
    names = ("input_ids", "token_type_ids", "attention_mask", "special_tokens_mask")
    made: dict[str, Any] = {
        name: [row[name] for row in rows] for name in (*names, "offset_mapping")
    }
    if batch.overflow_to_sample_mapping is not None:
        made["overflow_to_sample_mapping"] = list(batch.overflow_to_sample_mapping)
    return made


BATCHES = st.lists(SENTENCES, min_size=1, max_size=4)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(sentences=BATCHES, options=OPTIONS)
def test_every_field_equals_transformers(
    sentences: list[Sentence], options: EncodeOptions, kind: Kind
) -> None:
    compare(sentences, options, kind)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(sentences=BATCHES, options=OPTIONS)
def test_every_field_equals_transformers_in_thousands_of_cases(
    sentences: list[Sentence], options: EncodeOptions, kind: Kind
) -> None:
    compare(sentences, options, kind)


def compare(sentences: list[Sentence], options: EncodeOptions, kind: Kind) -> None:
    """Fails where a field of the batch, or a refusal, is not that of transformers."""
    tokenizer = kind.ours
    try:
        batch = tokenizer.encode_batch(sentences, options)
    except TermformerError as refusal:
        if "names no maximum" in str(refusal) or "special tokens alone" in str(refusal):
            return  # transformers goes on without cutting or padding, and says nothing
        with pytest.raises(BaseException, match=r"(?i)stride|truncat"):
            call(kind.theirs, sentences, options)
        return
    called = call(kind.theirs, sentences, options)
    theirs = dict(called)
    assert fields(batch) == theirs
    for row, encoding in enumerate(batch.encodings):
        assert batch.row(row).tokens == called.tokens(row)
        lead = [None] * batch.lead(row)
        tail = [None] * (batch.row_length(row) - len(encoding) - len(lead))
        assert [*lead, *encoding.sequence_ids, *tail] == called.sequence_ids(row)
        assert [*lead, *encoding.word_ids, *tail] == called.word_ids(row)
    arranged = tokenizer.arrange(tuple(map(tokenizer.encode, sentences)), options)
    assert fields(arranged) == theirs
    widths = {len(ids) for ids in theirs["input_ids"]}
    assert (batch.ragged_reason is None) == (len(widths) == 1)
    assert list(batch.whole_lengths) == [
        len(ids)
        for ids in kind.theirs(
            inputs(sentences), add_special_tokens=options.add_special_tokens
        ).input_ids
    ]


def test_ragged_rows_say_why_they_cannot_be_a_tensor(kinds: dict[str, Kind]) -> None:
    tokenizer = kinds["wordpiece-uncased"].ours
    sentences = [Sentence("a"), Sentence("a b c"), Sentence("a b")]
    batch = tokenizer.encode_batch(sentences, EncodeOptions(padding="none"))
    said = "Rows of 3, 5 and 4 tokens differ in length: no tensor can hold them. Pad them."
    assert batch.ragged_reason == said
    many = tokenizer.encode_batch(sentences * 30, EncodeOptions(padding="none"))
    assert many.ragged_reason is not None
    assert "3, 5, 4, 3, 5, … and 4 tokens" in many.ragged_reason


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (EncodeOptions(truncation="only_second", max_length=4), "Sentence 2 has no second text"),
        (EncodeOptions(truncation=True, max_length=5, stride=4), "A stride of 4 is too long"),
        (EncodeOptions(truncation=True, max_length=5, stride=3), "Sentence 2 cannot be cut"),
        (EncodeOptions(truncation=True, max_length=-2), "at least one token"),
        (EncodeOptions(truncation=True, max_length=9, stride=-1), "stride"),
    ],
)
def test_what_cannot_be_cut_is_refused_in_a_sentence(
    options: EncodeOptions, words: str, kinds: dict[str, Kind]
) -> None:
    sentences = [Sentence("a"), Sentence("a b c d e f g")]
    with pytest.raises(TermformerError, match=words):
        kinds["wordpiece-uncased"].ours.encode_batch(sentences, options)


def test_cutting_changes_no_other_encoding_and_is_done_once(kinds: dict[str, Kind]) -> None:
    tokenizer = kinds["unigram"].ours
    encodings = (tokenizer.encode(Sentence("a long story told twice")),)
    options = EncodeOptions(truncation=True, max_length=4, return_overflowing_tokens=True)
    first, second = (tokenizer.arrange(encodings, options) for _ in range(2))
    assert len(first.encodings) > 1
    assert all(a is b for a, b in zip(first.encodings, second.encodings, strict=True))
    again = tokenizer.encode(encodings[0].sentence)
    assert again.input_ids == encodings[0].input_ids
    assert tokenizer.arrange(encodings, EncodeOptions()).encodings == encodings
