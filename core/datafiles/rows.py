"""A row of data, wherever it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Row:
    """One row: cells by column name, or a `problem` in words instead.

    `line` counts from 1 and is where the row begins in a text file; where there are no lines
    `unit` says what is counted instead. `file` names the file where several hold the rows.
    """

    line: int
    cells: Mapping[str, object] = field(default_factory=dict)
    problem: str = ""
    file: str = ""
    unit: Literal["line", "row", "file"] = "line"

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        if self.unit == "file":
            return self.file
        return f"{self.unit} {self.line}" + (f" of {self.file}" if self.file else "")
