"""The order of the data for `Trainer`: the loop's own, a function of seed and epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader

from core.data.batches import DATA_WORKERS, BatchedData, begin_data_worker


class OrderedBatches:
    """The rows of each batch of an epoch, as the loop takes them."""

    def __init__(self, data: BatchedData) -> None:
        self._data = data
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """The next time round is through `epoch`, counted from 0."""
        self._epoch = epoch

    def __len__(self) -> int:
        return math.ceil(len(self._data.train) / self._data.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self._data.batches(self._epoch))


class OrderedLoader(DataLoader[Any]):
    """A loader whose order Trainer chooses by the epoch's number."""

    def __init__(self, dataset: Any, order: OrderedBatches, collator: Any, workers: int) -> None:
        super().__init__(
            dataset,
            batch_sampler=order,
            collate_fn=collator,
            # Without one of its own a loader's iterator draws from the global generator.
            generator=torch.Generator(),
            num_workers=workers,
            multiprocessing_context=DATA_WORKERS if workers else None,
            worker_init_fn=begin_data_worker,
        )
        self._order = order

    def set_epoch(self, epoch: int) -> None:
        """Takes the order of `epoch`, counted from 0."""
        self._order.set_epoch(epoch)
