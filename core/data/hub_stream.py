"""The Hub's rows one after the other, while training, without storing them as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from datasets import ClassLabel, Dataset, IterableDataset

from core.data.hub import hub_failure, load_hub
from core.data.sources import (
    DataOptions,
    TrainingData,
    example,
    example_features,
)
from core.data.survey import SHOWN, Say
from core.datafiles.columns import Columns, find_columns, label_key, sort_labels
from core.datafiles.folders import match_splits
from core.datafiles.naming import require_hub
from core.datafiles.problems import check_labels, problem_of, shown_labels
from core.datafiles.rows import Row
from core.errors import DataError
from core.runs.events import BadRow

HELD_OUT = 1000
"""Rows that validation takes: of its own split, or the first ones of training."""
_SAMPLE = 1000
"""Rows looked at before training: for columns, labels and the speed of this machine."""
_SHUFFLED_AT_ONCE = 10_000
"""Rows from which the next one is drawn, as in the documentation of `IterableDataset.shuffle`."""

Cells = dict[str, Any]


class HubStream:
    """The training rows of `name`, but for the first `held_out`, as often as they are wanted.

    A row that cannot be trained on raises `DataError`, or is left out and counted in `bad_rows`.
    """

    def __init__(
        self,
        name: str,
        rows: IterableDataset,
        head: list[Cells],
        held_out: int,
        options: DataOptions,
    ) -> None:
        self._name, self._rows, self._held_out, self._skip = (
            name,
            rows,
            held_out,
            options.skip_bad_rows,
        )
        self.columns: Columns = find_columns(head or [{}], name, options.columns)
        kind = (rows.features or {}).get(self.columns.label)
        self._named = list(kind.names) if isinstance(kind, ClassLabel) else None
        keys = self._named or sort_labels(
            {key for cells in head if (key := label_key(cells.get(self.columns.label)))}
        )
        check_labels(keys, name, self.columns)
        self.labels = shown_labels(keys, options.label_names)
        self._ids = {key: number for number, key in enumerate(keys)}
        self.bad_rows = 0
        self.first_bad_rows: list[BadRow] = []

    def examples(self, seed: int, passed: int) -> Iterator[Cells]:
        """All rows in an order that the seed and the number of the pass (from 0) decide."""
        shuffled = self._rows.skip(self._held_out).shuffle(seed=seed, buffer_size=_SHUFFLED_AT_ONCE)
        shuffled.set_epoch(passed)
        try:
            yield from self._good(shuffled, self._held_out)
        except DataError:
            raise
        except Exception as error:
            raise hub_failure(error, self._name) from error

    def dataset(self, rows: list[Cells]) -> Dataset:
        """Some rows, held in memory; raises `DataError`, also where none is good."""
        good = list(self._good(rows, 0))
        if not good:
            raise DataError(f"{self._name} has too few rows to be streamed; leave out --stream.")
        return Dataset.from_list(good, features=example_features(self.columns, self.labels))

    def _good(self, rows: Iterable[Cells], before: int) -> Iterator[Cells]:
        for number, cells in enumerate(rows, before + 1):
            row = self._row(number, cells)
            problem = problem_of(row, self.columns, self._ids.keys())
            if not problem:
                yield example(row, self.columns, self._ids)
                continue
            if not self._skip:
                raise DataError(
                    f"{self._name} has a row that cannot be trained on: row {number} {problem}. "
                    "Leave such rows out with --skip-bad-rows."
                )
            self.bad_rows += 1
            if len(self.first_bad_rows) < SHOWN:
                self.first_bad_rows.append(
                    BadRow(where=self._name, line=number, problem=problem, unit="row")
                )

    def _row(self, number: int, cells: Cells) -> Row:
        """Gives a label its name; datasets writes -1 where a row has none."""
        if self._named is None:
            return Row(number, cells)
        value = cells.get(self.columns.label)
        known = isinstance(value, int) and 0 <= value < len(self._named)
        name = self._named[int(value)] if known and value is not None else None
        return Row(number, {**cells, self.columns.label: name})


def stream_data(name: str, options: DataOptions, say: Say) -> TrainingData:
    """Opens the Hub's `name` and reads its first rows; the others come while training.

    Raises `DataError`, also later, from the stream.
    """
    require_hub(name)
    splits = load_hub(name, say, streaming=True)
    found = {split: names[0] for split, names in match_splits(splits).items()}
    if "train" not in found:
        raise DataError(f"{name} has no training split; it has {', '.join(splits)}.")
    say(f"Reading the first rows of {name}", None, None)
    train = splits[found["train"]]
    own = splits[found["validation"]].take(HELD_OUT) if "validation" in found else None
    held_out = 0 if own else HELD_OUT
    try:
        head = list(train.take(held_out + _SAMPLE))
        validated = list(own) if own else head[:held_out]
    except Exception as error:
        raise hub_failure(error, name) from error
    stream = HubStream(name, train, head, held_out, options)
    validation, sample = stream.dataset(validated), stream.dataset(head[held_out:])
    whose = f"of {found['validation']!r}" if own else "of the data, which are not trained on"
    bad_rows, stream.bad_rows = stream.bad_rows, 0
    return TrainingData(
        train=sample,
        validation=validation,
        test=None,
        labels=stream.labels,
        notes=[
            f"Training rows are streamed from the Hub; what is said of them here is said of the "
            f"first {len(sample):,}.",
            f"Validation takes the first {len(validation):,} rows {whose}.",
            "Streamed data may have changed at the Hub when a run is resumed or repeated.",
        ],
        columns=stream.columns,
        bad_rows=bad_rows,
        first_bad_rows=list(stream.first_bad_rows),
        stream=stream,
    )
