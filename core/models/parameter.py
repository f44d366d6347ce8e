"""Figures of one tensor, of all its numbers: in chunks, so that a large one takes no room."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch

from core.engine.protocol.checkpoint import Figures, Histogram

BINS = 60
_CHUNK = 1 << 20


@torch.inference_mode()
def figures_of(tensor: Any, bins: int = BINS) -> Figures:
    """Figures of a tensor of any shape and type, summed in float64.

    The deviation is that of the whole, `sqrt(mean((x - mean)²))`, in a second pass over the
    numbers, since a difference of large sums would lose it.
    """
    zeros = nan = infinite = count = 0
    total = squares = 0.0
    low, high = math.inf, -math.inf
    for chunk in _chunks(tensor):
        finite = _finite(chunk)
        nan += int(chunk.isnan().sum())
        infinite += int(chunk.isinf().sum())
        if not finite.numel():
            continue
        count += finite.numel()
        zeros += int((finite == 0).sum())
        total += float(finite.sum())
        squares += float(finite.square().sum())
        least, greatest = finite.aminmax()
        low, high = min(low, float(least)), max(high, float(greatest))
    if not count:
        return Figures(None, None, None, None, None, zeros, nan, infinite, None)
    mean = total / count
    deviations = 0.0
    counts = torch.zeros(bins, dtype=torch.float64)
    for chunk in _chunks(tensor):
        finite = _finite(chunk)
        deviations += float((finite - mean).square().sum())
        if low < high:
            counts += torch.histc(finite, bins, low, high)
    histogram = [count] if low == high else [int(each) for each in counts.tolist()]
    return Figures(
        mean=mean,
        std=math.sqrt(deviations / count),
        norm=math.sqrt(squares),
        minimum=low,
        maximum=high,
        zeros=zeros,
        nan=nan,
        infinite=infinite,
        histogram=Histogram(low, high, histogram),
    )


def _chunks(tensor: Any) -> Iterator[Any]:
    numbers = tensor.detach().reshape(-1)
    for start in range(0, numbers.numel(), _CHUNK):
        yield numbers[start : start + _CHUNK].double()


def _finite(chunk: Any) -> Any:
    finite = chunk.isfinite()
    return chunk if bool(finite.all()) else chunk[finite]
