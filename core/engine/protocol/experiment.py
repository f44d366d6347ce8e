"""The course's experiment: the same inputs laid out for the model in different ways."""

from __future__ import annotations

from typing import Literal

import msgspec

from core.engine.protocol.models import ModelInfo, Question, Texts

Side = Literal["left", "right"]
DType = Literal["float32", "bfloat16"]

EQUAL_WITHIN = 1e-5
"""Logits that differ by no more are called equal: float32 sums in another order differ so much."""


POSITION_EMBEDDINGS = ("position_embeddings", "wpe", "embed_positions", "position_embedding")
"""What models call the embedding that is asked for each token's position."""


class Arrangement(msgspec.Struct, frozen=True, kw_only=True):
    """One way to lay inputs out for the model: by default as one padded batch, with its mask."""

    alone: bool = False
    """Each input by itself, `[1, its own length]`, with its mask; no padding unless `pad_to`."""
    mask: bool = True
    """Whether the model is given the attention mask, or has to do without."""
    padding_side: Side | None = None
    """None: the tokenizer's own."""
    pad_to: int | None = None
    """Tokens to pad to; inputs that are longer anyway are not cut. None: to the longest."""
    order: tuple[int, ...] | None = None
    """Which input stands in each row of the batch, a permutation. None: as they were given."""
    dtype: DType = "float32"
    positions: Literal["model", "mask"] = "model"
    """With "mask" the model is given `position_ids` that count only what the mask lets through."""


ALONE = Arrangement(alone=True)
UNMASKED = Arrangement(mask=False)
MASKED = Arrangement()
LESSON = (ALONE, UNMASKED, MASKED)
"""What shows that padding without a mask changes logits, and with one does not."""


class Compare(Question, frozen=True, tag="compare"):
    """Runs the inputs in each arrangement; answered by `Compared`.

    The inputs are `sentences`, or the rows of ids in `raw_ids` where there are any: these are
    taken as they are, without special tokens, and padded as the tokenizer pads.
    """

    sentences: list[Texts]
    arrangements: tuple[Arrangement, ...] = LESSON
    raw_ids: list[list[int]] = msgspec.field(default_factory=list)


class ArrangedRow(msgspec.Struct, frozen=True):
    """What one input gave in one arrangement.

    The lists of tokens have the width of the batch, padding included; logits and probabilities
    are `[labels]`, float32 (or what bfloat16 left of it) as Python floats.
    """

    input_ids: list[int]
    attention_mask: list[int]
    """1 for tokens and 0 for padding, whether or not the model was given it."""
    position_ids: list[int] | None
    """As the model's position embedding (or rotation) was asked for; None where it has none."""
    logits: list[float]
    probabilities: list[float]
    """The logits after the head's own `postprocess`; where that is "none", they are the logits."""
    max_abs_diff: float
    """`max |logits - those of the same input alone|`, the latter in float32."""
    token_type_ids: list[int] | None = None
    """None where the model takes none."""


class Arranged(msgspec.Struct, frozen=True):
    """One arrangement's result; `rows` in the order of the inputs, whatever `order` says."""

    arrangement: Arrangement
    rows: list[ArrangedRow]
    seconds: float
    """Of the model's forward pass or passes alone."""
    problem: str | None = None
    """Why there are no rows: what this arrangement asks is impossible for this model or input."""

    @property
    def width(self) -> int:
        """Tokens of the widest row, padding included."""
        return max((len(row.input_ids) for row in self.rows), default=0)


class Compared(msgspec.Struct, frozen=True, tag="compared"):
    """The experiment's result, one `Arranged` for each arrangement that was asked for."""

    id: int
    model: ModelInfo
    sentences: list[Texts]
    results: list[Arranged]
    seconds: float
    raw_ids: list[list[int]] = msgspec.field(default_factory=list)

    def result(self, arrangement: Arrangement) -> Arranged | None:
        """What `arrangement` gave, if it was asked for."""
        return next((each for each in self.results if each.arrangement == arrangement), None)


# --- the missing batch dimension ------------------------------------------------------------


class OmitBatchDimension(Question, frozen=True, tag="omit_batch_dimension"):
    """Runs `model(torch.tensor(ids))`, the course's mistake; answered by `BatchDimensionOmitted`.

    `ids` are those of `sentence`, or `raw_ids` where there are any.
    """

    sentence: Texts
    raw_ids: list[int] = msgspec.field(default_factory=list)


class BatchDimensionOmitted(msgspec.Struct, frozen=True, tag="batch_dimension_omitted"):
    """What really happened with a tensor of shape `[sequence]`, and with `[1, sequence]`.

    `logits` and `shape` are those of the repaired call `model(torch.tensor([ids]))`.
    """

    id: int
    model: ModelInfo
    sentence: Texts
    input_ids: list[int]
    exception: str | None
    """The type's name, such as "IndexError"; None where this model did not complain."""
    message: str
    """The exception's; empty where there was none."""
    raised_in: str
    """File name, line and function of transformers or torch that raised it, for example
    "modeling_bert.py:87 in forward"; empty where there was none."""
    unbatched_shape: list[int] | None
    """Of the logits that came all the same where there was no exception."""
    shape: list[int]
    logits: list[list[float]]
    raw_ids: list[int] = msgspec.field(default_factory=list)
