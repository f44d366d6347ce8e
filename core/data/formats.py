"""Rows of local files, one after the other, each with the line it stands on."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import msgspec

from core.data.columns import is_header
from core.errors import DataError

SUFFIXES = (".csv", ".tsv", ".jsonl", ".json", ".parquet")
_LARGEST_CELL = 1 << 24
_SAMPLE = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One row: cells by column name, or a `problem` in words instead.

    `line` counts from 1 and is where the row begins in a text file; in Parquet it is the row.
    """

    line: int
    cells: Mapping[str, object] = field(default_factory=dict)
    problem: str = ""


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a CSV, TSV, JSON lines or Parquet file; blank lines are no rows.

    Text files are UTF-8. Cells of a TSV are text as it stands: quotation marks have no meaning
    there, as IANA's text/tab-separated-values has it. A CSV or TSV without a header names its
    columns `column 1`, `column 2`, … Raises `DataError` where the file is none of these.
    """
    match path.suffix.lower():
        case ".csv":
            return _named(path, lambda: _read_csv(path))
        case ".tsv":
            return _named(path, lambda: _read_tsv(path))
        case ".jsonl" | ".json":
            return _read_json_lines(path)
        case ".parquet":
            return _read_parquet(path)
    raise DataError(f"{path} is not data that can be read: use {', '.join(SUFFIXES)}.")


@dataclass(frozen=True, slots=True)
class _Cells:
    line: int
    cells: list[str]
    problem: str = ""


def _named(path: Path, read: Callable[[], Iterator[_Cells]]) -> Iterator[Row]:
    """Gives cells their columns' names, from the header where the file has one."""
    sample = [row.cells for row in islice(read(), _SAMPLE) if not row.problem]
    if not sample:
        raise DataError(f"{path} holds no rows.")
    header = is_header(sample)
    width = len(sample[0])
    names = sample[0] if header else [f"column {number}" for number in range(1, width + 1)]
    for number, row in enumerate(read()):
        if header and number == 0:
            continue
        if row.problem:
            yield Row(row.line, problem=row.problem)
        elif len(row.cells) != width:
            yield Row(row.line, problem=f"has {len(row.cells)} cells where {width} are expected")
        else:
            yield Row(row.line, dict(zip(names, row.cells, strict=True)))


def _read_tsv(path: Path) -> Iterator[_Cells]:
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            line = raw.rstrip(b"\r\n")
            if not line.strip():
                continue
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                yield _Cells(number, [], "is not UTF-8")
                continue
            yield _Cells(number, text.split("\t"))


def _read_csv(path: Path) -> Iterator[_Cells]:
    csv.field_size_limit(_LARGEST_CELL)
    # A byte that is no UTF-8 becomes a lone surrogate here, so that it is one row's problem.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        first = file.readline()
        file.seek(0)
        delimiter = ";" if first.count(";") > first.count(",") else ","
        reader = csv.reader(file, delimiter=delimiter)
        line = 1
        try:
            for cells in reader:
                begun, line = line, reader.line_num + 1
                if not any(cells):
                    continue
                try:
                    "".join(cells).encode()
                except UnicodeEncodeError:
                    yield _Cells(begun, [], "is not UTF-8")
                else:
                    yield _Cells(begun, cells)
        except csv.Error as error:
            raise DataError(
                f"{path} cannot be read as CSV from line {line} on: {error}."
            ) from error


def _read_json_lines(path: Path) -> Iterator[Row]:
    decoder = msgspec.json.Decoder(dict[str, object])
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield Row(number, decoder.decode(line))
            except (msgspec.MsgspecError, UnicodeDecodeError):
                yield Row(number, problem="is not a JSON object on one line")


def _read_parquet(path: Path) -> Iterator[Row]:
    import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]
    from datasets import ClassLabel, Features
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            features = Features.from_arrow_schema(file.schema_arrow)
            named = {name: kind for name, kind in features.items() if isinstance(kind, ClassLabel)}
            number = 0
            for batch in file.iter_batches():
                for cells in batch.to_pylist():
                    number += 1
                    for name, kind in named.items():
                        # datasets writes -1 where a row has no label.
                        value = cells[name]
                        known = value is not None and 0 <= value < kind.num_classes
                        cells[name] = kind.int2str(value) if known else None
                    yield Row(number, cells)
    except pa.ArrowException as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}.") from error
