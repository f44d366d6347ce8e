"""What a run's data holds, told before the run is made where that takes a moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain

import msgspec

from core.datafiles.columns import ColumnChoice, label_key, sample_columns, sort_labels
from core.datafiles.folders import find_files, is_saved, name_of
from core.datafiles.formats import TABLES, read_text_rows
from core.datafiles.held_out import check_held_out, held_out_rows, missing_splits
from core.datafiles.naming import find_local, reading
from core.datafiles.problems import check_labels, problem_of, shown_labels
from core.datafiles.rows import Row
from core.errors import DataError
from core.runs.config import REVIEWS, RunConfig
from core.typed_paths import typed_path

LARGEST = 8_000_000
"""Bytes of text up to which all rows are counted: half a second's work."""


class Glance(msgspec.Struct, frozen=True):
    """Rows to train on once some are held out, the columns that were found, the labels' names."""

    train_rows: int
    text: str
    text_pair: str | None
    label: str
    labels: list[str]


def glance(config: RunConfig) -> Glance | None:
    """Counts the rows of local text files; None where that is the worker's to do.

    That is so for what is large, a table, on the Hub, or cannot be trained on. Call it in a thread.
    """
    if config.data == REVIEWS or config.stream:
        return None
    try:
        with reading():
            return _count(config)
    except (DataError, ValueError):
        return None


def stamp(data: str) -> tuple[int, int] | None:
    """What changes with the file or folder called `data`; None where there is none."""
    try:
        status = typed_path(data).stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size


def _count(config: RunConfig) -> Glance | None:
    path = find_local(config.data)
    if path is None or is_saved(path):
        return None
    splits = find_files(path)
    parts = splits["train"]
    if any(part.is_dir() or part.suffix.lower() in TABLES for part in parts):
        return None
    if sum(part.stat().st_size for part in parts) > LARGEST:
        return None

    def rows() -> Iterator[Row]:
        return chain.from_iterable(map(read_text_rows, parts))

    chosen = ColumnChoice(config.text_column, config.label_column, config.pair_column)
    columns = sample_columns(rows(), name_of(parts), chosen)
    counts = Counter(
        label_key(row.cells[columns.label]) or ""
        for row in rows()
        if not (row.problem or problem_of(row, columns, frozenset()))
    )
    check_labels(counts, name_of(parts), columns)
    missing = len(missing_splits(splits))
    check_held_out(counts.values(), missing)
    kept = sum(count - missing * held_out_rows(count, missing) for count in counts.values())
    labels = shown_labels(sort_labels(set(counts)), config.label_names)
    return Glance(kept, columns.text, columns.text_pair, columns.label, labels)
