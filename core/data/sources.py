"""What a dataset's name means, loaded into splits of text and label."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import datasets
from datasets import ClassLabel, Dataset, Features, Value

from core import paths
from core.data.columns import MOST_LABELS, Columns, find_columns, label_key, sort_labels
from core.data.formats import SUFFIXES, Row, read_rows
from core.errors import DataError
from core.runs.config import REVIEWS

_REVIEWS_FOLDER = Path(__file__).with_name("reviews")
_REVIEWS_COLUMNS = Columns(text="column 2", label="column 1")
_REVIEWS_NAMES = {"0": "NEGATIVE", "1": "POSITIVE"}
_SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev", "eval"),
    "test": ("test", "testing"),
}
_SAMPLE = 1000
_SHOWN = 5
_HELD_OUT = 0.1


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Splits with the columns `text`, `label` and, for sentence pairs, `text_pair`.

    `labels` are the names in the order of the ids. `test` is None where the data has a split of
    its own for validation, or for training only, and none for a test.
    """

    train: Dataset
    validation: Dataset
    test: Dataset | None
    labels: list[str]
    notes: list[str]


def load_data(name: str) -> TrainingData:
    """Loads `reviews`, a local file, or a folder of local files.

    A folder holds `train`, `validation` and `test` files, or one file. What is missing is split
    off from the training rows, the same way each time. Raises `DataError` for whatever cannot be
    found, read or trained on; bad rows are named with their lines.
    """
    datasets.disable_progress_bars()
    if name == REVIEWS:
        files = {split: _REVIEWS_FOLDER / f"{split}.tsv" for split in _SPLITS}
        return _load(files, _REVIEWS_COLUMNS, _REVIEWS_NAMES)
    return _load(_find_files(name), None, {})


def _find_files(name: str) -> dict[str, Path]:
    path = Path(name).expanduser()
    if "\x00" in name or not path.exists():
        raise DataError(f"There is no data named {name!r}: give {REVIEWS!r}, a file or a folder.")
    if path.is_file():
        return {"train": path.absolute()}
    files = sorted(
        file
        for file in path.absolute().iterdir()
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    )
    found: dict[str, Path] = {}
    for split, stems in _SPLITS.items():
        named = [file for file in files if file.stem.lower() in stems]
        if len(named) > 1:
            both = " and ".join(file.name for file in named[:2])
            raise DataError(f"{path} holds {both}; leave one of them for the {split} split.")
        if named:
            found[split] = named[0]
    if not found and len(files) == 1:
        return {"train": files[0]}
    if "train" not in found:
        listed = ", ".join(file.name for file in files[:10]) or "no data files"
        raise DataError(f"{path} holds no training data: a file such as train.csv ({listed}).")
    return found


def _load(files: dict[str, Path], columns: Columns | None, names: dict[str, str]) -> TrainingData:
    try:
        surveys: dict[str, _Survey] = {}
        for split, file in files.items():
            known = set(surveys["train"].labels) if surveys else set(names)
            surveys[split] = survey = _survey(file, columns, known)
            columns = survey.columns
        assert columns is not None
        keys = sort_labels(set(surveys["train"].labels))
        _check_labels(keys, files["train"], columns)
        shown = [names.get(key, key) for key in keys]
        loaded = {split: _dataset(file, columns, keys, shown) for split, file in files.items()}
    except OSError as error:
        where = error.filename or "the data"
        raise DataError(f"{where} cannot be read: {error.strerror or error}.") from error
    notes = [] if names else [f"Text from {columns.text!r}, labels from {columns.label!r}."]
    return _with_splits(loaded, shown, notes)


@dataclass(slots=True)
class _Survey:
    """One pass over a file: its columns, its labels, and what is wrong with it."""

    columns: Columns
    labels: Counter[str] = field(default_factory=Counter)
    bad: list[tuple[int, str]] = field(default_factory=list)
    bad_count: int = 0


def _survey(file: Path, columns: Columns | None, known: set[str]) -> _Survey:
    if columns is None:
        sample = [row.cells for row in islice(read_rows(file), _SAMPLE) if not row.problem]
        if not sample:
            raise DataError(f"{file.name} holds no rows that can be read.")
        columns = find_columns(sample, file.name)
    survey = _Survey(columns)
    for row in read_rows(file):
        problem = row.problem or _problem(row, columns, known)
        if problem:
            survey.bad_count += 1
            if len(survey.bad) < _SHOWN:
                survey.bad.append((row.line, problem))
        else:
            survey.labels[label_key(row.cells[columns.label]) or ""] += 1
    if survey.bad:
        shown = "; ".join(f"line {line} {problem}" for line, problem in survey.bad)
        rest = survey.bad_count - len(survey.bad)
        count = "1 row" if survey.bad_count == 1 else f"{survey.bad_count:,} rows"
        raise DataError(
            f"{file.name} has {count} that cannot be trained on: {shown}"
            + (f"; and {rest:,} more." if rest else ".")
        )
    if not survey.labels:
        raise DataError(f"{file.name} holds no rows that can be read.")
    return survey


