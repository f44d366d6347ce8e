"""What a dataset's name means, loaded into splits of text and label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import datasets
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from datasets.fingerprint import Hasher

from core import paths
from core.data.hub import load_hub
from core.data.splits import with_splits
from core.data.survey import RowSource, Say, Survey, refusal, survey
from core.data.tables import dataset_rows, label_names, read_rows
from core.datafiles.columns import (
    ColumnChoice,
    Columns,
    label_key,
    sample_columns,
    sort_labels,
)
from core.datafiles.folders import find_files, is_saved, match_splits, name_of
from core.datafiles.formats import TABLES
from core.datafiles.naming import find_local, reading
from core.datafiles.problems import check_labels, problem_of, shown_labels
from core.datafiles.rows import Row
from core.errors import DataError
from core.runs.config import REVIEWS, RunConfig
from core.runs.events import BadRow

_REVIEWS_FOLDER = Path(__file__).with_name("reviews")
_REVIEWS_COLUMNS = ColumnChoice(text="column 2", label="column 1")
_REVIEWS_NAMES = ("NEGATIVE", "POSITIVE")
_LAYOUT = 2
"""Of the Arrow files in the cache; another number makes them anew."""


@dataclass(frozen=True, slots=True)
class DataOptions:
    """What a user may say of data: its columns, its labels' names, what becomes of bad rows."""

    columns: ColumnChoice = field(default_factory=ColumnChoice)
    label_names: tuple[str, ...] = ()
    skip_bad_rows: bool = False

    @classmethod
    def of(cls, config: RunConfig) -> DataOptions:
        """What a run's configuration says."""
        columns = ColumnChoice(config.text_column, config.label_column, config.pair_column)
        return cls(columns, tuple(config.label_names), config.skip_bad_rows)


class ExampleStream(Protocol):
    """Rows as they come, with `text`, `label` and perhaps `text_pair`; `bad_rows` were left out."""

    bad_rows: int

    def examples(self, seed: int, passed: int) -> Iterator[dict[str, Any]]:
        """All rows, shuffled as the seed and the number of the pass (from 0) decide."""


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Splits with the columns `text`, `label` and, for sentence pairs, `text_pair`.

    `labels` are the names in the order of the ids. `test` is None where the data has a split of
    its own for validation and none for a test. `bad_rows` were left out; the first of them are
    named.
    """

    train: Dataset
    validation: Dataset
    test: Dataset | None
    labels: list[str]
    notes: list[str]
    columns: Columns
    bad_rows: int = 0
    first_bad_rows: list[BadRow] = field(default_factory=list)
    stream: ExampleStream | None = None
    """Where training rows are streamed; `train` then holds the first of them."""

    def splits(self) -> dict[str, Dataset]:
        """Those that are there, by name."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {split: dataset for split, dataset in named.items() if dataset is not None}


def _silent(_phase: str, _done: int | None, _total: int | None) -> None: ...


def load_data(name: str, options: DataOptions | None = None, say: Say = _silent) -> TrainingData:
    """Loads `reviews`, a local file or folder (`core.datafiles.folders`), or data from the Hub.

    What is missing is split off from the training rows, the same way each time. Everything lands
    in Arrow files in the cache and is memory-mapped. Raises `DataError` for whatever cannot be
    found, read or trained on; bad rows are named with their lines.
    """
    datasets.disable_progress_bars()
    options = options or DataOptions()
    with reading():
        if name == REVIEWS:
            files = {split: [_REVIEWS_FOLDER / f"{split}.tsv"] for split in _REVIEWS_SPLITS}
            embedded = replace(
                options,
                columns=_REVIEWS_COLUMNS,
                label_names=options.label_names or _REVIEWS_NAMES,
            )
            return _load(_file_sources(files), embedded, say)
        return _load(_sources(name, say), options, say)


_REVIEWS_SPLITS = ("train", "validation", "test")


def _sources(name: str, say: Say) -> dict[str, RowSource]:
    path = find_local(name)
    if path is None:
        return _dataset_sources(name, load_hub(name, say))
    if is_saved(path):
        return _dataset_sources(path.name, datasets.load_from_disk(str(path)))
    return _file_sources(find_files(path))


def _file_sources(files: dict[str, list[Path]]) -> dict[str, RowSource]:
    return {split: _file_source(parts) for split, parts in files.items()}


