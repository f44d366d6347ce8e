"""Hub data that is read while training and never stored as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any

from datasets import ClassLabel, Dataset, IterableDataset

from core.data.batches import BatchedData, Microbatch
from core.data.columns import Columns, find_columns, label_key, sort_labels
from core.data.folders import match_splits
from core.data.formats import Row
from core.data.hub import HUB_DATA, hub_failure, load_hub
from core.data.sources import (
    DataOptions,
    ExampleStream,
    TrainingData,
    check_labels,
    example,
    example_features,
    shown_labels,
)
from core.data.survey import Say, problem_of
from core.errors import DataError
from core.runs.events import BadRow

HELD_OUT = 1000
"""Rows that validation takes: of its own split, or the first ones of training."""
_SAMPLE = 1000
"""Rows looked at before training: for columns, labels and the speed of this machine."""
_SHUFFLED_AT_ONCE = 10_000
"""Rows from which the next one is drawn, as in the documentation of `IterableDataset.shuffle`."""


@dataclass(frozen=True)
class StreamedData(BatchedData):
    """As `BatchedData`, with training rows from a stream, and one long epoch of `steps`.

    A stream that ends begins anew in another order. To start in the middle, the rows before are
    read and dropped; they are the same ones only while the Hub's data stays as it is.
    """

    stream: ExampleStream | None = None
    steps: int = 1

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
        passed = 0
        while True:
            yield from self.stream(self.seed, passed)
            passed += 1

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


def stream_data(name: str, options: DataOptions, say: Say) -> TrainingData:
    """Opens the Hub's `name` and reads its first rows; the others come while training.

    Raises `DataError`, also later, from the stream.
    """
    if not HUB_DATA.fullmatch(name):
        raise DataError(f"{name} is not on the Hub, so it cannot be streamed; leave out --stream.")
    splits = load_hub(name, say, streaming=True)
    found = {split: names[0] for split, names in match_splits(splits).items()}
    if "train" not in found:
        raise DataError(f"{name} has no training split; it has {', '.join(splits)}.")
    train: IterableDataset = splits[found["train"]]
    say(f"Reading the first rows of {name}", None, None)
    try:
        head = list(train.take(_SAMPLE + HELD_OUT))
        own = list(splits[found["validation"]].take(HELD_OUT)) if "validation" in found else []
    except Exception as error:
        raise hub_failure(error, name) from error
    columns = find_columns(head[:_SAMPLE] or [{}], name, options.columns)
    kind = (train.features or {}).get(columns.label)
    named = list(kind.names) if isinstance(kind, ClassLabel) else None
    first_row = 1 if own else 1 + HELD_OUT
    rows = _rows(head, named, columns)
    keys = named or sort_labels(
        {key for row in rows if (key := label_key(row.cells.get(columns.label)))}
    )
    check_labels(keys, name, columns)
    shown = shown_labels(keys, options.label_names)
    ids = {key: number for number, key in enumerate(keys)}
    features = example_features(columns, shown)
    reader = _Reader(name, columns, ids, options.skip_bad_rows)
    validation_rows = _rows(own, named, columns) if own else rows[:HELD_OUT]
    validation = Dataset.from_list([*reader.good(validation_rows)], features=features)
    sample = Dataset.from_list([*reader.good(rows[0 if own else HELD_OUT :])], features=features)
    if not len(validation) or not len(sample):
        raise DataError(f"{name} has too few rows to be streamed; leave out --stream.")

    def stream(seed: int, passed: int) -> Iterator[dict[str, Any]]:
        shuffled = (train if own else train.skip(HELD_OUT)).shuffle(
            seed=seed, buffer_size=_SHUFFLED_AT_ONCE
        )
        shuffled.set_epoch(passed)
        try:
            for number, cells in enumerate(shuffled, first_row):
                yield from reader.good([_row(number, cells, named, columns)])
        except DataError:
            raise
        except Exception as error:
            raise hub_failure(error, name) from error

    notes = [
        f"Training rows are streamed from the Hub; the labels are {', '.join(shown[:10])}.",
        f"Validation: the first {len(validation):,} rows"
        + (f" of {found['validation']!r}." if own else ", which are not trained on."),
        "Streamed data may have changed at the Hub when a run is resumed or repeated.",
    ]
    return TrainingData(
        train=sample,
        validation=validation,
        test=None,
        labels=shown,
        notes=notes,
        columns=columns,
        bad_rows=reader.bad_count,
        first_bad_rows=reader.bad,
        stream=stream,
    )


class _Reader:
    """Turns rows into examples; refuses a bad one, or leaves it out."""

    def __init__(self, name: str, columns: Columns, ids: Mapping[str, int], skip: bool) -> None:
        self.name, self.columns, self.ids, self.skip = name, columns, ids, skip
        self.bad: list[BadRow] = []
        self.bad_count = 0

    def good(self, rows: list[Row]) -> Iterator[dict[str, Any]]:
        for row in rows:
            problem = problem_of(row, self.columns, self.ids.keys())
            if not problem:
                yield example(row, self.columns, self.ids)
            elif self.skip:
                self.bad_count += 1
                if len(self.bad) < 5:
                    self.bad.append(BadRow(where=self.name, line=row.line, problem=problem))
            else:
                raise DataError(
                    f"{self.name} has a row that cannot be trained on: row {row.line} {problem}. "
                    "Leave such rows out with --skip-bad-rows."
                )


def _rows(all_cells: list[dict[str, Any]], named: list[str] | None, columns: Columns) -> list[Row]:
    return [_row(number, cells, named, columns) for number, cells in enumerate(all_cells, 1)]


def _row(number: int, cells: dict[str, Any], named: list[str] | None, columns: Columns) -> Row:
    """Gives a label its name; datasets writes -1 where a row has none."""
    if named is None:
        return Row(number, cells)
    value = cells.get(columns.label)
    name = named[value] if isinstance(value, int) and 0 <= value < len(named) else None
    return Row(number, {**cells, columns.label: name})
