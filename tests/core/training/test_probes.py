"""Probes: what the model thinks of the user's sentences, without a trace in the training."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
import torch

from core.runs.config import RunConfig
from core.runs.events import Evaluation, Probed, Step
from core.training.loop import TrainingLoop

MakeLoop = Callable[[RunConfig], TrainingLoop]
SENTENCES = ["I love this", "What a dull film, " * 60, "?"]


def test_probes_are_classified_at_each_evaluation_and_change_no_loss(
    make_loop: MakeLoop, config: RunConfig
) -> None:
    plain = [event for event in make_loop(config).run() if isinstance(event, Step)]
    probing = msgspec.structs.replace(config, probes=SENTENCES, max_length=32)
    events = list(make_loop(probing).run())
    steps = [event for event in events if isinstance(event, Step)]
    probed = [event for event in events if isinstance(event, Probed)]
    assert [step.loss for step in steps] == [step.loss for step in plain]
    assert [event.global_step for event in probed] == [
        event.global_step
        for event in events
        if isinstance(event, Evaluation) and event.split == "validation"
    ]
    assert all([result.text for result in event.results] == SENTENCES for event in probed)
    assert probed[0].results != probed[-1].results


def test_a_probe_is_what_the_model_says_of_the_sentence_alone(
    make_loop: MakeLoop, config: RunConfig
) -> None:
    loop = make_loop(msgspec.structs.replace(config, probes=SENTENCES[:1]))
    loop.model.train()
    (result,) = loop.probe("asked").results
    assert loop.model.training
    loop.model.eval()
    inputs = loop.data.collator.tokenizer(SENTENCES[0], return_tensors="pt")
    with torch.no_grad():
        probabilities = loop.model(**inputs).logits[0].softmax(dim=-1)
    assert result.probabilities == pytest.approx(probabilities.tolist(), abs=1e-5)
    assert result.predicted == loop.model.config.id2label[int(probabilities.argmax())]
    assert loop.probe("asked").request == "asked"


def test_a_tab_makes_a_probe_a_pair_beside_those_that_are_none(
    make_loop: MakeLoop, config: RunConfig
) -> None:
    sentences = ["Is it good?\tIt is.", "Is it good?", "Is it good?\t" + "Very. " * 100]
    loop = make_loop(msgspec.structs.replace(config, probes=sentences, max_length=32))
    results = loop.probe("asked").results
    assert [result.text for result in results] == sentences
    loop.model.eval()
    inputs = loop.data.collator.tokenizer("Is it good?", "It is.", return_tensors="pt")
    assert inputs["token_type_ids"].any()
    with torch.no_grad():
        probabilities = loop.model(**inputs).logits[0].softmax(dim=-1)
    assert results[0].probabilities == pytest.approx(probabilities.tolist(), abs=1e-5)
    assert results[1].probabilities != pytest.approx(probabilities.tolist(), abs=1e-5)
