"""What every snippet about logits begins with: the classifier, its inputs, and their batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.engine.protocol import Arrangement, Texts
from core.snippets.loading import Checkpoint, imports, tokenizer_and_model
from core.text.code import literal

AUTO = "AutoModelForSequenceClassification"
"""What loads a classifier of sentences."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a classifier is asked: sentences, or rows of ids where there are any.

    `end_pads` says that the tokenizer has no padding token, so that its end token serves;
    `token_types` that the model takes `token_type_ids`.
    """

    checkpoint: Checkpoint
    sentences: Sequence[Texts]
    raw_ids: Sequence[Sequence[int]] = ()
    end_pads: bool = False
    token_types: bool = True


def classifier(inputs: Inputs, *options: str) -> list[str]:
    """`tokenizer` and `model`; `options` are further arguments of what makes the model."""
    checkpoint = inputs.checkpoint
    return [
        *imports([checkpoint], AUTO, "AutoTokenizer"),
        "",
        *tokenizer_and_model(checkpoint, AUTO, *options, end_pads=inputs.end_pads),
    ]


def encoded(inputs: Inputs) -> list[str]:
    """`inputs`, one encoding each, without padding."""
    if inputs.raw_ids:
        return [
            *sentences(inputs),
            'inputs = [{"input_ids": row, "attention_mask": [1] * len(row)} for row in rows]',
        ]
    each = "*each" if has_pairs(inputs) else "each"
    options = "" if inputs.token_types else ", return_token_type_ids=False"
    return [*sentences(inputs), f"inputs = [tokenizer({each}{options}) for each in raw_inputs]"]


def batch(arrangement: Arrangement, first_position: int) -> list[str]:
    """`batch` of all `inputs`, laid out so; `first_position` is what the model calls the first."""
    rows = "inputs"
    if arrangement.order is not None:
        rows = f"[inputs[row] for row in {list(arrangement.order)}]"
    padding = ['return_tensors="pt"']
    if arrangement.pad_to is not None:
        padding += ['padding="max_length"', f"max_length={arrangement.pad_to}"]
    if arrangement.padding_side is not None:
        padding.append(f'padding_side="{arrangement.padding_side}"')
    written = [f"batch = tokenizer.pad({rows}, {', '.join(padding)})"]
    if arrangement.positions == "mask":
        pad_position = max(first_position - 1, 0)
        first = f" + {first_position}" if first_position else ""
        written += [
            'mask = batch["attention_mask"]',
            f"positions = mask.cumsum(-1) - 1{first}",
            f'batch["position_ids"] = positions.masked_fill(mask == 0, {pad_position})',
        ]
    if not arrangement.mask:
        written.append('del batch["attention_mask"]')
    return written


def sentences(inputs: Inputs) -> list[str]:
    """`raw_inputs`, or `rows` of ids where these are typed."""
    if inputs.raw_ids:
        rows = [f"    {list(row)}," for row in inputs.raw_ids]
        return ["rows = [", *rows, "]"]
    form = "    ({},)," if has_pairs(inputs) else "    {},"
    return ["raw_inputs = [", *(form.format(arguments(each)) for each in inputs.sentences), "]"]


def has_pairs(inputs: Inputs) -> bool:
    """Whether a sentence is a pair: all of them are tuples then."""
    return any(pair for _, pair in inputs.sentences)


def arguments(texts: Texts) -> str:
    """A text and its pair, if it has one, as a tokenizer takes them."""
    text, pair = texts
    return literal(text) if not pair else f"{literal(text)}, {literal(pair)}"
