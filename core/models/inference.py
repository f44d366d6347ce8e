"""The course's experiment: what padding and the attention mask do to the logits."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.engine.protocol import ComparedRow, Texts
from core.errors import ModelError
from core.models.loading import max_positions


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row a sentence; `input_ids` and `attention_mask` are `[sentences, width]`."""

    input_ids: list[list[int]]
    attention_mask: list[list[int]]
    rows: list[ComparedRow]


def compare(model: Any, tokenizer: Any, sentences: Sequence[Texts]) -> Comparison:
    """Logits of each sentence alone, `[1, length]`, and in one padded batch, twice.

    The padded batch goes through `model` first without an attention mask, then with it. `model`
    is a transformers sequence classifier, `tokenizer` its own; the padding is the tokenizer's.
    Raises `ModelError` where a sentence is longer than the model's positions ("too_long"), has
    no tokens, or the batch cannot be padded.
    """
    import torch

    if not sentences:
        return Comparison([], [], [])
    encodings = [_encode(tokenizer, text, pair) for text, pair in sentences]
    _require_lengths([len(each["input_ids"]) for each in encodings], max_positions(model))
    if tokenizer.pad_token is None and len({len(each["input_ids"]) for each in encodings}) > 1:
        raise ModelError(
            "other",
            "This model's tokenizer has neither a padding nor an end token, so sentences of "
            "different lengths cannot stand in one batch: try one sentence at a time.",
        )
    accepted = _accepted(model)
    with torch.inference_mode():
        alone = [
            _logits(model, accepted, {key: torch.tensor([row]) for key, row in each.items()})
            for each in encodings
        ]
        batch = _pad(tokenizer, encodings)
        without_mask = {key: rows for key, rows in batch.items() if key != "attention_mask"}
        unmasked = _logits(model, accepted, without_mask)
        masked = _logits(model, accepted, batch)
    rows = [
        ComparedRow(
            text,
            pair,
            alone[index][0].tolist(),
            unmasked[index].tolist(),
            masked[index].tolist(),
            _difference(unmasked[index], alone[index][0]),
            _difference(masked[index], alone[index][0]),
        )
        for index, (text, pair) in enumerate(sentences)
    ]
    return Comparison(batch["input_ids"].tolist(), batch["attention_mask"].tolist(), rows)


def _encode(tokenizer: Any, text: str, pair: str | None) -> dict[str, list[int]]:
    # As a batch of one: a call with a single text takes an empty pair for none.
    pairs = None if pair is None else [pair]
    # A mask is asked for by name: some tokenizers leave it out by default.
    batch = tokenizer([text], pairs, return_attention_mask=True, verbose=False)
    return {key: list(batch[key][0]) for key in batch}


def _pad(tokenizer: Any, encodings: list[dict[str, list[int]]]) -> dict[str, Any]:
    if tokenizer.pad_token is None:
        import torch

        return {key: torch.tensor([each[key] for each in encodings]) for key in encodings[0]}
    return dict(tokenizer.pad(encodings, padding=True, return_tensors="pt", verbose=False))


def _require_lengths(lengths: list[int], limit: int | None) -> None:
    for number, length in enumerate(lengths, start=1):
        if limit is not None and length > limit:
            raise ModelError(
                "too_long",
                f"Sentence {number} has {length} tokens and the model has positions for {limit}: "
                "shorten it.",
            )
        if length == 0:
            raise ModelError(
                "other", f"Sentence {number} has no tokens for this model: write more, or drop it."
            )


def _accepted(model: Any) -> frozenset[str]:
    """The inputs that the model's class names: DistilBERT, say, knows no `token_type_ids`."""
    return frozenset(inspect.signature(model.forward).parameters)


def _logits(model: Any, accepted: frozenset[str], inputs: dict[str, Any]) -> Any:
    known = {key: value for key, value in inputs.items() if key in accepted}
    return model(**known).logits.float()


def _difference(logits: Any, alone: Any) -> float:
    return float((logits - alone).abs().max())
