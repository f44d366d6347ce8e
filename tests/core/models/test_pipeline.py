"""The three stages give what `transformers.pipeline` gives, and say so."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
import torch
import transformers
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from core.engine.protocol import PipelineChecked, PipelineRan, RunPipeline, Texts
from core.errors import ModelError
from core.models.answers import Conversation, answer
from core.models.loading import LoadedModel, load_model
from core.models.pipeline import check_pipeline, run_pipeline
from tests.core.models import heads, tiny
from tests.core.models.checkpoints import ARCHITECTURES, Both, batches, both, folder_of

QUICK = (Phase.explicit, Phase.generate)


def stages(loaded: LoadedModel, sentences: list[Texts]) -> tuple[PipelineRan, PipelineChecked]:
    ran = run_pipeline(RunPipeline(0, "", sentences), loaded)
    return ran, check_pipeline(ran, loaded, lambda: None)


def load(folder: Path) -> LoadedModel:
    return load_model(str(folder), lambda *_: None)


@pytest.fixture(scope="module", params=ARCHITECTURES)
def checkpoint(
    request: pytest.FixtureRequest, tiny_classifier: Path, tmp_path_factory: pytest.TempPathFactory
) -> Both:
    return both(folder_of(request.param, tiny_classifier, tmp_path_factory.mktemp("models")))


def test_a_head_for_no_known_task_is_named_as_it_was_saved(tmp_path: Path) -> None:
    folder = tmp_path / "writer"
    folder.mkdir()
    tiny.byte_level(folder, "GPT2Tokenizer", ["<|endoftext|>"])
    config = transformers.GPT2Config(vocab_size=400, n_embd=32, n_layer=2, n_head=4, n_positions=64)
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    loaded = load(folder)
    assert loaded.info.class_name == "GPT2Model"
    with pytest.raises(ModelError, match=r"\(it is a GPT2LMHeadModel\)"):
        answer(RunPipeline(0, "", [("Hello", None)]), loaded, cast("Conversation", None))


@given(sentences=batches)
@settings(max_examples=8, deadline=None, phases=QUICK)
def test_classifiers_of_every_architecture(checkpoint: Both, sentences: list[Texts]) -> None:
    ran, checked = stages(checkpoint.loaded, sentences)
    labels = checkpoint.loaded.info.labels
    assert ran.shape == [len(sentences), len(labels)]
    assert all(row.agrees for row in checked.rows)
    for row, texts in zip(ran.rows, sentences, strict=True):
        own = [
            token
            for token, mask in zip(
                row.preprocessed.input_ids, row.preprocessed.attention_mask, strict=True
            )
            if mask
        ]
        assert own == checkpoint.encode(*texts)
        assert row.classified is not None
        logits = torch.tensor(row.classified.logits)
        assert row.classified.probabilities == pytest.approx(logits.softmax(-1).tolist(), abs=1e-6)
        assert row.classified.label == labels[int(logits.argmax())]
        assert row.classified.score == max(row.classified.probabilities)


@pytest.mark.parametrize(
    ("num_labels", "problem_type"),
    [(3, "multi_label_classification"), (1, "regression"), (2, "regression"), (1, None)],
)
def test_heads_that_are_no_softmax(num_labels: int, problem_type: str, tmp_path: Path) -> None:
    folder = heads.sequences(tmp_path / "model", num_labels, problem_type)
    ran, checked = stages(load(folder), [("I hate this", None), ("A pair", "of texts")])
    assert all(row.agrees for row in checked.rows)
    assert ran.postprocess == ("none" if problem_type == "regression" else "sigmoid")
    theirs = transformers.pipeline("text-classification", model=str(folder))
    [said] = theirs("I hate this")
    classified = ran.rows[0].classified
    assert classified is not None
    assert classified.label == said["label"]
    assert classified.score == pytest.approx(said["score"], abs=1e-5)


def test_fill_mask(tmp_path: Path) -> None:
    folder = heads.masked(tmp_path / "model")
    loaded = load(folder)
    assert (loaded.info.task, loaded.info.labels) == ("fill-mask", [])
    texts = ["I [MASK] this so much!", "[MASK] and [MASK]", "nothing to fill"]
    ran, checked = stages(loaded, [(text, None) for text in texts])
    assert ran.shape == [3, max(len(row.preprocessed.tokens) for row in ran.rows), 30522]
    assert [row.agrees for row in checked.rows] == [True, True, False]
    assert "No mask_token" in checked.rows[2].problem
    assert [len(row.masks) for row in ran.rows] == [1, 2, 0]
    theirs = transformers.pipeline("fill-mask", model=str(folder))
    mask = ran.rows[0].masks[0]
    assert ran.rows[0].preprocessed.tokens[mask.position] == "[MASK]"
    for candidate, said in zip(mask.candidates, theirs(texts[0]), strict=True):
        assert candidate.label == said["token_str"]
        assert candidate.score == pytest.approx(said["score"], abs=1e-6)


@given(sentences=st.lists(st.text("aZ é7.,-ß", min_size=1, max_size=30), min_size=1, max_size=3))
@settings(max_examples=12, deadline=None, phases=QUICK)
def test_entities(token_classifier: LoadedModel, sentences: list[str]) -> None:
    ran, checked = stages(token_classifier, [(text, None) for text in sentences])
    assert [row.problem for row in checked.rows] == [""] * len(sentences)
    assert all(row.agrees for row in checked.rows)
    for row, check in zip(ran.rows, checked.rows, strict=True):
        assert [each.label for each in row.entities] == [each.label for each in check.said]
        assert len(row.token_labels) == len(row.preprocessed.tokens)


@pytest.fixture(scope="module")
def token_classifier(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load(heads.tokens(tmp_path_factory.mktemp("tokens") / "model"))


def test_entities_are_characters_of_the_text_wherever_the_padding_is(
    token_classifier: LoadedModel,
) -> None:
    sentences: list[Texts] = [("Sylvain works at Hugging Face in Brooklyn.", None), ("Ada", None)]
    right, _ = stages(token_classifier, sentences)
    assert any(row.entities for row in right.rows)
    for (text, _), row in zip(sentences, right.rows, strict=True):
        for entity in row.entities:
            assert text[entity.start : entity.end].strip()
            assert entity.label in {"PER", "LOC", "MISC"}


def test_a_disagreement_is_shown(token_classifier: LoadedModel) -> None:
    ran = run_pipeline(RunPipeline(0, "", [("Ada in Paris", None)]), token_classifier)
    with torch.no_grad():
        token_classifier.model.classifier.bias[0] += 100
    try:
        [row] = check_pipeline(ran, token_classifier, lambda: None).rows
    finally:
        with torch.no_grad():
            token_classifier.model.classifier.bias[0] -= 100
    assert not row.agrees
    assert row.max_abs_diff == float("inf")


def test_what_a_task_does_not_take(token_classifier: LoadedModel) -> None:
    with pytest.raises(ModelError, match="Sentence 2 is a pair, and token-classification"):
        run_pipeline(RunPipeline(0, "", [("a", None), ("b", "c")]), token_classifier)
    ran, checked = stages(token_classifier, [])
    assert ran.rows == checked.rows == []
