"""What can be said of a run's data before the run is made, without datasets and without torch."""

from __future__ import annotations

from collections import Counter
from itertools import chain, islice

from core.datafiles.columns import (
    SAMPLE,
    ColumnChoice,
    Columns,
    find_columns,
    label_key,
    sample_columns,
    sort_labels,
)
from core.datafiles.folders import find_files, is_saved, name_of
from core.datafiles.formats import TABLES, TEXT_COLUMNS, is_array, read_text_rows
from core.datafiles.held_out import check_held_out, missing_splits
from core.datafiles.naming import find_local, reading, require_hub
from core.datafiles.problems import check_labels, problem_of, shown_labels
from core.datafiles.rows import Row
from core.runs.config import REVIEWS, RunConfig


def check_data(config: RunConfig) -> None:
    """Raises the `DataError` that the worker would end with, where a glance is enough for it.

    A file or folder must be there and hold training data; of text files the first rows are read
    for their columns, and where these are all rows, for their labels. The rest is the worker's to
    judge: what is on the Hub, what needs all of many rows, and rows that are bad.
    """
    name = config.data
    if name == REVIEWS:
        return
    if config.stream:
        require_hub(name)
        return
    with reading():
        path = find_local(name)
        if path is None or is_saved(path):
            return
        splits = find_files(path)
        parts = splits["train"]
        chosen = ColumnChoice(config.text_column, config.label_column, config.pair_column)
        if parts[0].is_dir():
            find_columns([dict.fromkeys(TEXT_COLUMNS, "")], name_of(parts), chosen)
            return
        # A table needs pyarrow, and an array is read whole.
        if any(part.suffix.lower() in TABLES for part in parts):
            return
        if any(part.suffix.lower() == ".json" and is_array(part) for part in parts):
            return
        rows = list(islice(chain.from_iterable(map(read_text_rows, parts)), SAMPLE + 1))
        columns = sample_columns(rows, name_of(parts), chosen)
        if len(rows) <= SAMPLE:
            labels = _check_labels(rows, columns, name_of(parts), config)
            if labels:
                check_held_out(labels.values(), len(missing_splits(splits)))


def _check_labels(rows: list[Row], columns: Columns, where: str, config: RunConfig) -> Counter[str]:
    """For all rows there are; how many each label has, where none of them is bad."""
    good = [row for row in rows if not (row.problem or problem_of(row, columns, frozenset()))]
    # The worker names bad rows, in the other splits too.
    if len(good) < len(rows) and not (good and config.skip_bad_rows):
        return Counter()
    keys = Counter(label_key(row.cells[columns.label]) or "" for row in good)
    check_labels(keys, where, columns)
    shown_labels(sort_labels(set(keys)), config.label_names)
    return keys
