"""Rows of Parquet and Arrow files and of Hugging Face datasets, whose labels have names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
from datasets import ClassLabel, Dataset, Features
from pyarrow import ipc, parquet

from core.datafiles.formats import TABLES, read_text_rows
from core.datafiles.rows import Row
from core.errors import DataError

_AT_ONCE = 1000


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a local file, whatever it is, or of a folder of texts; raises `DataError`."""
    is_table = path.suffix.lower() in TABLES and not path.is_dir()
    return read_table(path) if is_table else read_text_rows(path)


def read_table(path: Path) -> Iterator[Row]:
    """The rows of a Parquet or Arrow file; a label is given by its name. Raises `DataError`."""
    with _opened(path) as (schema, batches):
        yield from rows_of(batches, schema)


def label_names(path: Path) -> dict[str, list[str]]:
    """The names of the labels in each column that has such, in the order of their ids."""
    with _opened(path) as (schema, _):
        return {name: list(kind.names) for name, kind in _named_labels(schema).items()}


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Iterable[Any]]]:
    """The schema and the record batches of a file, memory-mapped where it is Arrow."""
    kind = "Parquet" if path.suffix.lower() == ".parquet" else "Arrow"
    try:
        if kind == "Parquet":
            with parquet.ParquetFile(path) as file:
                yield file.schema_arrow, file.iter_batches(_AT_ONCE)
            return
        with pa.memory_map(str(path)) as source:
            try:
                stream = ipc.open_stream(source)
            except pa.ArrowInvalid:
                # The other of Arrow's two formats, also known as Feather.
                reader = ipc.open_file(source)
                numbers = range(reader.num_record_batches)
                yield reader.schema, (reader.get_batch(number) for number in numbers)
            else:
                yield stream.schema, stream
    except pa.ArrowException as error:
        raise DataError(f"{path} cannot be read as {kind}: {error}.") from error


def dataset_rows(dataset: Dataset) -> Iterator[Row]:
    """The rows of a loaded dataset; a label is given by its name."""
    tables = dataset.with_format("arrow").iter(_AT_ONCE)
    batches = (batch for table in tables for batch in table.to_batches())
    return rows_of(batches, dataset.features.arrow_schema)


def rows_of(batches: Iterable[Any], schema: Any) -> Iterator[Row]:
    """The rows of Arrow record batches, numbered from 1."""
    named = _named_labels(schema)
    number = 0
    for batch in batches:
        for cells in _cells(batch):
            number += 1
            if cells is None:
                yield Row(number, problem="is not UTF-8", unit="row")
                continue
            for name, kind in named.items():
                # datasets writes -1 where a row has no label.
                value = cells[name]
                known = value is not None and 0 <= value < kind.num_classes
                cells[name] = kind.int2str(value) if known else None
            yield Row(number, cells, unit="row")


def _named_labels(schema: Any) -> dict[str, Any]:
    features = Features.from_arrow_schema(schema)
    return {name: kind for name, kind in features.items() if isinstance(kind, ClassLabel)}


def _cells(batch: Any) -> Iterator[dict[str, Any] | None]:
    """Each row's cells; None for a row whose text is broken."""
    try:
        yield from batch.to_pylist()
    except UnicodeDecodeError:
        for row in range(batch.num_rows):
            try:
                yield batch.slice(row, 1).to_pylist()[0]
            except UnicodeDecodeError:
                yield None