def _problem(row: Row, columns: Columns, known: set[str]) -> str:
    """What keeps a row from being trained on, in words; empty where nothing does."""
    for column in (columns.text, columns.text_pair):
        if column is None:
            continue
        text = row.cells.get(column)
        if text is None or (isinstance(text, str) and not text.strip()):
            return f"has no text in {column!r}"
        if not isinstance(text, str):
            return f"has {type(text).__name__} instead of text in {column!r}"
    key = label_key(row.cells.get(columns.label))
    if key is None:
        return f"has no label in {columns.label!r}"
    if known and key not in known:
        return f"has the label {key[:40]!r}, which is not known"
    return ""


def _check_labels(keys: list[str], file: Path, columns: Columns) -> None:
    if len(keys) < 2:
        raise DataError(f"{file.name} has one label only ({keys[0]!r}); two are the least.")
    if len(keys) > MOST_LABELS:
        raise DataError(
            f"The column {columns.label!r} of {file.name} has {len(keys):,} different values; "
            "that is more than labels can have."
        )


def _dataset(file: Path, columns: Columns, keys: list[str], shown: list[str]) -> Dataset:
    """An Arrow file in the cache, memory-mapped; made once for a file that stays as it is."""
    features = {"text": Value("string"), "label": ClassLabel(names=shown)}
    if columns.text_pair is not None:
        features["text_pair"] = Value("string")
    status = file.stat()
    return Dataset.from_generator(
        _examples,
        features=Features(features),
        cache_dir=str(paths.cache_dir() / "datasets"),
        # The size and the time are for the cache's key alone.
        gen_kwargs={
            "file": str(file),
            "columns": columns,
            # A tuple: datasets would share a list out among its processes.
            "keys": tuple(keys),
            "stamp": (status.st_size, status.st_mtime_ns),
        },
    )


def _examples(
    file: str, columns: Columns, keys: tuple[str, ...], stamp: tuple[int, int]
) -> Iterator[dict[str, object]]:
    ids = {key: number for number, key in enumerate(keys)}
    for row in read_rows(Path(file)):
        example = {
            "text": row.cells[columns.text],
            "label": ids[label_key(row.cells[columns.label]) or ""],
        }
        if columns.text_pair is not None:
            example["text_pair"] = row.cells[columns.text_pair]
        yield example


def _with_splits(loaded: dict[str, Dataset], labels: list[str], notes: list[str]) -> TrainingData:
    """Splits off what is missing; the rows held out never depend on a run's seed."""
    train = loaded["train"]
    validation, test = loaded.get("validation"), loaded.get("test")
    if validation is None:
        parts = 1 if test is not None else 2
        kept, *held_out = _split_rows(train["label"], parts)
        if not all(held_out):
            raise DataError(
                "There are too few rows to hold some out for validation; add rows, "
                "or give a validation file."
            )
        validation = train.select(held_out[0])
        test = test if test is not None else train.select(held_out[1])
        train = train.select(kept)
        notes = [*notes, f"{len(validation):,} rows were held out for validation."]
        if parts == 2:
            notes.append(f"{len(test):,} rows were held out for the test.")
    return TrainingData(train, validation, test, labels, notes)


def _split_rows(labels: list[int], parts: int) -> tuple[list[int], ...]:
    """Row numbers to train on, then `parts` lists held out: a tenth each of every label."""
    chance = random.Random(0)
    rows: dict[int, list[int]] = {}
    for row, label in enumerate(labels):
        rows.setdefault(label, []).append(row)
    held_out: list[list[int]] = [[] for _ in range(parts)]
    kept: list[int] = []
    for label in sorted(rows):
        of_label = rows[label]
        chance.shuffle(of_label)
        size = max(1, round(len(of_label) * _HELD_OUT)) if len(of_label) > parts else 0
        for number in range(parts):
            held_out[number] += of_label[number * size : (number + 1) * size]
        kept += of_label[parts * size :]
    return tuple(sorted(part) for part in (kept, *held_out))
