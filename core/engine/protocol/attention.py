"""Where the model's attention goes: how much of it to padding, and from token to token."""

from __future__ import annotations

import msgspec

from core.engine.protocol.experiment import MASKED, UNMASKED, Arrangement
from core.engine.protocol.models import ModelInfo, Question, Texts


class MeasureAttention(Question, frozen=True, tag="measure_attention"):
    """How much attention goes to padding; answered by `AttentionMeasured`. Inputs as `Compare`."""

    sentences: list[Texts]
    arrangements: tuple[Arrangement, ...] = (UNMASKED, MASKED)
    raw_ids: list[list[int]] = msgspec.field(default_factory=list)


class AttentionRow(msgspec.Struct, frozen=True):
    """One input's share of attention on padding, between 0 and 1.

    `padding[layer][head]` is the attention that a token pays to all padding tokens together, as
    the mean over the input's own tokens (those that the mask marks by 1; what padding itself
    attends to does not count).
    """

    padding: list[list[float]]
    mean: float
    """Over all layers and heads."""


class MeasuredAttention(msgspec.Struct, frozen=True):
    """One arrangement's shares; `rows` in the order of the inputs."""

    arrangement: Arrangement
    rows: list[AttentionRow]
    max_abs_diff: float
    """`max |logits - those without looking|`: another implementation of attention ran."""
    problem: str | None = None


class AttentionMeasured(msgspec.Struct, frozen=True, tag="attention_measured"):
    """One result for each arrangement that was asked for."""

    id: int
    model: ModelInfo
    sentences: list[Texts]
    results: list[MeasuredAttention]
    seconds: float
    raw_ids: list[list[int]] = msgspec.field(default_factory=list)


class ReadAttention(Question, frozen=True, tag="read_attention"):
    """The weights of one input, layer and head (from 0); answered by `AttentionRead`.

    The inputs are `Compare`'s; `row` says which of them is read, in the batch with the others.
    """

    sentences: list[Texts]
    row: int
    layer: int
    head: int
    arrangement: Arrangement = UNMASKED
    raw_ids: list[list[int]] = msgspec.field(default_factory=list)


class AttentionRead(msgspec.Struct, frozen=True, tag="attention_read"):
    """`weights[query][key]`, each row of which sums to 1; both sides are `tokens`."""

    id: int
    model: ModelInfo
    sentences: list[Texts]
    row: int
    layer: int
    head: int
    arrangement: Arrangement
    layers: int
    heads: int
    tokens: list[str]
    """Of the row as run, padding included, as the tokenizer's vocabulary writes them."""
    attention_mask: list[int]
    weights: list[list[float]]
    seconds: float
    raw_ids: list[list[int]] = msgspec.field(default_factory=list)
