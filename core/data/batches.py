"""From text to padded batches, in an order that a seed and an epoch decide."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

import numpy as np
import pyarrow.compute as pc  # type: ignore[import-untyped, unused-ignore]
import torch
from datasets import Dataset
from torch.utils.data import DataLoader
from transformers import DataCollatorWithPadding

from core.runs.events import Streamed

Batch = dict[str, torch.Tensor]
"""`input_ids`, `attention_mask`, … of `[batch, sequence]`, and `labels` of `[batch]`."""

Split = Literal["validation", "test"]
_AT_ONCE = 1000
EVALUATED_AT_ONCE = 32
"""Rows, at least: without gradients there is room for as many."""
_EPOCHS = 1_000_003
"""More epochs than any run has: seed and epoch never meet another pair's number."""
_MEGABATCH = 50
"""Batches that are sorted by length together, as in transformers' `LengthGroupedSampler`."""


DATA_WORKERS = "fork" if sys.platform == "linux" else None
"""How data workers begin: with all that is imported, where that is safe; None: Python's choice."""


def sequence_lengths(dataset: Dataset) -> torch.Tensor:
    """Tokens of each row of a tokenized dataset, `[rows]`."""
    tables = dataset.select_columns("input_ids").with_format("arrow").iter(_AT_ONCE)
    counted = [pc.list_value_length(table["input_ids"]).to_numpy() for table in tables]
    return torch.from_numpy(np.concatenate(counted).astype(np.int64))


