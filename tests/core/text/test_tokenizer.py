"""Encodings equal transformers' own, for any text and every kind of tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.checkpoints import packaged_encoder
from core.errors import ModelError, TermformerError
from core.text.sentences import Sentence, parse_sentence, parse_sentences
from core.text.tokenizer import EncodeOptions, TextTokenizer, read_tokenizer

COURSE = ["I've been waiting for a HuggingFace course my whole life.", "I hate this so much!"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.fixture(scope="module")
def reference() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(packaged_encoder())


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    folder = packaged_encoder()
    assert folder
    return read_tokenizer(folder)


def test_the_course_ids(tokenizer: TextTokenizer) -> None:
    encoding = tokenizer.encode(Sentence("I love hugging face!"))
    assert encoding.input_ids[1:-1] == [1045, 2293, 17662, 2227, 999]


@settings(max_examples=300, deadline=None)
@given(text=TEXTS, pair=st.none() | TEXTS)
def test_every_field_equals_transformers(
    text: str, pair: str | None, tokenizer: TextTokenizer, reference: Any
) -> None:
    ours = tokenizer.encode(Sentence(text, pair))
    theirs = reference(text, pair, return_offsets_mapping=True, return_special_tokens_mask=True)
    for field in (
        "input_ids",
        "token_type_ids",
        "attention_mask",
        "special_tokens_mask",
        "offset_mapping",
    ):
        assert getattr(ours, field) == theirs[field]
    assert tokenizer.decode(ours.input_ids) == reference.decode(theirs["input_ids"])


@pytest.mark.parametrize("padding", ["longest", "max_length", "none"])
@pytest.mark.parametrize("truncation", [True, False])
@pytest.mark.parametrize("max_length", [6, 20])
def test_a_padded_batch_equals_transformers(
    padding: str, truncation: bool, max_length: int, tokenizer: TextTokenizer, reference: Any
) -> None:
    options = EncodeOptions(padding, truncation, max_length)  # type: ignore[arg-type]
    batch = tokenizer.encode_batch([Sentence(text) for text in COURSE], options)
    theirs = reference(
        COURSE,
        padding=False if padding == "none" else padding,
        truncation=truncation,
        max_length=max_length,
    )
    for row, (ids, mask) in enumerate(
        zip(theirs["input_ids"], theirs["attention_mask"], strict=True)
    ):
        assert [cell.input_id for cell in batch.cells(row)] == ids
        assert [cell.attention_mask for cell in batch.cells(row)] == mask
    widths = {len(ids) for ids in theirs["input_ids"]}
    assert batch.shape == ((2, widths.pop()) if len(widths) == 1 else None)


def test_padding_is_counted(tokenizer: TextTokenizer) -> None:
    batch = tokenizer.encode_batch([Sentence(text) for text in COURSE])
    assert (batch.shape, batch.token_count, batch.padding_count) == ((2, 16), 24, 8)
    assert batch.padding_share == 0.25
    assert batch.cell(1, 15).is_padding
    assert batch.cell(1, 15).token == "[PAD]"


def test_padding_on_the_left(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    left = AutoTokenizer.from_pretrained(packaged_encoder(), padding_side="left")
    left.save_pretrained(tmp_path)
    batch = read_tokenizer(tmp_path).encode_batch([Sentence(text) for text in COURSE])
    assert [cell.input_id for cell in batch.cells(1)] == left(COURSE, padding=True)["input_ids"][1]
    assert batch.lead(1) == 8


def test_a_length_too_short_for_the_special_tokens_is_refused(tokenizer: TextTokenizer) -> None:
    with pytest.raises(TermformerError, match="special tokens alone take 2"):
        tokenizer.encode_batch([Sentence("a b c")], EncodeOptions(truncation=True, max_length=1))


def test_spans_lead_back_to_the_line(tokenizer: TextTokenizer) -> None:
    sentence = parse_sentence("Hugging Face\tfaces hug")
    encoding = tokenizer.encode(sentence)
    line = str(sentence)
    spans = [encoding.span_in_line(position) for position in range(len(encoding))]
    shown = [line[slice(*span)] for span in spans if span]
    assert shown == ["Hugging", "Face", "faces", "hug"]
    assert encoding.token_at(line.index("hug")) == spans.index((19, 22))
    assert encoding.token_at(7) is None


def test_lone_surrogates_are_replaced_one_for_one(tokenizer: TextTokenizer) -> None:
    sentence = parse_sentence("a\ud800b")
    assert sentence.text == "a\ufffdb"
    assert tokenizer.encode(sentence).input_ids


def test_blank_lines_are_no_sentences() -> None:
    lines = parse_sentences(["one", "", "  \t ", "two\tpair\tmore"])
    assert [(line.line, line.sentence) for line in lines] == [
        (0, Sentence("one")),
        (3, Sentence("two", "pair\tmore")),
    ]


def test_a_folder_without_a_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        read_tokenizer(tmp_path)
    assert caught.value.kind == "no_tokenizer"


def test_a_corrupt_tokenizer(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{ not json")
    with pytest.raises(ModelError) as caught:
        read_tokenizer(tmp_path)
    assert caught.value.kind == "corrupt"
