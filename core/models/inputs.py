"""From sentences, or ids as typed, to what a model's forward takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.engine.protocol import Side, Texts
from core.errors import ModelError
from core.models.loading import accepted, max_positions
from core.text.ids import check_ids

Encoding = dict[str, list[int]]
"""One input without padding, by field: `input_ids`, `attention_mask` and what else there is."""


def encode(
    model: Any, tokenizer: Any, sentences: Sequence[Texts], raw_ids: Sequence[list[int]]
) -> list[Encoding]:
    """One encoding an input: of `raw_ids` where there are any, else of `sentences`.

    Raises `ModelError` where an input has no tokens, more than the model has positions for
    ("too_long"), or ids that the model has no embedding for.
    """
    if raw_ids:
        check_ids(raw_ids, model.get_input_embeddings().num_embeddings)
        encodings = [{"input_ids": row, "attention_mask": [1] * len(row)} for row in raw_ids]
    else:
        encodings = [_encode(tokenizer, text, pair) for text, pair in sentences]
    require_lengths([len(each["input_ids"]) for each in encodings], max_positions(model))
    return encodings


def pad(
    tokenizer: Any, encodings: list[Encoding], side: Side | None = None, width: int | None = None
) -> dict[str, Any]:
    """A batch of tensors `[inputs, widest]`, or `[inputs, width]` where that is wider.

    Raises `ModelError` where something has to be padded and the tokenizer knows no way.
    """
    import torch

    lengths = {len(each["input_ids"]) for each in encodings}
    width = max(width or 0, *lengths)
    if tokenizer.pad_token is None:
        if lengths != {width}:
            raise ModelError(
                "other",
                "This model's tokenizer has neither a padding nor an end token, so sentences of "
                "different lengths cannot stand in one batch: try one sentence at a time.",
            )
        return {key: torch.tensor([each[key] for each in encodings]) for key in encodings[0]}
    return dict(
        tokenizer.pad(
            encodings,
            padding="max_length",
            max_length=width,
            padding_side=side,
            return_tensors="pt",
            verbose=False,
        )
    )


def forward(model: Any, inputs: dict[str, Any], **options: Any) -> Any:
    """The model's output for those of `inputs` that its class names."""
    names = accepted(model)
    return model(**{key: value for key, value in inputs.items() if key in names}, **options)


def require_lengths(lengths: list[int], limit: int | None) -> None:
    """Raises `ModelError` for an input that is empty or longer than `limit`."""
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


def _encode(tokenizer: Any, text: str, pair: str | None) -> Encoding:
    # An empty pair is none, as it is to a tokenizer called with single texts. A mask is asked for
    # by name: some tokenizers leave it out by default.
    encoding = tokenizer(text, pair or None, return_attention_mask=True, verbose=False)
    return {key: list(encoding[key]) for key in encoding}
