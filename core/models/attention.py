"""Attention weights: how much of them goes to padding, and one head's in full."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from core.engine.protocol import (
    Arrangement,
    AttentionMeasured,
    AttentionRead,
    AttentionRow,
    MeasureAttention,
    MeasuredAttention,
    ReadAttention,
)
from core.errors import ModelError
from core.models.arrangement import batches, given, in_dtype, in_given_order
from core.models.inputs import Encoding, encode, forward
from core.models.loading import LoadedModel

_MOST_WEIGHTS = 1 << 25
"""Attention weights that are held at once: 128 MB of float32."""


def measure_attention(request: MeasureAttention, loaded: LoadedModel) -> AttentionMeasured:
    """The share of attention on padding, for each input, layer and head, in each arrangement.

    Raises `ModelError` where the inputs are no good, or the model gives no weights.
    """
    started = time.perf_counter()
    encodings = encode(loaded.model, loaded.tokenizer, request.sentences, request.raw_ids)
    return AttentionMeasured(
        id=request.id,
        model=loaded.info,
        sentences=request.sentences,
        results=[_measure(loaded, encodings, each) for each in request.arrangements],
        seconds=time.perf_counter() - started,
        raw_ids=request.raw_ids,
    )


def read_attention(request: ReadAttention, loaded: LoadedModel) -> AttentionRead:
    """The weights of one head, `[tokens, tokens]`, as the chosen input stands in its batch.

    Raises `ModelError` where there is no such row, layer or head, or the arrangement is impossible.
    """
    started = time.perf_counter()
    tokenizer, arrangement = loaded.tokenizer, request.arrangement
    encodings = encode(loaded.model, tokenizer, request.sentences, request.raw_ids)
    _require_index("row", request.row, len(encodings))
    model = in_dtype(loaded.model, arrangement)
    laid_out = _rows(batches(model, tokenizer, encodings, arrangement))
    inputs = in_given_order(laid_out, arrangement)[request.row]
    with eager(model):
        weights, _ = _attend(model, inputs, arrangement)
    _require_index("layer", request.layer, len(weights))
    layer = weights[request.layer][0]
    _require_index("head", request.head, len(layer))
    return AttentionRead(
        id=request.id,
        model=loaded.info,
        sentences=request.sentences,
        row=request.row,
        layer=request.layer,
        head=request.head,
        arrangement=arrangement,
        layers=len(weights),
        heads=len(layer),
        tokens=tokenizer.convert_ids_to_tokens(inputs["input_ids"][0].tolist()),
        attention_mask=inputs["attention_mask"][0].tolist(),
        weights=layer[request.head].tolist(),
        seconds=time.perf_counter() - started,
        raw_ids=request.raw_ids,
    )


@contextlib.contextmanager
def eager(model: Any) -> Iterator[None]:
    """Lets `model` compute attention in the one way that returns its weights.

    It is the loaded model itself, which goes back to the faster way at the end.
    """
    before = model.config._attn_implementation
    if before == "eager":
        yield
        return
    model.set_attn_implementation("eager")
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def padding_share(weights: Any, attention_mask: Any) -> Any:
    """`[batch, heads]` of one layer's `weights`, `[batch, heads, queries, keys]`.

    The weights that fall on keys whose mask is 0, summed, as the mean over queries whose mask is 1.
    """
    tokens = attention_mask.to(weights.dtype)
    on_padding = (weights * (1 - tokens)[:, None, None, :]).sum(-1)
    return (on_padding * tokens[:, None, :]).sum(-1) / tokens.sum(-1)[:, None]


def _measure(
    loaded: LoadedModel, encodings: list[Encoding], arrangement: Arrangement
) -> MeasuredAttention:
    import torch

    if not encodings:
        return MeasuredAttention(arrangement, [], 0.0)
    rows, differences = [], []
    try:
        model = in_dtype(loaded.model, arrangement)
        laid_out = batches(model, loaded.tokenizer, encodings, arrangement)
    except ModelError as error:
        return MeasuredAttention(arrangement, [], 0.0, str(error))
    for inputs in _affordable(model, laid_out):
        with torch.inference_mode():
            as_usual = forward(model, given(inputs, arrangement))[0].float()
        with eager(model):
            weights, looked = _attend(model, inputs, arrangement)
        shares = [padding_share(layer, inputs["attention_mask"]) for layer in weights]
        rows += [_row(each) for each in torch.stack(shares, dim=1)]
        differences.append(float((looked - as_usual).abs().max()))
    return MeasuredAttention(arrangement, in_given_order(rows, arrangement), max(differences))


def _row(shares: Any) -> AttentionRow:
    return AttentionRow(shares.tolist(), float(shares.mean()))


def _attend(model: Any, inputs: dict[str, Any], arrangement: Arrangement) -> tuple[list[Any], Any]:
    """The weights of each layer, `[batch, heads, queries, keys]`, float32, and the output."""
    import torch

    with torch.inference_mode():
        output = forward(model, given(inputs, arrangement), output_attentions=True)
    attentions = getattr(output, "attentions", None) or getattr(output, "encoder_attentions", None)
    weights = [each.float() for each in attentions or () if each is not None]
    if not weights:
        raise ModelError("other", f"{type(model).__name__} gives no attention weights.")
    return weights, output[0].float()


def _affordable(model: Any, laid_out: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The batches cut into so few rows at a time that the weights of all layers fit."""
    config = model.config.get_text_config()
    heads = config.num_hidden_layers * config.num_attention_heads
    for batch in laid_out:
        width = batch["input_ids"].shape[1]
        count = max(1, _MOST_WEIGHTS // (heads * width * width))
        for start in range(0, len(batch["input_ids"]), count):
            yield {key: rows[start : start + count] for key, rows in batch.items()}


def _rows(laid_out: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each row of the batches as a batch of its own, as wide as it was."""
    return [
        {key: rows[index : index + 1] for key, rows in batch.items()}
        for batch in laid_out
        for index in range(len(batch["input_ids"]))
    ]


def _require_index(what: str, index: int, count: int) -> None:
    if not 0 <= index < count:
        raise ModelError("other", f"There is no {what} {index}: this has {count}, from 0.")
