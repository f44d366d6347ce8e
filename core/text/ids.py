"""Ids typed by hand, as the course writes them: `[[200, 200, 200], [200, 200]]`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from core.errors import ModelError
from core.text.visible import visible

_SHOWN = 40
"""Characters of what was typed that an error repeats."""


def looks_like_ids(text: str) -> bool:
    """Whether `text` is meant as ids rather than as a sentence: lists that hold no letters."""
    text = text.strip()
    return text.startswith("[") and not any(letter.isalpha() for letter in text)


def parse_ids(text: str, vocabulary_size: int | None = None) -> list[list[int]]:
    """The rows of a list of lists of ids; one flat list is one row. Rows may differ in length.

    Raises `ModelError`, which says what is wrong and where. Ids are compared with
    `vocabulary_size` where that is known.
    """
    try:
        # A comma before a closing bracket is Python, if not JSON.
        typed = json.loads(text.replace(",]", "]").replace(", ]", "]"))
    except (ValueError, RecursionError):
        raise _error(f"{_quoted(text)} is not a list of ids") from None
    if not isinstance(typed, list):
        raise _error(f"{_quoted(text)} is {_kind(typed)}, not a list of ids")
    if not any(isinstance(row, list) for row in typed):
        typed = [typed]
    if not typed:
        raise _error("The list is empty")
    rows = [_row(row, number) for number, row in enumerate(typed, start=1)]
    check_ids(rows, vocabulary_size)
    return rows


def check_ids(rows: Sequence[Sequence[int]], vocabulary_size: int | None) -> None:
    """Raises `ModelError` for a row without ids, and for an id outside of the vocabulary."""
    for number, row in enumerate(rows, start=1):
        if not row:
            raise _error(f"Row {number} is empty")
        for place, value in enumerate(row, start=1):
            if value < 0 or (vocabulary_size is not None and value >= vocabulary_size):
                known = (
                    f"this model knows {vocabulary_size:,} ids, 0 to {vocabulary_size - 1:,}"
                    if vocabulary_size is not None
                    else "ids begin at 0"
                )
                raise ModelError(
                    "other", f"Row {number}, entry {place}: there is no id {value}; {known}."
                )


def _row(row: object, number: int) -> list[int]:
    if not isinstance(row, list):
        raise _error(f"Row {number} is {_kind(row)}, not a list")
    for place, value in enumerate(row, start=1):
        if not isinstance(value, int) or isinstance(value, bool):
            raise _error(f"Row {number}, entry {place}: {_quoted(json.dumps(value))} is not an id")
    return row


def _kind(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return _quoted(json.dumps(value))
    return {int: "a number", float: "a number", str: "a text", dict: "a dictionary"}.get(
        type(value), "something else"
    )


def _quoted(text: str) -> str:
    text = visible(text.strip())
    return f"“{text[:_SHOWN] + '…' if len(text) > _SHOWN else text}”"


def _error(problem: str) -> ModelError:
    return ModelError("other", f"{problem}: write ids as [[200, 200, 200], [200, 200]].")
