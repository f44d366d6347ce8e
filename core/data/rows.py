"""A row of data, wherever it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """One row: cells by column name, or a `problem` in words instead.

    `line` counts from 1 and is where the row begins in a text file; in Parquet and Arrow it is
    the row. `file` names it where each row has a file to itself.
    """

    line: int
    cells: Mapping[str, object] = field(default_factory=dict)
    problem: str = ""
    file: str = ""
