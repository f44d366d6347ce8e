"""Many sentences in batches of like length get the scores that each gets by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import transformers
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from core.engine.protocol import ClassificationDone, Classified, Classify, RowsClassified, Texts
from core.errors import ModelError
from core.models.classify import classify
from core.models.loading import LoadedModel, load_model
from tests.core.models.checkpoints import ARCHITECTURES, Both, both, folder_of, pairs


@pytest.fixture(scope="module", params=ARCHITECTURES)
def checkpoint(
    request: pytest.FixtureRequest, tiny_classifier: Path, tmp_path_factory: pytest.TempPathFactory
) -> Both:
    return both(folder_of(request.param, tiny_classifier, tmp_path_factory.mktemp("models")))


def run(
    loaded: LoadedModel, sentences: list[Texts], batch_size: int = 4
) -> tuple[list[RowsClassified], ClassificationDone]:
    said: list[RowsClassified] = []
    done = classify(Classify(7, "", sentences, batch_size), loaded, said.append, lambda: None)
    return said, done


def in_order(said: list[RowsClassified]) -> list[Classified]:
    rows = {index: row for each in said for index, row in zip(each.indices, each.rows, strict=True)}
    return [rows[index] for index in range(len(rows))]


@given(sentences=st.lists(pairs, min_size=1, max_size=12), batch_size=st.integers(1, 5))
@settings(max_examples=10, deadline=None, phases=(Phase.explicit, Phase.generate))
def test_each_gets_the_score_it_gets_alone(
    checkpoint: Both, sentences: list[Texts], batch_size: int
) -> None:
    said, done = run(checkpoint.loaded, sentences, batch_size)
    theirs = transformers.pipeline(
        "text-classification", model=checkpoint.model, tokenizer=checkpoint.tokenizer
    )
    assert done.total == len(sentences)
    assert [each.done for each in said] == [
        min(start + batch_size, len(sentences)) for start in range(0, len(sentences), batch_size)
    ]
    for row, (text, pair) in zip(in_order(said), sentences, strict=True):
        [direct] = theirs([text if not pair else {"text": text, "text_pair": pair}])
        assert row.label == direct["label"] or row.probabilities[0] == pytest.approx(0.5, abs=1e-5)
        assert row.score == pytest.approx(direct["score"], abs=1e-5)


def test_batches_are_of_like_length(tiny_classifier: Path) -> None:
    loaded = load_model(str(tiny_classifier), lambda *_: None)
    sentences: list[Texts] = [("word " * (1 + 7 * number % 20), None) for number in range(20)]
    said, _ = run(loaded, sentences, 5)
    lengths = [len(sentences[index][0]) for each in said for index in each.indices]
    assert lengths == sorted(lengths, reverse=True)


def test_what_is_too_long_is_cut_and_said_so(tiny_classifier: Path) -> None:
    loaded = load_model(str(tiny_classifier), lambda *_: None)
    sentences: list[Texts] = [("short", None), ("word " * 600, None), ("word " * 510, None)]
    said, _ = run(loaded, sentences)
    assert [index for each in said for index in each.truncated] == [1]
    cut, exact = in_order(said)[1:]
    assert cut.logits == pytest.approx(exact.logits, abs=1e-5)


def test_giving_up_between_batches(tiny_classifier: Path) -> None:
    loaded = load_model(str(tiny_classifier), lambda *_: None)
    said: list[RowsClassified] = []

    def pause() -> None:
        if said:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        classify(Classify(0, "", [("a", None)] * 9, 2), loaded, said.append, pause)
    assert [each.done for each in said] == [2]


def test_nothing_and_what_has_no_tokens(tmp_path: Path) -> None:
    loaded = load_model(str(folder_of("gpt2", tmp_path, tmp_path)), lambda *_: None)
    assert run(loaded, [])[1].total == 0
    with pytest.raises(ModelError, match="Sentence 2 has no tokens"):
        run(loaded, [("a", None), ("", None)])
