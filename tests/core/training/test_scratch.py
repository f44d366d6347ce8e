"""A model from nothing: its tokenizer comes from the data, and plain transformers loads it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, set_seed

from core.data.sources import load_data
from core.runs.config import RunConfig, Scratch
from core.runs.events import Evaluation, Event, RunStarted, Step
from core.runs.folder import EVENTS, create_run
from core.runs.log import EventReader
from core.training.scratch import start_from_scratch, train_tokenizer
from core.training.worker import Worker
from tests.core.text.kinds import sentences as reviews

TEXTS = ["I love this lovely film", "Unseen: żółć 日本 🤗!", "DULL, dull take 7", ""]


@pytest.mark.parametrize("kind", ["wordpiece", "bpe"])
def test_the_tokenizer_is_made_of_the_training_texts_the_same_each_time(
    tmp_path: Path, kind: str
) -> None:
    rows = [f"{n % 2}\t{text}" for n, text in enumerate(reviews())]
    (tmp_path / "a.tsv").write_text("\n".join(["label\ttext", *rows]))
    train = load_data(str(tmp_path / "a.tsv")).train
    scratch = Scratch(vocabulary=600, tokenizer=kind)
    one, other = train_tokenizer(scratch, train), train_tokenizer(scratch, train)
    assert one.get_vocab() == other.get_vocab()
    assert len(one) == 600
    unknown = one.unk_token_id
    assert all(unknown not in one(text)["input_ids"] for text in train["text"])
    ids = one("a film", "another")["input_ids"]
    tokens = one.convert_ids_to_tokens(ids)
    assert (tokens[0], tokens.count("[SEP]")) == ("[CLS]", 2)


@pytest.mark.parametrize("kind", ["wordpiece", "bpe"])
def test_a_run_from_nothing_learns_and_plain_transformers_loads_it(
    config: RunConfig, kind: str
) -> None:
    scratch = Scratch(layers=1, hidden=32, heads=2, vocabulary=400, tokenizer=kind)
    config = msgspec.structs.replace(
        config, model="scratch", scratch=scratch, learning_rate=5e-3, epochs=12
    )
    folder = create_run(config)
    assert Worker(folder).run()
    events: list[Event] = [
        event for batch in EventReader(folder / EVENTS).drain() for event in batch.events
    ]
    (started,) = (event for event in events if isinstance(event, RunStarted))
    assert any("layers: 1, width: 32, heads: 2" in note for note in started.notes)
    losses = [float(event.loss) for event in events if isinstance(event, Step)]
    assert losses[-1] < 0.5 * losses[0]
    test = [event for event in events if isinstance(event, Evaluation)][-1]
    model = AutoModelForSequenceClassification.from_pretrained(folder / "model")
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    assert model.config.id2label == {0: "negative", 1: "positive"}
    rows = load_data(config.data).test
    assert rows is not None
    inputs = tokenizer(rows["text"][:], padding=True, return_tensors="pt")
    with torch.no_grad():
        predicted = model.eval()(**inputs).logits.argmax(dim=-1)
    hits = (predicted == torch.tensor(rows["label"][:])).float().mean().item()
    assert hits == pytest.approx(test.accuracy)


def test_the_weights_come_from_the_seed(sentences: Path) -> None:
    data = load_data(str(sentences))
    scratch = Scratch(layers=1, hidden=16, heads=2, vocabulary=400)

    def weights(seed: int) -> torch.Tensor:
        set_seed(seed)
        start = start_from_scratch(scratch, data.train, data.labels, 16)
        assert start.tokenizer.model_max_length == 16
        return torch.cat([weight.flatten() for weight in start.model.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_shapes_that_cannot_be_are_refused() -> None:
    for scratch, said in (
        (Scratch(hidden=30, heads=4), "30 cannot be shared by 4 heads"),
        (Scratch(layers=0), "at least 1 layer"),
        (Scratch(vocabulary=10), "between 300"),
    ):
        (problem,) = scratch.problems()
        assert said in problem
