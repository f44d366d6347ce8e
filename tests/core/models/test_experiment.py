"""The experiment's numbers are those of `AutoModelForSequenceClassification` itself."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from transformers import AutoModelForSequenceClassification

from core.engine.protocol import (
    ALONE,
    LESSON,
    MASKED,
    UNMASKED,
    ArrangedRow,
    Arrangement,
    BatchDimensionOmitted,
    Compare,
    Compared,
    OmitBatchDimension,
    Texts,
)
from core.errors import ModelError
from core.models import experiment
from core.models.loading import LoadedModel, load_model
from tests.core.models import tiny
from tests.core.models.checkpoints import (
    ARCHITECTURES,
    Both,
    arrangements,
    batches,
    both,
    folder_of,
    texts,
)

SENTENCES: list[Texts] = [
    ("I've been waiting for a HuggingFace course my whole life.", None),
    ("I hate this so much!", None),
    ("", None),
    ("A premise,", "and the hypothesis that follows from it."),
    ("An empty pair", ""),
]
SHORT: list[Texts] = [("I've been waiting!", None), ("I hate", None)]
QUICK = (Phase.explicit, Phase.generate)
"""Shrinking an example takes minutes, and the examples are small."""
LEFT = Arrangement(padding_side="left")


def compare(
    loaded: LoadedModel,
    sentences: list[Texts],
    *arranged: Arrangement,
    raw_ids: list[list[int]] | None = None,
) -> Compared:
    question = Compare(0, "", sentences, arranged or LESSON, raw_ids or [])
    return experiment.compare(question, loaded)


def rows_of(compared: Compared, arrangement: Arrangement) -> list[ArrangedRow]:
    result = compared.result(arrangement)
    assert result is not None
    assert result.problem is None
    return result.rows


def omit(loaded: LoadedModel, text: str) -> BatchDimensionOmitted:
    return experiment.omit_batch_dimension(OmitBatchDimension(0, "", (text, None)), loaded)


def load(folder: Path) -> LoadedModel:
    return load_model(str(folder), lambda *_: None)


@pytest.fixture(scope="module", params=ARCHITECTURES)
def checkpoint(
    request: pytest.FixtureRequest, tiny_classifier: Path, tmp_path_factory: pytest.TempPathFactory
) -> Both:
    return both(folder_of(request.param, tiny_classifier, tmp_path_factory.mktemp("models")))


@given(data=st.data(), sentences=batches)
@settings(max_examples=25, deadline=None, phases=QUICK)
def test_equals_direct_use(checkpoint: Both, data: st.DataObject, sentences: list[Texts]) -> None:
    arrangement = data.draw(arrangements(len(sentences)))
    compared = compare(checkpoint.loaded, sentences, ALONE, arrangement)

    order = arrangement.order or range(len(sentences))
    direct = torch.cat(
        [checkpoint.forward(inputs).logits for inputs in checkpoint.inputs(sentences, arrangement)]
    )
    with_mask = checkpoint.inputs(sentences, Arrangement(**{**fields(arrangement), "mask": True}))
    ids = [row for batch in with_mask for row in batch["input_ids"].tolist()]
    masks = [row for batch in with_mask for row in batch["attention_mask"].tolist()]
    types = [
        checkpoint.types(batch, row)
        for batch in with_mask
        for row in range(len(batch["input_ids"]))
    ]
    result = compared.results[1]
    for place, index in enumerate(order):
        row = result.rows[index]
        alone = checkpoint.forward(checkpoint.inputs([sentences[index]], ALONE)[0]).logits[0]
        assert (row.input_ids, row.attention_mask) == (ids[place], masks[place])
        assert row.token_type_ids == types[place]
        assert row.logits == direct[place].tolist()
        assert row.probabilities == pytest.approx(direct[place].softmax(-1).tolist(), abs=1e-6)
        assert row.max_abs_diff == float((direct[place] - alone).abs().max())
        assert compared.results[0].rows[index].logits == alone.tolist()


def fields(arrangement: Arrangement) -> dict[str, Any]:
    return {name: getattr(arrangement, name) for name in arrangement.__struct_fields__}


@given(ids=st.lists(st.lists(st.integers(0, 399), min_size=1, max_size=9), min_size=1, max_size=4))
@settings(max_examples=10, deadline=None, phases=QUICK)
def test_raw_ids_are_taken_as_they_are(checkpoint: Both, ids: list[list[int]]) -> None:
    compared = compare(checkpoint.loaded, [], ALONE, UNMASKED, raw_ids=ids)
    width = max(map(len, ids))
    pad = checkpoint.tokenizer.pad_token_id
    padded = [row + [pad] * (width - len(row)) for row in ids]
    assert [row.input_ids for row in rows_of(compared, UNMASKED)] == padded
    direct = checkpoint.forward({"input_ids": torch.tensor(padded)}).logits
    assert [row.logits for row in rows_of(compared, UNMASKED)] == direct.tolist()
    for row, alone in zip(ids, rows_of(compared, ALONE), strict=True):
        [logits] = checkpoint.forward({"input_ids": torch.tensor([row])}).logits
        assert alone.logits == pytest.approx(logits.tolist(), abs=1e-6)


def test_ids_outside_of_the_vocabulary(checkpoint: Both) -> None:
    size = checkpoint.loaded.info.vocabulary_size
    assert size == checkpoint.model.config.vocab_size
    with pytest.raises(ModelError, match=rf"Row 2, entry 1: there is no id {size}; .* 0 to "):
        compare(checkpoint.loaded, [], raw_ids=[[1], [size]])
    with pytest.raises(ModelError, match="Row 1 is empty"):
        compare(checkpoint.loaded, [], raw_ids=[[]])


ROUNDING = 3e-5
"""float32 in another order: the weights of these models are far larger than trained ones."""


@given(sentences=st.lists(texts.map(lambda text: (text, None)), min_size=2, max_size=4))
@settings(max_examples=10, deadline=None, phases=QUICK)
def test_the_mask_makes_padding_harmless(checkpoint: Both, sentences: list[Texts]) -> None:
    further = Arrangement(pad_to=30)
    by_mask = Arrangement(padding_side="left", positions="mask")
    compared = compare(checkpoint.loaded, sentences, MASKED, further)
    for row in rows_of(compared, MASKED) + rows_of(compared, further):
        assert row.max_abs_diff <= ROUNDING
    if checkpoint.is_decoder:
        # Its head looks for the last token, wherever that is; and positions are told.
        told = rows_of(compare(checkpoint.loaded, sentences, by_mask), by_mask)
        assert all(row.max_abs_diff <= ROUNDING for row in told)


def test_without_a_mask_padding_is_seen(checkpoint: Both) -> None:
    if checkpoint.is_decoder:
        pytest.skip("what is on the right of its last token is never seen")
    rows = rows_of(compare(checkpoint.loaded, SHORT), UNMASKED)
    for row in rows:
        assert (row.max_abs_diff > 1e-3) == (0 in row.attention_mask)
    assert any(0 in row.attention_mask for row in rows)


def test_positions_as_the_model_counts_them(checkpoint: Both) -> None:
    compared = compare(checkpoint.loaded, SHORT, ALONE, LEFT)
    kind = checkpoint.model.config.model_type
    [_, alone], [_, left] = rows_of(compared, ALONE), rows_of(compared, LEFT)
    length, width = len(alone.input_ids), len(left.input_ids)
    padding = width - length
    if kind == "roberta":
        # It counts by itself, from padding_idx + 1, and padding is padding_idx.
        assert alone.position_ids == list(range(2, 2 + length))
        assert left.position_ids == [1] * padding + list(range(2, 2 + length))
    else:
        assert alone.position_ids == list(range(length))
        assert left.position_ids == list(range(width))


def test_positions_by_the_mask(checkpoint: Both) -> None:
    asked = Arrangement(padding_side="left", positions="mask")
    result = compare(checkpoint.loaded, SHORT, asked).results[0]
    if checkpoint.model.config.model_type == "distilbert" and result.problem:
        assert "takes no position_ids" in result.problem
        return
    row = result.rows[1]
    assert row.position_ids is not None
    places = zip(row.position_ids, row.attention_mask, strict=True)
    own = [place for place, mask in places if mask]
    first = 2 if checkpoint.model.config.model_type == "roberta" else 0
    assert own == list(range(first, first + len(own)))


def test_bfloat16_is_the_checkpoint_loaded_in_bfloat16(
    tiny_classifier: Path, tmp_path: Path
) -> None:
    half = Arrangement(dtype="bfloat16")
    for folder in (tiny_classifier, tiny.distilbert(tmp_path / "distilbert")):
        ours = both(folder)
        direct = both(folder, dtype=torch.bfloat16)
        before = rows_of(compare(ours.loaded, SENTENCES[:2]), MASKED)
        rows = rows_of(compare(ours.loaded, SENTENCES[:2], half), half)
        logits = direct.forward(direct.inputs(SENTENCES[:2], MASKED)[0]).logits.float()
        assert [row.logits for row in rows] == logits.tolist()
        assert all(row.max_abs_diff > 1e-5 for row in rows)
        assert rows_of(compare(ours.loaded, SENTENCES[:2]), MASKED) == before


def test_what_one_arrangement_asks_in_vain_leaves_the_others(tiny_classifier: Path) -> None:
    too_wide = Arrangement(pad_to=513)
    twice = Arrangement(order=(0, 0))
    fine, wide, order = compare(
        load(tiny_classifier), SENTENCES[:2], MASKED, too_wide, twice
    ).results
    assert len(fine.rows) == 2
    assert wide.rows == order.rows == []
    assert "positions for 512" in str(wide.problem)
    assert "[0, 0]" in str(order.problem)


def test_no_padding_token_at_all(tmp_path: Path) -> None:
    loaded = load(tiny.gpt2(tmp_path / "gpt2"))
    loaded.tokenizer.pad_token = None
    alone, _, masked = compare(loaded, [("I've been waiting", None), ("I", None)]).results
    assert len(alone.rows) == 2
    assert "neither a padding nor an end token" in str(masked.problem)
    assert len(compare(loaded, [("I love it.", None)]).results[2].rows) == 1


def test_no_sentences(tiny_classifier: Path) -> None:
    compared = compare(load(tiny_classifier), [])
    assert [result.rows for result in compared.results] == [[], [], []]


def test_padding_on_the_tokenizers_side(tiny_classifier: Path) -> None:
    loaded = load(tiny_classifier)
    loaded.tokenizer.padding_side = "left"
    row = rows_of(compare(loaded, SENTENCES[:2]), MASKED)[1]
    assert (row.attention_mask[0], row.attention_mask[-1]) == (0, 1)


@pytest.mark.parametrize(("kind", "limit"), [("roberta", 32), ("gpt2", 64)])
def test_as_long_as_the_positions_and_no_longer(kind: str, limit: int, tmp_path: Path) -> None:
    loaded = load(folder_of(kind, tmp_path, tmp_path))
    assert loaded.info.max_positions == limit
    special = len(loaded.tokenizer("")["input_ids"])
    text = "!" * (limit - special)
    assert len(rows_of(compare(loaded, [("I", None), (text, None)]), MASKED)) == 2
    with pytest.raises(ModelError) as raised:
        compare(loaded, [("I", None), (text + "!", None)])
    assert raised.value.kind == "too_long"
    assert str(raised.value).startswith(
        f"Sentence 2 has {limit + 1} tokens and the model has positions for {limit}"
    )


def test_a_decoder_without_padding_token_gets_its_end_token(tmp_path: Path) -> None:
    loaded = load(tiny.gpt2(tmp_path / "gpt2"))
    assert "<|endoftext|> is used" in loaded.info.notes[0]
    with pytest.raises(ModelError, match="Sentence 2 has no tokens"):
        compare(loaded, [("I", None), ("", None)])


def test_a_broken_model_shows_its_nan(tiny_classifier: Path) -> None:
    loaded = load(tiny_classifier)
    with torch.no_grad():
        loaded.model.classifier.bias[1] = math.nan
    alone, _, masked = (each.rows[0] for each in compare(loaded, [("I love it.", None)]).results)
    assert math.isfinite(alone.logits[0])
    assert math.isnan(alone.logits[1])
    assert math.isnan(masked.max_abs_diff)


def test_the_missing_batch_dimension(checkpoint: Both) -> None:
    """Whatever the installed model raises: its type, its words and its place."""
    omitted = omit(checkpoint.loaded, "I hate this so much!")
    ids = checkpoint.encode("I hate this so much!")
    assert omitted.input_ids == ids
    with pytest.raises(Exception) as raised:
        checkpoint.forward({"input_ids": torch.tensor(ids)})
    assert omitted.exception == raised.type.__name__
    assert omitted.message == str(raised.value)
    assert omitted.raised_in.startswith("modeling_")
    direct = checkpoint.forward({"input_ids": torch.tensor([ids])}).logits
    assert omitted.shape == list(direct.shape)
    assert omitted.logits == direct.tolist()


def test_a_model_that_does_not_mind_the_missing_dimension(tiny_classifier: Path) -> None:
    loaded = load(tiny_classifier)
    strict = loaded.model.forward
    loaded.model.forward = lambda input_ids: strict(input_ids.reshape(1, -1))
    omitted = omit(loaded, "I hate it")
    assert (omitted.exception, omitted.message, omitted.raised_in) == (None, "", "")
    assert omitted.unbatched_shape == omitted.shape == [1, 2]


@pytest.mark.parametrize(
    ("problem_type", "num_labels", "postprocess"),
    [
        (None, 3, "softmax"),
        ("single_label_classification", 2, "softmax"),
        ("multi_label_classification", 3, "sigmoid"),
        ("regression", 2, "none"),
        (None, 1, "sigmoid"),
        ("regression", 1, "none"),
    ],
)
def test_the_heads_own_postprocess(
    problem_type: str | None, num_labels: int, postprocess: str, tmp_path: Path
) -> None:
    folder = tiny.distilbert(tmp_path / "model")
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, num_labels=num_labels, problem_type=problem_type, ignore_mismatched_sizes=True
    )
    model.save_pretrained(folder)
    loaded = load(folder)
    assert loaded.info.postprocess == postprocess
    row = rows_of(compare(loaded, SENTENCES[:1]), ALONE)[0]
    logits = torch.tensor(row.logits)
    expected = {"softmax": logits.softmax(-1), "sigmoid": logits.sigmoid(), "none": logits}
    assert row.probabilities == pytest.approx(expected[postprocess].tolist(), abs=1e-6)
