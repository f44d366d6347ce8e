"""Sentences of the user's own, classified as the run goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from core.data.batches import BatchedData
from core.runs.events import Probed, ProbeResult, number
from core.text.sentences import parse_sentence
from core.training.randomness import random_state_kept

_AT_ONCE = 32


def classify_probes(
    model: Any,
    data: BatchedData,
    sentences: Sequence[str],
    global_step: int,
    request: str | None = None,
) -> Probed:
    """What `model`, an unwrapped one, now thinks of `sentences`, cut as training texts are.

    A tab makes a sentence a pair, as in an editor's line.

    Training's random state and the model's mode are left as they are.
    """
    labels = [model.config.id2label[number] for number in range(model.config.num_labels)]
    tokenizer = data.collator.tokenizer
    results = []
    was_training = model.training
    model.eval()
    try:
        with random_state_kept(), torch.no_grad():
            for first in range(0, len(sentences), _AT_ONCE):
                texts = list(sentences[first : first + _AT_ONCE])
                rows = [
                    tokenizer(
                        each.text, each.text_pair, truncation=True, max_length=data.max_length
                    )
                    for each in map(parse_sentence, texts)
                ]
                inputs = data.collator(rows).to(model.device)
                probabilities = model(**inputs).logits.float().softmax(dim=-1).cpu()
                results += [
                    ProbeResult(
                        text=text,
                        predicted=labels[int(row.argmax())],
                        probabilities=[number(value) for value in row.tolist()],
                    )
                    for text, row in zip(texts, probabilities, strict=True)
                ]
    finally:
        model.train(was_training)
    return Probed(
        global_step=global_step,
        epoch=global_step / data.steps_per_epoch,
        results=results,
        request=request,
    )
