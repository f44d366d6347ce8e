"""From text to padded batches, in an order that a seed and an epoch decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from datasets import Dataset
from datasets.fingerprint import Hasher
from torch.utils.data import DataLoader
from transformers import DataCollatorWithPadding, PreTrainedTokenizerBase

Batch = dict[str, torch.Tensor]
"""`input_ids`, `attention_mask`, … of `[batch, sequence]`, and `labels` of `[batch]`."""

Split = Literal["validation", "test"]
_EVALUATED_AT_ONCE = 32
_EPOCHS = 1_000_003
"""More epochs than any run has: seed and epoch never meet another pair's number."""


def tokenize(dataset: Dataset, tokenizer: PreTrainedTokenizerBase, max_length: int) -> Dataset:
    """Token ids for `text` and `text_pair`, cut at `max_length`, unpadded, with `labels`.

    Cached beside the dataset, under the tokenizer's and the data's fingerprints.
    """
    paired = "text_pair" in dataset.column_names

    def encode(examples: dict[str, Any]) -> Any:
        pairs = examples["text_pair"] if paired else None
        return tokenizer(examples["text"], pairs, truncation=True, max_length=max_length)

    fast = getattr(tokenizer, "backend_tokenizer", None)
    # A tokenizer's own pickle changes with use; its definition does not.
    definition = fast.to_str() if fast is not None else repr(tokenizer)
    key = [dataset._fingerprint, definition, max_length, sorted(tokenizer.model_input_names)]
    tokenized = dataset.map(
        encode,
        batched=True,
        remove_columns=[name for name in dataset.column_names if name != "label"],
        new_fingerprint=Hasher.hash(key),
    )
    return tokenized.rename_column("label", "labels")


def sequence_lengths(dataset: Dataset) -> list[int]:
    """Tokens of each row of a tokenized dataset."""
    return [len(ids) for batch in dataset.iter(1000) for ids in batch["input_ids"]]


def epoch_order(rows: int, seed: int, epoch: int) -> list[int]:
    """The rows of an epoch (from 0) in the order they are trained on: a permutation."""
    generator = torch.Generator().manual_seed(seed * _EPOCHS + epoch)
    return [int(row) for row in torch.randperm(rows, generator=generator)]


def batches(
    dataset: Dataset,
    order: Sequence[int],
    batch_size: int,
    collator: DataCollatorWithPadding,
    start: int = 0,
) -> Iterable[Batch]:
    """The batches of `dataset` in `order`, from batch `start` on, each padded to its longest.

    Touches no global random state: training goes on as if this had not been called.
    """
    loader: DataLoader[Any] = DataLoader(
        dataset,
        batch_size=batch_size,
        sampler=order[start * batch_size :],
        collate_fn=collator,
        # Without one of its own a loader's iterator draws from the global generator.
        generator=torch.Generator(),
    )
    return loader


@dataclass(frozen=True, slots=True)
class BatchedData:
    """Tokenized splits, ready for a loop; `test` is None where there is none.

    The order of training is a function of `seed` and epoch alone. Evaluation goes from short to
    long rows, which needs the least padding.
    """

    train: Dataset
    validation: Dataset
    test: Dataset | None
    collator: DataCollatorWithPadding
    batch_size: int
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch; the last one may be smaller."""
        return -(-len(self.train) // self.batch_size)

    def training(self, epoch: int, start: int = 0) -> Iterable[Batch]:
        """The batches of an epoch (from 0), from batch `start` on."""
        order = epoch_order(len(self.train), self.seed, epoch)
        return batches(self.train, order, self.batch_size, self.collator, start)

    def evaluation(self, split: Split) -> Iterable[Batch]:
        """All batches of a split; none where it is not there."""
        dataset = self.validation if split == "validation" else self.test
        if dataset is None:
            return []
        lengths = sequence_lengths(dataset)
        order = sorted(range(len(lengths)), key=lengths.__getitem__)
        return batches(dataset, order, max(self.batch_size, _EVALUATED_AT_ONCE), self.collator)

    def rows(self, split: Split) -> int:
        """Rows of a split; 0 where it is not there."""
        dataset = self.validation if split == "validation" else self.test
        return 0 if dataset is None else len(dataset)
