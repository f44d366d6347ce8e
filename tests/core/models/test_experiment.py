"""The experiment's numbers are those of `AutoModelForSequenceClassification` itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from core.engine.protocol import Texts
from core.errors import ModelError
from core.models.experiment import compare
from core.models.loading import LoadedModel, load_model
from tests.core.models import tiny

SENTENCES: list[Texts] = [
    ("I've been waiting for a HuggingFace course my whole life.", None),
    ("I hate this so much!", None),
    ("", None),
    ("A premise,", "and the hypothesis that follows from it."),
    ("An empty pair", ""),
]


def load(folder: Path) -> LoadedModel:
    return load_model(str(folder), lambda *_: None)


@pytest.fixture(scope="module", params=["bert", "distilbert"])
def folder(
    request: pytest.FixtureRequest, tiny_classifier: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    if request.param == "bert":
        return tiny_classifier
    return tiny.distilbert(tmp_path_factory.mktemp("distilbert") / "model")


def test_equals_direct_use(folder: Path) -> None:
    loaded = load(folder)
    result = compare(loaded.model, loaded.tokenizer, SENTENCES)

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def as_inputs(batch: Any) -> dict[str, Any]:
        unknown = {"token_type_ids"} if model.config.model_type == "distilbert" else set()
        return {key: value for key, value in batch.items() if key not in unknown}

    texts = [text if pair is None else (text, pair) for text, pair in SENTENCES]
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    assert result.input_ids == batch.input_ids.tolist()
    assert result.attention_mask == batch.attention_mask.tolist()
    forward = as_inputs(batch)
    with torch.inference_mode():
        masked = model(**forward).logits
        del forward["attention_mask"]
        unmasked = model(**forward).logits
        for index, text in enumerate(texts):
            alone = model(**as_inputs(tokenizer([text], return_tensors="pt"))).logits[0]
            assert result.rows[index].alone == alone.tolist()
    assert [row.padded_masked for row in result.rows] == masked.tolist()
    assert [row.padded_unmasked for row in result.rows] == unmasked.tolist()


def test_the_mask_makes_padding_harmless(folder: Path) -> None:
    loaded = load(folder)
    rows = compare(loaded.model, loaded.tokenizer, SENTENCES).rows
    widest = 0
    for index, row in enumerate(rows):
        assert row.max_abs_diff_masked <= 1e-5
        difference = max(abs(a - b) for a, b in zip(row.padded_masked, row.alone, strict=True))
        assert row.max_abs_diff_masked == pytest.approx(difference, abs=1e-7)
        if index != widest:
            assert row.max_abs_diff_unmasked > 1e-3


def test_no_sentences(tiny_classifier: Path) -> None:
    loaded = load(tiny_classifier)
    result = compare(loaded.model, loaded.tokenizer, [])
    assert (result.input_ids, result.attention_mask, result.rows) == ([], [], [])


def test_padding_on_the_tokenizers_side(tiny_classifier: Path) -> None:
    loaded = load(tiny_classifier)
    loaded.tokenizer.padding_side = "left"
    result = compare(loaded.model, loaded.tokenizer, SENTENCES[:2])
    assert result.attention_mask[1][0] == 0
    assert result.attention_mask[1][-1] == 1


@pytest.mark.parametrize(
    ("make", "limit"), [(tiny.roberta, 32), (tiny.gpt2, 64)], ids=["roberta", "gpt2"]
)
def test_as_long_as_the_positions_and_no_longer(
    make: Callable[[Path], Path], limit: int, tmp_path: Path
) -> None:
    loaded = load(make(tmp_path / "model"))
    assert loaded.info.max_positions == limit
    special = len(loaded.tokenizer("")["input_ids"])
    text = "!" * (limit - special)
    rows = compare(loaded.model, loaded.tokenizer, [("I", None), (text, None)]).rows
    assert len(rows) == 2
    with pytest.raises(ModelError) as raised:
        compare(loaded.model, loaded.tokenizer, [("I", None), (text + "!", None)])
    assert raised.value.kind == "too_long"
    assert str(raised.value).startswith(
        f"Sentence 2 has {limit + 1} tokens and the model has positions for {limit}"
    )


def test_bert_refuses_what_is_longer_than_its_positions(tiny_classifier: Path) -> None:
    loaded = load(tiny_classifier)
    with pytest.raises(ModelError, match=r"Sentence 1 has 602 tokens .* for 512"):
        compare(loaded.model, loaded.tokenizer, [("word " * 600, None)])


def test_a_decoder_without_padding_token_gets_its_end_token(tmp_path: Path) -> None:
    loaded = load(tiny.gpt2(tmp_path / "gpt2"))
    assert "<|endoftext|> is used" in loaded.info.notes[0]
    result = compare(loaded.model, loaded.tokenizer, [("I love it.", None), ("Hate", None)])
    for row in result.rows:
        assert row.max_abs_diff_masked <= 1e-5
    with pytest.raises(ModelError, match="Sentence 2 has no tokens"):
        compare(loaded.model, loaded.tokenizer, [("I", None), ("", None)])


def test_a_broken_model_shows_its_nan(tiny_classifier: Path) -> None:
    loaded = load(tiny_classifier)
    with torch.no_grad():
        loaded.model.classifier.bias[1] = math.nan
    [row] = compare(loaded.model, loaded.tokenizer, [("I love it.", None)]).rows
    assert math.isfinite(row.alone[0])
    assert math.isnan(row.alone[1])
    assert math.isnan(row.max_abs_diff_masked)
