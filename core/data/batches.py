"""From text to padded batches, in an order that a seed and an epoch decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from datasets import Dataset
from datasets.fingerprint import Hasher
from torch.utils.data import DataLoader
from transformers import DataCollatorWithPadding, PreTrainedTokenizerBase

Batch = dict[str, torch.Tensor]
"""`input_ids`, `attention_mask`, … of `[batch, sequence]`, and `labels` of `[batch]`."""

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
