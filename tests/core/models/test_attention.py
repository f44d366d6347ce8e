"""Attention weights are those of the model loaded with eager attention."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from core.engine.protocol import (
    ALONE,
    MASKED,
    UNMASKED,
    Arrangement,
    AttentionMeasured,
    Compare,
    MeasureAttention,
    ReadAttention,
    Texts,
)
from core.errors import ModelError
from core.models import attention, experiment
from core.models.loading import load_model
from tests.core.models import tiny
from tests.core.models.checkpoints import (
    ARCHITECTURES,
    Both,
    arrangements,
    batches,
    both,
    folder_of,
)

SHORT: list[Texts] = [("I've been waiting!", None), ("I hate", None)]


@pytest.fixture(scope="module", params=ARCHITECTURES)
def checkpoint(
    request: pytest.FixtureRequest, tiny_classifier: Path, tmp_path_factory: pytest.TempPathFactory
) -> Both:
    folder = folder_of(request.param, tiny_classifier, tmp_path_factory.mktemp("models"))
    return both(folder, attn_implementation="eager")


def measure(checkpoint: Both, sentences: list[Texts], *arranged: Arrangement) -> AttentionMeasured:
    question = MeasureAttention(0, "", sentences, arranged or (UNMASKED, MASKED))
    return attention.measure_attention(question, checkpoint.loaded)


@given(data=st.data(), sentences=batches)
@settings(max_examples=15, deadline=None, phases=(Phase.explicit, Phase.generate))
def test_equals_direct_use(checkpoint: Both, data: st.DataObject, sentences: list[Texts]) -> None:
    arrangement = data.draw(arrangements(len(sentences)))
    row = data.draw(st.integers(0, len(sentences) - 1))
    layer, head = data.draw(st.integers(0, 1)), data.draw(st.integers(0, 3))
    question = ReadAttention(0, "", sentences, row, layer, head, arrangement)
    read = attention.read_attention(question, checkpoint.loaded)
    [measured] = measure(checkpoint, sentences, arrangement).results

    place = row if arrangement.order is None else arrangement.order.index(row)
    laid_out = checkpoint.inputs(sentences, arrangement)
    inputs, place = (laid_out[place], 0) if arrangement.alone else (laid_out[0], place)
    output = checkpoint.forward(inputs, output_attentions=True)
    direct = torch.stack([each[place] for each in output.attentions])

    assert (read.layers, read.heads) == tuple(direct.shape[:2])
    assert read.tokens == checkpoint.tokenizer.convert_ids_to_tokens(inputs["input_ids"][place])
    weights = torch.tensor(read.weights)
    assert torch.allclose(weights, direct[layer, head], atol=1e-6)
    assert torch.allclose(weights.sum(-1), torch.ones(len(weights)), atol=1e-5)
    own = torch.tensor(read.attention_mask).bool()
    share = direct[:, :, own][..., ~own].sum(-1).mean(-1)
    assert torch.allclose(torch.tensor(measured.rows[row].padding), share, atol=1e-6)
    assert measured.rows[row].mean == pytest.approx(share.mean().item(), abs=1e-6)
    assert measured.max_abs_diff <= 1e-4
    if arrangement.mask:
        assert measured.rows[row].mean == share.max() == 0


def test_the_mask_keeps_attention_off_padding(checkpoint: Both) -> None:
    left = Arrangement(padding_side="left")
    unseen = Arrangement(padding_side="left", mask=False)
    alone, unmasked, masked, masked_left, unmasked_left = measure(
        checkpoint, SHORT, ALONE, UNMASKED, MASKED, left, unseen
    ).results
    for result in (alone, masked, masked_left):
        assert all(share == 0 for row in result.rows for layer in row.padding for share in layer)
    padded = [row for row in unmasked_left.rows if row.mean > 0]
    assert len(padded) == 1
    if checkpoint.is_decoder:
        # What stands on the right of a token is hidden from it anyway.
        assert all(row.mean == 0 for row in unmasked.rows)
    else:
        assert [row.mean > 0 for row in unmasked.rows] == [
            row.mean > 0 for row in unmasked_left.rows
        ]


def test_the_model_goes_back_to_its_own_attention(checkpoint: Both) -> None:
    model = checkpoint.loaded.model
    before = experiment.compare(Compare(0, "", SHORT), checkpoint.loaded)
    assert model.config._attn_implementation == "sdpa"
    measure(checkpoint, SHORT)
    with pytest.raises(ModelError, match="no layer 9"):
        attention.read_attention(ReadAttention(0, "", SHORT, 0, 9, 0), checkpoint.loaded)
    assert model.config._attn_implementation == "sdpa"
    after = experiment.compare(Compare(0, "", SHORT), checkpoint.loaded)
    assert [each.rows for each in after.results] == [each.rows for each in before.results]


def test_weights_that_would_not_fit_are_computed_row_by_row(
    checkpoint: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = measure(checkpoint, SHORT).results
    monkeypatch.setattr(attention, "_MOST_WEIGHTS", 1)
    for result, whole in zip(measure(checkpoint, SHORT).results, at_once, strict=True):
        for row, same in zip(result.rows, whole.rows, strict=True):
            assert row.mean == pytest.approx(same.mean, abs=1e-6)


def test_what_there_is_not(checkpoint: Both) -> None:
    for row, layer, head, missing in ((2, 0, 0, "row 2"), (0, -1, 0, "layer"), (0, 0, 4, "head 4")):
        with pytest.raises(ModelError, match=f"There is no {missing}"):
            question = ReadAttention(0, "", SHORT, row, layer, head)
            attention.read_attention(question, checkpoint.loaded)
    assert measure(checkpoint, []).results[0].rows == []
    [wide] = measure(checkpoint, SHORT, Arrangement(pad_to=600)).results
    assert "positions for" in str(wide.problem)


def test_an_encoder_without_a_head_attends_too(tmp_path: Path) -> None:
    loaded = load_model(str(tiny.encoder_only(tmp_path / "encoder")), lambda *_: None)
    measured = attention.measure_attention(MeasureAttention(0, "", SHORT), loaded)
    assert [row.mean > 0 for row in measured.results[0].rows] == [False, True]
    assert [row.mean for row in measured.results[1].rows] == [0, 0]
