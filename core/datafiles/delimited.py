"""Rows of CSV and TSV files: a line that cannot be read is a bad row, and costs no other line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice, tee
from pathlib import Path

from core.datafiles.columns import is_header
from core.datafiles.rows import Row
from core.errors import DataError

_LARGEST_CELL = 1 << 24
"""Characters; also how far the end of a quoted cell is looked for."""
_SAMPLE = 100


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of a row that stands on the lines `line` to `last`, or a `problem` instead."""

    line: int
    last: int
    cells: list[str]
    problem: str = ""


def read_csv(path: Path) -> Iterator[Row]:
    """The rows of a CSV file as RFC 4180 has it, its cells separated by `,` or by `;`.

    A quoted cell may span lines. Where one is not closed, or text follows its end, the row is bad
    and reading goes on at the line after the one on which that row began. A quotation mark inside
    a cell that is not quoted is text.
    """
    return _named(path, partial(_read_csv, path))


def read_tsv(path: Path) -> Iterator[Row]:
    """The rows of a TSV file; quotation marks have no meaning."""
    return _named(path, partial(_read_tsv, path))


def _named(path: Path, read: Callable[[], Iterator[_Cells]]) -> Iterator[Row]:
    """Gives cells their columns' names, from the header where the file has one."""
    first = list(islice(read(), _SAMPLE))
    if not first:
        raise DataError(f"{path} holds no rows.")
    if first[0].problem:
        raise DataError(
            f"Line {first[0].line} of {path} {first[0].problem}, and it is the one that shows "
            "which columns there are. Correct it."
        )
    sample = [row.cells for row in first if not row.problem]
    header = is_header(sample)
    width = len(sample[0])
    names = sample[0] if header else [f"column {number}" for number in range(1, width + 1)]
    for row in islice(read(), 1 if header else 0, None):
        if row.problem:
            yield Row(row.line, problem=row.problem)
        elif len(row.cells) != width:
            found = "1 cell" if len(row.cells) == 1 else f"{len(row.cells)} cells"
            end = f", and ends on line {row.last}" if row.last > row.line else ""
            yield Row(row.line, problem=f"has {found} where {width} are expected{end}")
        else:
            yield Row(row.line, dict(zip(names, row.cells, strict=True)))


def _read_tsv(path: Path) -> Iterator[_Cells]:
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            line = raw.rstrip(b"\r\n")
            if not line:
                continue
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                yield _Cells(number, number, [], "is not UTF-8")
                continue
            yield _Cells(number, number, text.split("\t"))


def _read_csv(path: Path) -> Iterator[_Cells]:
    csv.field_size_limit(_LARGEST_CELL)
    # A byte that is no UTF-8 becomes a lone surrogate here, so that it is one row's problem.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        first = file.readline()
        file.seek(0)
        parse = partial(
            csv.reader, delimiter=";" if first.count(";") > first.count(",") else ",", strict=True
        )
        # What stays behind begins with the first line of the row that is being parsed.
        behind, ahead = tee(file)
        reader = parse(ahead)
        line = 1
        while True:
            parsed = reader.line_num
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                behind, again = tee(behind)
                row = list(islice(again, reader.line_num - parsed))
                yield _Cells(line, line, [], _what_is_wrong(row, line, error))
                next(behind)
                line += 1
                behind, ahead = tee(behind)
                reader = parse(ahead)
                continue
            begun = line
            for _ in range(reader.line_num - parsed):
                next(behind)
                line += 1
            if cells:
                yield _Cells(begun, line - 1, cells, "" if _is_text(cells) else "is not UTF-8")


def _what_is_wrong(row: list[str], line: int, error: csv.Error) -> str:
    """With the lines of a row, the first of them `line`, that gave the parser's `error`."""
    if "unexpected end of data" in str(error):
        return "opens a quotation mark that is never closed"
    too_long = sum(map(len, row)) > _LARGEST_CELL
    if len(row) == 1:
        if too_long:
            return f"has a cell of more than {_LARGEST_CELL:,} characters"
        return "has other text after a closing quotation mark"
    if too_long:
        return f"opens a quotation mark that is not closed in {_LARGEST_CELL:,} characters"
    end = line + len(row) - 1
    return f"opens a quotation mark that is closed on line {end}, before other text"


def _is_text(cells: list[str]) -> bool:
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return False
    return True
