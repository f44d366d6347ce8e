"""From loaded splits to batches, with a report of what is in them."""

from __future__ import annotations

import numpy as np
import torch
from transformers import DataCollatorWithPadding, PreTrainedTokenizerBase

from core.data.batches import BatchedData
from core.data.hub_stream import stream_data
from core.data.report import report_data
from core.data.sources import DataOptions, TrainingData, load_data
from core.data.streaming import StreamedData
from core.data.survey import Say
from core.data.tokenizing import tokenize
from core.runs.config import RunConfig
from core.runs.events import DataReported


def open_data(config: RunConfig, say: Say) -> TrainingData:
    """The data a run is to be trained on, loaded or streamed; raises `DataError`."""
    options = DataOptions.of(config)
    if config.stream:
        return stream_data(config.data, options, say)
    return load_data(config.data, options, say)


def batch_data(
    data: TrainingData,
    config: RunConfig,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    say: Say | None = None,
) -> tuple[BatchedData, DataReported]:
    """Tokenizes all splits, cut at `max_length`, and says what they are like."""
    raw = data.splits()
    splits = {split: tokenize(rows, tokenizer, max_length, say) for split, rows in raw.items()}
    test = splits.get("test")
    batched = BatchedData(
        train=splits["train"].dataset,
        validation=splits["validation"].dataset,
        test=None if test is None else test.dataset,
        collator=DataCollatorWithPadding(tokenizer),
        lengths=torch.from_numpy(np.minimum(splits["train"].lengths, max_length)),
        batch_size=config.batch_size,
        seed=config.seed,
        gradient_accumulation_steps=config.gradient_accumulation_steps,
        group_by_length=bool(config.group_by_length),
        max_length=max_length,
        workers=config.data_workers or 0,
        raw=raw,
    )
    if data.stream is not None:
        batched = StreamedData.of(batched, data.stream, config.max_steps or 1)
    return batched, report_data(config.data, data, splits, max_length)
