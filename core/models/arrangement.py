"""Running inputs through a model in one arrangement, and watching which positions it uses."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from core.engine.protocol import POSITION_EMBEDDINGS, Arrangement
from core.errors import ModelError
from core.models.inputs import Encoding, forward, pad
from core.models.loading import accepted, max_positions, position_offset

_bfloat16: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
"""For each model its copy in bfloat16, once one was wanted."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What one input gave; lists have the width of its batch, `logits` is `[labels]`, float32."""

    input_ids: list[int]
    attention_mask: list[int]
    position_ids: list[int] | None
    token_type_ids: list[int] | None
    logits: Any


def run(
    model: Any, tokenizer: Any, encodings: list[Encoding], arrangement: Arrangement
) -> tuple[list[Ran], float]:
    """One `Ran` for each of `encodings`, in their order, and the seconds in the model.

    Raises `ModelError` where the arrangement is impossible for this model or these inputs.
    """
    model = in_dtype(model, arrangement)
    rows: list[Ran] = []
    seconds = 0.0
    for batch in batches(model, tokenizer, encodings, arrangement):
        watch = PositionWatch(model)
        started = time.perf_counter()
        with watch:
            logits = forward(model, given(batch, arrangement)).logits.float()
        seconds += time.perf_counter() - started
        positions = watch.rows(*batch["input_ids"].shape)
        ids, masks = batch["input_ids"].tolist(), batch["attention_mask"].tolist()
        rows += map(Ran, ids, masks, positions, _token_types(model, batch), logits)
    return in_given_order(rows, arrangement), seconds


def _token_types(model: Any, batch: dict[str, Any]) -> list[list[int] | None]:
    """What each row gave as `token_type_ids`; Nones where the model takes none."""
    given_types = batch.get("token_type_ids") if "token_type_ids" in accepted(model) else None
    if given_types is None:
        return [None] * len(batch["input_ids"])
    return list(given_types.tolist())


def batches(
    model: Any, tokenizer: Any, encodings: list[Encoding], arrangement: Arrangement
) -> list[dict[str, Any]]:
    """The tensors that go into the model one after another: one batch, or one for each input.

    Always with `attention_mask`, and with `position_ids` where the arrangement wants its own.
    """
    _require_possible(model, encodings, arrangement)
    ordered = [encodings[index] for index in arrangement.order or range(len(encodings))]
    groups = [[each] for each in ordered] if arrangement.alone else [ordered]
    made = [pad(tokenizer, group, arrangement.padding_side, arrangement.pad_to) for group in groups]
    if arrangement.positions == "mask":
        for batch in made:
            batch["position_ids"] = positions_by_mask(model, batch["attention_mask"])
    return made


def given(batch: dict[str, Any], arrangement: Arrangement) -> dict[str, Any]:
    """Those tensors of `batch` that the model is to see."""
    return {key: rows for key, rows in batch.items() if arrangement.mask or key != "attention_mask"}


def in_given_order(rows: list[Any], arrangement: Arrangement) -> list[Any]:
    """`rows` of the batch in the order of the inputs."""
    if arrangement.order is None:
        return rows
    back = sorted(range(len(rows)), key=arrangement.order.__getitem__)
    return [rows[index] for index in back]


def in_dtype(model: Any, arrangement: Arrangement) -> Any:
    """`model`, or its copy in the arrangement's dtype; what runs in float32 is never touched."""
    if arrangement.dtype == "float32":
        return model
    import torch

    if model not in _bfloat16:
        # Parameters are converted one by one, so that none is held twice in float32.
        converted: dict[int, Any] = {
            id(each): torch.nn.Parameter(each.to(torch.bfloat16), requires_grad=False)
            for each in model.parameters()
        }
        _bfloat16[model] = copy.deepcopy(model, converted)
    return _bfloat16[model]


def positions_by_mask(model: Any, attention_mask: Any) -> Any:
    """`position_ids` that count tokens only, from where this model's positions begin.

    As `generate` makes them for batches that are padded on the left; the same shape as the mask.
    """
    first = position_offset(model)
    counted = attention_mask.cumsum(-1) - 1 + first
    return counted.masked_fill(attention_mask == 0, max(first - 1, 0))


@dataclass
class PositionWatch:
    """While entered, sees the `position_ids` with which the model asks for its positions."""

    model: Any
    seen: list[Any] = field(default_factory=list)

    def __enter__(self) -> None:
        self._hooks = [
            module.register_forward_pre_hook(self._look, with_kwargs=True)
            for module in self._modules()
        ]

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def rows(self, batch: int, width: int) -> list[list[int] | None]:
        """What was seen first, `[batch, width]`; Nones where the model has no such positions."""
        for positions in self.seen:
            if positions.shape[-1] == width and positions.dim() <= 2:
                return list(positions.expand(batch, width).tolist())
        return [None] * batch

    def _modules(self) -> Iterator[Any]:
        import torch

        for name, module in self.model.named_modules():
            part = name.rpartition(".")[-1]
            # A subclass of Embedding may be called with a mask, and count by itself.
            if (part in POSITION_EMBEDDINGS and type(module) is torch.nn.Embedding) or (
                "rotary" in part
            ):
                yield module

    def _look(self, _module: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        import torch

        for each in (named.get("position_ids"), *arguments):
            if isinstance(each, torch.Tensor) and each.dtype in {torch.int64, torch.int32}:
                self.seen.append(each)
                return


def _require_possible(model: Any, encodings: list[Encoding], arrangement: Arrangement) -> None:
    limit = max_positions(model)
    if limit is not None and arrangement.pad_to is not None and arrangement.pad_to > limit:
        raise ModelError(
            "too_long",
            f"The model has positions for {limit} tokens, so nothing can be padded to "
            f"{arrangement.pad_to}.",
        )
    if arrangement.order is not None and sorted(arrangement.order) != list(range(len(encodings))):
        raise ModelError(
            "other", f"The order {list(arrangement.order)} does not name each input once."
        )
    if arrangement.positions == "mask" and "position_ids" not in accepted(model):
        raise ModelError(
            "other", f"{type(model).__name__} takes no position_ids: it counts by itself."
        )
