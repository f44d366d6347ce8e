"""Rows of local text files, one after the other, each with the line it stands on."""

from __future__ import annotations

import codecs
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import msgspec

from core.datafiles.delimited import read_csv, read_tsv
from core.datafiles.rows import Row
from core.errors import DataError

TABLES = (".parquet", ".arrow")
"""These are `core.data.tables`' to read."""
_TEXTS = (".csv", ".tsv", ".jsonl", ".json")
SUFFIXES = (*_TEXTS, *TABLES)

TEXT_COLUMNS = ("text", "label")
"""Of a folder of texts."""


def read_text_rows(path: Path) -> Iterator[Row]:
    """The rows of a CSV, TSV or JSON file, or of a folder of texts by label.

    Empty lines are no rows. Text files are UTF-8. Cells of a TSV are text as it stands: quotation
    marks have no meaning there, as IANA's text/tab-separated-values has it. A CSV or TSV without
    a header names its columns `column 1`, `column 2`, … Raises `DataError` where the file is none
    of these.
    """
    if path.is_dir():
        return _read_texts(path)
    suffix = path.suffix.lower()
    if suffix not in _TEXTS:
        raise DataError(f"{path} is not data that can be read: use {', '.join(SUFFIXES)}.")
    _refuse_utf16(path)
    match suffix:
        case ".csv":
            return read_csv(path)
        case ".tsv":
            return read_tsv(path)
    return _read_json_array(path) if is_array(path) else _read_json_lines(path)


def _refuse_utf16(path: Path) -> None:
    """Raises `DataError` for what would look like text in which no line can be read."""
    with path.open("rb") as file:
        start = file.read(64)
    marked = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    # In English every other byte is 0.
    halves = (start[::2], start[1::2])
    if marked or (len(start) > 3 and any(half.count(0) == len(half) for half in halves)):
        old, new = shlex.quote(str(path)), shlex.quote(f"{path.stem}-utf8{path.suffix}")
        raise DataError(
            f"{path} looks like UTF-16, and only UTF-8 is read. Convert it with: "
            f"iconv -f UTF-16 -t UTF-8 {old} > {new}"
        )


def is_array(path: Path) -> bool:
    """Whether a JSON file is one array of objects, rather than one object a line."""
    with path.open("rb") as file:
        return file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"["


def _read_json_lines(path: Path) -> Iterator[Row]:
    decoder = msgspec.json.Decoder(dict[str, object])
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if not text.strip():
                continue
            try:
                yield Row(number, decoder.decode(text))
            except UnicodeDecodeError:
                yield Row(number, problem="is not UTF-8")
            except msgspec.MsgspecError:
                yield Row(number, problem="is not a JSON object on one line")


def _read_json_array(path: Path) -> Iterator[Row]:
    """Held in memory: an array has no lines at which it could be cut."""
    try:
        rows = msgspec.json.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as JSON: {error}.") from error
    for number, row in enumerate(rows, 1):
        if isinstance(row, dict):
            yield Row(number, row, unit="row")
        else:
            yield Row(number, problem="is not a JSON object", unit="row")


def _read_texts(folder: Path) -> Iterator[Row]:
    """A folder for each label, a `.txt` file for each text: `pos/12.txt`, `neg/7.txt`, …"""
    number = 0
    for label in label_folders(folder):
        for file in sorted(label.glob("*.txt"), key=_by_number):
            number += 1
            name = f"{folder.name}/{label.name}/{file.name}"
            try:
                text = file.read_bytes().decode("utf-8-sig")
                cells = dict(zip(TEXT_COLUMNS, (text, label.name), strict=True))
                yield Row(number, cells, file=name, unit="file")
            except UnicodeDecodeError:
                yield Row(number, problem="is not UTF-8", file=name, unit="file")


def label_folders(folder: Path) -> list[Path]:
    """The folders in `folder` that hold texts, one for each label, by name."""
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and path.is_dir() and any(path.glob("*.txt"))
    )


def _by_number(file: Path) -> tuple[int, str]:
    """2.txt before 10.txt."""
    digits = re.match(r"\d{1,18}", file.name)
    return (int(digits[0]) if digits else 0, file.name)
