"""What can be said of a run's data before the run is made, without datasets and without torch."""

from __future__ import annotations

from itertools import chain

from core.datafiles.columns import ColumnChoice, find_columns, sample_columns
from core.datafiles.folders import find_files, is_saved, name_of
from core.datafiles.formats import TABLES, TEXT_COLUMNS, is_array, read_text_rows
from core.datafiles.naming import find_local, reading, require_hub
from core.runs.config import REVIEWS, RunConfig


def check_data(config: RunConfig) -> None:
    """Raises the `DataError` that the worker would end with, where a glance is enough for it.

    A file or folder must be there and hold training data; of text files the first rows are read
    for their columns. What is on the Hub, and whatever needs all rows, is the worker's to judge.
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
        parts = find_files(path)["train"]
        chosen = ColumnChoice(config.text_column, config.label_column, config.pair_column)
        if parts[0].is_dir():
            find_columns([dict.fromkeys(TEXT_COLUMNS, "")], name_of(parts), chosen)
            return
        # A table needs pyarrow, and an array is read whole.
        if any(part.suffix.lower() in TABLES for part in parts):
            return
        if any(part.suffix.lower() == ".json" and is_array(part) for part in parts):
            return
        sample_columns(chain.from_iterable(map(read_text_rows, parts)), name_of(parts), chosen)
