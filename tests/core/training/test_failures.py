"""What ends a run reaches its user in plain sentences."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from core.runs.config import RunConfig
from core.runs.events import RunFailed
from core.runs.folder import create_run
from core.training.failures import explain
from tests.core.training.replay import carry_out, events_of


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("This is odd."), "An unexpected error: This is odd. The traceback is in"),
        (KeyError("word"), "An unexpected error: 'word'. The traceback is in worker.log."),
        (AssertionError(), "An unexpected error: it says nothing about itself. The traceback"),
        (RuntimeError("first\nsecond"), "An unexpected error: first. The traceback is in"),
        (MemoryError(), "There is not enough memory: choose a smaller batch size"),
        (RuntimeError("Connection reset by peer"), "Another process of the run ended"),
    ],
)
def test_no_error_is_called_by_its_class(error: Exception, sentence: str) -> None:
    told = explain(error)
    assert told.startswith(sentence)
    assert type(error).__name__ not in told
    assert ".." not in told


def test_a_tokenizer_of_another_model_is_said_to_be_one(
    config: RunConfig, tiny_classifier: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "small-vocabulary"
    shape = BertConfig(
        vocab_size=100, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32,
    )  # fmt: skip
    BertForSequenceClassification(shape).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_classifier).save_pretrained(folder)
    run = create_run(msgspec.structs.replace(config, model=str(folder)))
    carry_out(run)
    failed = events_of(run)[-1]
    assert isinstance(failed, RunFailed)
    assert failed.message.startswith("The tokenizer gives ids that the model has no embedding for")
