"""Which column holds the text and which the label, found by looking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from core.datafiles.rows import Row
from core.errors import DataError

_TEXTS = (
    "text", "sentence", "review", "content", "body", "comment", "tweet", "phrase", "title",
    "document", "utterance", "message", "input",
)  # fmt: skip
_PAIRS = (
    ("text", "text_pair"), ("sentence1", "sentence2"), ("premise", "hypothesis"),
    ("question1", "question2"), ("text1", "text2"), ("question", "sentence"),
    ("question", "passage"),
)  # fmt: skip
_LABELS = (
    "label", "labels", "sentiment", "class", "category", "target", "label_text", "gold_label",
    "stars", "rating", "score", "intent", "emotion", "topic", "polarity",
)  # fmt: skip
_KNOWN = {*_TEXTS, *_LABELS, *(name for pair in _PAIRS for name in pair)}
SAMPLE = 1000
"""Rows that are looked at to find the columns."""
MOST_LABELS = 1000
"""More different values than this are no labels."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns that matter; `text_pair` where there are sentence pairs."""

    text: str
    label: str
    text_pair: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """What the user says of the columns; None is to be found. A `text_pair` of "" is none."""

    text: str | None = None
    label: str | None = None
    text_pair: str | None = None


def label_key(value: object) -> str | None:
    """A label as text, the same for 1, 1.0 and "1"; None where there is no label."""
    if value is None or isinstance(value, str):
        return (value or "").strip() or None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return str(int(value))
    return None


def sort_labels(keys: set[str]) -> list[str]:
    """Labels in the order of their ids: by value where all are whole numbers, else by name."""
    if all(key.removeprefix("-").isdecimal() for key in keys):
        return sorted(keys, key=int)
    return sorted(keys)


def is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first of `rows` names the columns, rather than being data itself."""
    first = [cell.strip().lower() for cell in rows[0]]
    if any(name in _KNOWN for name in first):
        return True
    if any(not name or name.removeprefix("-").isdecimal() for name in first):
        return False
    # A label among the names would come again below.
    below = [
        {row[i].strip().lower() for row in rows[1:] if i < len(row)} for i in range(len(first))
    ]
    return not any(name in cells for name, cells in zip(first, below, strict=True))


def sample_columns(rows: Iterable[Row], where: str, chosen: ColumnChoice) -> Columns:
    """As `find_columns`, for the first of all rows there are."""
    first = list(islice(rows, SAMPLE))
    sample = [row.cells for row in first if not row.problem]
    if first and not sample:
        bad = first[0]
        raise DataError(f"{where} holds no rows that can be read: {bad.place} {bad.problem}.")
    if not sample:
        raise DataError(f"{where} holds no rows.")
    return find_columns(sample, where, chosen)


def find_columns(
    rows: Sequence[Mapping[str, object]], where: str, chosen: ColumnChoice | None = None
) -> Columns:
    """The columns `chosen`; what it leaves open is found by name, else by what stands there.

    Raises `DataError` naming the columns there are.
    """
    chosen = chosen or ColumnChoice()
    names = list(dict.fromkeys(name for row in rows for name in row))
    fields = ("text_column", "label_column", "pair_column")
    for field, name in zip(fields, (chosen.text, chosen.label, chosen.text_pair), strict=True):
        if name and name not in names:
            raise DataError(f"{where} has no column {name!r}; it has {_listed(names)}.", field)
    by_name = {name.strip().lower(): name for name in reversed(names)}
    free = [name for name in names if name not in (chosen.text, chosen.text_pair)]
    label = chosen.label or next(
        (by_name[name] for name in _LABELS if by_name.get(name) in free), None
    )
    label = label or _label_by_looking(rows, free)
    text, pair = chosen.text, chosen.text_pair
    if text is None and pair is None and label:
        for one, other in _PAIRS:
            found = (by_name.get(one), by_name.get(other))
            if found[0] and found[1] and label not in found:
                text, pair = found
                break
    free = [name for name in names if name not in (label, pair)]
    text = text or next((by_name[name] for name in _TEXTS if by_name.get(name) in free), None)
    text = text or _text_by_looking(rows, free)
    if text is None or label is None:
        missing, option = ("text", "text") if text is None else ("labels", "label")
        raise DataError(
            f"No column with {missing} was found in {where}, which has {_listed(names)}; "
            f"name it with --{option}-column.",
            f"{option}_column",
        )
    if len({text, label, pair}) < 3:
        raise DataError(f"Text, pair and label of {where} must be three different columns.")
    return Columns(text, label, pair or None)


def _listed(names: list[str]) -> str:
    rest = ", …" if len(names) > 10 else ""
    return ", ".join(repr(name) for name in names[:10]) + rest


def _label_by_looking(rows: Sequence[Mapping[str, object]], names: list[str]) -> str | None:
    """The column with the fewest different values, each of them short and coming again."""
    found: list[tuple[int, str]] = []
    for name in names:
        keys = [label_key(row.get(name)) for row in rows]
        values = {key for key in keys if key is not None}
        short = all(len(value) <= 40 for value in values)
        if 2 <= len(values) <= max(2, len(rows) // 4) and short:
            found.append((len(values), name))
    return min(found)[1] if found else None


def _text_by_looking(rows: Sequence[Mapping[str, object]], names: list[str]) -> str | None:
    """The column with the longest texts."""
    found: list[tuple[float, str]] = []
    for name in names:
        texts = [value for row in rows if isinstance(value := row.get(name), str)]
        if texts and any(len(text) > 2 for text in texts):
            found.append((sum(map(len, texts)) / len(rows), name))
    return max(found)[1] if found else None
