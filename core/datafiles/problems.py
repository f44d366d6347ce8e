"""What keeps a row, or all of them, from being trained on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set

from core.datafiles.columns import MOST_LABELS, Columns, label_key
from core.datafiles.rows import Row
from core.errors import DataError


def problem_of(row: Row, columns: Columns, known: Set[str]) -> str:
    """What keeps a row from being trained on, in words; empty where nothing does."""
    for column in (columns.text, columns.text_pair):
        if column is None:
            continue
        text = row.cells.get(column)
        if text is None or (isinstance(text, str) and not text.strip()):
            return f"has no text in {column!r}"
        if not isinstance(text, str):
            return f"has {_kind(text)} instead of text in {column!r}"
        if not text.isprintable() and _is_broken(text):
            return f"has characters in {column!r} that are not Unicode text"
    label = row.cells.get(columns.label)
    key = label_key(label)
    if key is None:
        if label is None or isinstance(label, str):
            return f"has no label in {columns.label!r}"
        return f"has {_kind(label)} instead of a label in {columns.label!r}"
    if known and key not in known:
        return f"has the label {key[:40]!r}, which is not known"
    return ""


def _kind(value: object) -> str:
    """What a value that is no text is, in words."""
    match value:
        case bool():
            return "true or false"
        case int():
            return "a number"
        case float():
            return "a number" if value.is_integer() else "a number with a fraction"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "an object"
        case bytes():
            return "bytes"
    return "another kind of value"


def _is_broken(text: str) -> bool:
    """Whether a text holds half a character, which JSON can spell and no encoding can write."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def check_labels(found: Collection[str], where: str, columns: Columns) -> None:
    """Raises `DataError` where the labels that were `found` are too few or too many."""
    if len(found) < 2:
        one = ", ".join(map(repr, found)) or "none"
        raise DataError(f"{where} has one label only ({one}); two are the least.", "label_column")
    if len(found) > MOST_LABELS:
        raise DataError(
            f"The column {columns.label!r} of {where} has {len(found):,} different values; "
            "that is more than labels can have.",
            "label_column",
        )


def shown_labels(keys: list[str], names: Collection[str]) -> list[str]:
    """The user's names for the labels, else their own; raises `DataError`."""
    if names and len(names) != len(keys):
        given = "1 name was" if len(names) == 1 else f"{len(names)} names were"
        raise DataError(
            f"{given} given for {len(keys)} labels ({', '.join(keys[:10])}).", "label_names"
        )
    return list(names) or keys
