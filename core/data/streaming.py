"""Batches of rows that are read while training and never stored as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from itertools import count, islice
from typing import Any

from core.data.batches import BatchedData, Microbatch
from core.data.sources import ExampleStream
from core.runs.events import Streamed


@dataclass(frozen=True)
class StreamedData(BatchedData):
    """As `BatchedData`, with training rows from a stream, and one long epoch of `steps`.

    A stream that ends begins anew in another order. To start in the middle, the rows before are
    read and dropped; they are the same ones only while the Hub's data stays as it is.
    """

    stream: ExampleStream | None = None
    steps: int = 1
    _read: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, data: BatchedData, stream: ExampleStream, steps: int) -> StreamedData:
        """`data`, whose training rows are only the first ones, with a stream in their place."""
        own = {one.name: getattr(data, one.name) for one in fields(data) if one.init}
        return cls(**own, stream=stream, steps=steps)

    @property
    def steps_per_epoch(self) -> int:
        """All steps there will be: where the data ends is not known."""
        return self.steps

    def training(
        self, epoch: int, start: int = 0, rank: int = 0, world_size: int = 1
    ) -> Iterator[list[Microbatch]]:
        """The batches of each step, from step `start` on."""
        self._read.clear()
        accumulated = self.gradient_accumulation_steps
        first = start * accumulated * self.batch_size
        rows = islice(self._rows(), first, None)
        while step := [
            self._microbatch(first + index * self.batch_size, batch, rank, world_size)
            for index in range(accumulated)
            if (batch := list(islice(rows, self.batch_size)))
        ]:
            first += accumulated * self.batch_size
            yield step

    def _rows(self) -> Iterator[dict[str, Any]]:
        assert self.stream is not None
        for passed in count():
            for row in self.stream.examples(self.seed, passed):
                self._read[row["label"]] += 1
                yield row

    def read_so_far(self, global_step: int) -> Streamed:
        """How many rows of each label the stream has given."""
        assert self.stream is not None
        labels = self.train.features["labels"].num_classes
        return Streamed(
            global_step=global_step,
            rows=self._read.total(),
            label_rows=[self._read[label] for label in range(labels)],
            bad_rows=self.stream.bad_rows,
        )

    def _microbatch(
        self, first: int, batch: list[dict[str, Any]], rank: int, world_size: int
    ) -> Microbatch:
        mine = batch[rank::world_size] or batch[:1]
        pairs = [row["text_pair"] for row in mine] if "text_pair" in mine[0] else None
        encoded = self.collator.tokenizer(
            [row["text"] for row in mine], pairs, truncation=True, max_length=self.max_length
        )
        rows = [
            {**{name: ids[number] for name, ids in encoded.items()}, "labels": row["label"]}
            for number, row in enumerate(mine)
        ]
        weight = len(batch[rank::world_size]) * world_size / len(batch)
        numbers = list(range(first, first + len(batch)))
        return Microbatch(
            self.collator(rows), numbers[rank::world_size] or numbers[:1], len(batch), weight
        )