def _file_source(parts: list[Path]) -> RowSource:
    """One file, a folder of texts, or the parts of a split."""
    first = parts[0]
    files = sorted(first.rglob("*.txt")) if first.is_dir() else parts
    stamps = [(str(file), (status := file.stat()).st_size, status.st_mtime_ns) for file in files]

    def read() -> Iterator[Row]:
        if len(parts) == 1:
            yield from read_rows(first)
            return
        for part in parts:
            yield from (replace(row, file=part.name) for row in read_rows(part))

    named = first.suffix.lower() in TABLES and not first.is_dir()
    return RowSource(
        name=name_of(parts),
        read=read,
        stamp=(Hasher.hash(stamps),),
        labels=label_names(first) if named else {},
    )


def _dataset_sources(name: str, loaded: Dataset | DatasetDict) -> dict[str, RowSource]:
    splits = {"train": loaded} if isinstance(loaded, Dataset) else dict(loaded)
    found = {split: names[0] for split, names in match_splits(splits).items()}
    if not found and len(splits) == 1:
        found = {"train": next(iter(splits))}
    if "train" not in found:
        listed = ", ".join(splits)
        raise DataError(f"{name} has no training split; it has {listed}.")

    def source(dataset: Dataset, split: str) -> RowSource:
        labels = {
            column: list(kind.names)
            for column, kind in dataset.features.items()
            if isinstance(kind, ClassLabel)
        }
        stamp = (dataset._fingerprint,)
        return RowSource(f"{name} ({split})", lambda: dataset_rows(dataset), stamp, labels)

    return {split: source(splits[named], named) for split, named in found.items()}


def _load(sources: dict[str, RowSource], options: DataOptions, say: Say) -> TrainingData:
    train = sources["train"]
    columns = sample_columns(train.read(), train.name, options.columns)
    surveys = {"train": survey(train, columns, frozenset(), say)}
    _accept(train, surveys["train"], options)
    keys = train.labels.get(columns.label) or sort_labels(set(surveys["train"].labels))
    check_labels(surveys["train"].labels.keys(), train.name, columns)
    notes: list[str] = []
    for split, source in sources.items():
        if split == "train":
            continue
        found = survey(source, columns, frozenset(keys), say)
        if found.has_no_labels:
            notes.append(f"{source.name} has no labels and is left out.")
            continue
        _accept(source, found, options)
        surveys[split] = found
    shown = shown_labels(keys, options.label_names)
    loaded = {split: _dataset(sources[split], columns, keys, shown) for split in surveys}
    splits, held_out = with_splits(loaded)
    return TrainingData(
        train=splits["train"],
        validation=splits["validation"],
        test=splits.get("test"),
        labels=shown,
        notes=[*notes, *held_out],
        columns=columns,
        bad_rows=sum(found.bad_count for found in surveys.values()),
        first_bad_rows=[row for found in surveys.values() for row in found.bad],
    )


def _accept(source: RowSource, found: Survey, options: DataOptions) -> None:
    """Raises `DataError` where rows are bad and not to be left out, or none is good."""
    if found.bad and not (options.skip_bad_rows and found.labels):
        raise refusal(source, found)
    if not found.labels:
        raise DataError(f"{source.name} holds no rows that can be read.")


def _dataset(source: RowSource, columns: Columns, keys: list[str], shown: list[str]) -> Dataset:
    """An Arrow file in the cache, memory-mapped; made once for rows that stay as they are."""
    ids = {key: number for number, key in enumerate(keys)}

    def examples() -> Iterator[dict[str, object]]:
        for row in source.read():
            if not (row.problem or problem_of(row, columns, ids.keys())):
                yield example(row, columns, ids)

    return Dataset.from_generator(
        examples,
        features=example_features(columns, shown),
        cache_dir=str(paths.cache_dir() / "datasets"),
        fingerprint=Hasher.hash([_LAYOUT, source.stamp, columns, keys, shown]),
    )


def example_features(columns: Columns, labels: list[str]) -> Features:
    """The columns of every split, whatever they were called."""
    features = {"text": Value("string"), "label": ClassLabel(names=labels)}
    if columns.text_pair is not None:
        features["text_pair"] = Value("string")
    return Features(features)


def example(row: Row, columns: Columns, ids: Mapping[str, int]) -> dict[str, object]:
    """A good row with `text`, `label` and perhaps `text_pair`."""
    found = {
        "text": row.cells[columns.text],
        "label": ids[label_key(row.cells[columns.label]) or ""],
    }
    if columns.text_pair is not None:
        found["text_pair"] = row.cells[columns.text_pair]
    return found