def epoch_order(
    lengths: torch.Tensor, batch_size: int, seed: int, epoch: int, *, grouped: bool
) -> torch.Tensor:
    """The rows `[rows]` of an epoch (from 0) in the order they are trained on: a permutation.

    Where `grouped`, rows of like length share a batch: random megabatches are sorted, cut into
    batches, and the batches shuffled, so that neither who meets whom nor when is fixed. `lengths`
    are the rows' tokens `[rows]`.
    """
    generator = torch.Generator().manual_seed(seed * _EPOCHS + epoch)
    order = torch.randperm(len(lengths), generator=generator)
    if not grouped:
        return order
    # Of few rows at least four megabatches are made, or each epoch would have the same batches.
    megabatch = max(1, min(_MEGABATCH, len(lengths) // (batch_size * 4))) * batch_size
    order = torch.cat(
        [
            part[torch.argsort(lengths[part], descending=True, stable=True)]
            for part in torch.split(order, megabatch)
        ]
    )
    full = len(order) - len(order) % batch_size
    batches = order[:full].view(-1, batch_size)
    shuffled = batches[torch.randperm(len(batches), generator=generator)]
    return torch.cat([shuffled.flatten(), order[full:]])


def padding_share(lengths: torch.Tensor, order: torch.Tensor, batch_size: int) -> float:
    """Share of the cells of an epoch's batches that is padding, 0 to 1."""
    batches = torch.split(lengths[order], batch_size)
    cells = sum(int(batch.max()) * len(batch) for batch in batches)
    return 1 - int(lengths.sum()) / max(1, cells)


@dataclass(frozen=True, slots=True)
class Microbatch:
    """What one process sees of one forward pass, padded to its longest row.

    `rows` are their numbers in the split; `size` counts the rows of all processes. A mean over
    these rows times `weight`, averaged over the processes, is the mean over all `size` rows.
    """

    inputs: Batch
    rows: list[int]
    size: int
    weight: float = 1.0


def microbatches(
    dataset: Dataset,
    batches: Sequence[list[int]],
    collator: DataCollatorWithPadding,
    rank: int = 0,
    world_size: int = 1,
    workers: int = 0,
) -> Iterator[Microbatch]:
    """Of each of `batches` (row numbers) the share of process `rank`.

    The same batches in the same order, however many `workers` prepare them. Touches no global
    random state: training goes on as if this had not been called.
    """
    # A process without a row takes part with one that weighs nothing: the others wait for it.
    shares = [rows[rank::world_size] or rows[:1] for rows in batches]
    loader: DataLoader[Any] = DataLoader(
        dataset,
        batch_sampler=shares,
        collate_fn=collator,
        num_workers=workers,
        multiprocessing_context=DATA_WORKERS if workers else None,
        worker_init_fn=begin_data_worker,
        # Without one of its own a loader's iterator draws from the global generator.
        generator=torch.Generator(),
    )
    for rows, share, inputs in zip(batches, shares, loader, strict=True):
        mine = len(rows[rank::world_size])
        yield Microbatch(inputs, share, len(rows), mine * world_size / len(rows))


def begin_data_worker(_number: int) -> None:
    """A stop is for the process that trains, which then sees this one off."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


@dataclass(frozen=True, slots=True)
class BatchedData:
    """Tokenized splits, ready for a loop; `test` is None where there is none.

    The order of training is a function of `seed` and epoch alone. A step takes
    `gradient_accumulation_steps` batches of `batch_size` rows; the last ones of an epoch may be
    smaller and fewer. Evaluation goes from short to long rows, which needs the least padding.
    `lengths` are the tokens of the training rows, `[rows]`, none above `max_length`. `raw` holds
    the splits before they were tokenized, by name. `workers` processes prepare batches while
    others compute; with none they are prepared in between.
    """

    train: Dataset
    validation: Dataset
    test: Dataset | None
    collator: DataCollatorWithPadding
    lengths: torch.Tensor
    batch_size: int
    seed: int
    gradient_accumulation_steps: int = 1
    group_by_length: bool = False
    max_length: int = 512
    workers: int = 0
    raw: Mapping[str, Dataset] = field(default_factory=dict)
    _shortest_first: dict[Split, torch.Tensor] = field(default_factory=dict)

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps in an epoch."""
        return -(-len(self.train) // (self.batch_size * self.gradient_accumulation_steps))

    def batches(self, epoch: int) -> list[list[int]]:
        """The rows of each batch of an epoch (from 0)."""
        order = epoch_order(
            self.lengths, self.batch_size, self.seed, epoch, grouped=self.group_by_length
        )
        return [rows.tolist() for rows in torch.split(order, self.batch_size)]

    def training(
        self, epoch: int, start: int = 0, rank: int = 0, world_size: int = 1
    ) -> Iterator[list[Microbatch]]:
        """The batches of each step of an epoch (from 0), from step `start` on."""
        accumulated = self.gradient_accumulation_steps
        batches = self.batches(epoch)[start * accumulated :]
        found = microbatches(self.train, batches, self.collator, rank, world_size, self.workers)
        while step := list(islice(found, accumulated)):
            yield step

    def evaluation(self, split: Split, rank: int = 0, world_size: int = 1) -> Iterator[Microbatch]:
        """This process's batches of a split; none where it is not there, or too small for all."""
        dataset = self._split(split)
        if dataset is None:
            return iter(())
        if split not in self._shortest_first:
            self._shortest_first[split] = torch.argsort(sequence_lengths(dataset), stable=True)
        order = self._shortest_first[split][rank::world_size]
        size = max(self.batch_size, EVALUATED_AT_ONCE)
        return microbatches(
            dataset,
            [rows.tolist() for rows in torch.split(order, size) if len(rows)],
            self.collator,
        )

    def read_so_far(self, global_step: int) -> Streamed | None:
        """What a stream has given; None where the whole of the data is known."""
        return None

    def text(self, split: Split, row: int) -> tuple[str, str | None]:
        """A row's text and, of a sentence pair, the second one, as they stand in the data."""
        found = self.raw[split][row]
        return found["text"], found.get("text_pair")

    def _split(self, split: Split) -> Dataset | None:
        return self.validation if split == "validation" else self.test

    def rows(self, split: Split) -> int:
        """Rows of a split; 0 where it is not there."""
        dataset = self._split(split)
        return 0 if dataset is None else len(dataset)
