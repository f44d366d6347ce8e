"""Printing: one JSON document, a table on a terminal, plain lines in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

from core.text.visible import visible, width

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

GAP = 2
"""Cells between two columns."""
# Text that came from outside may hold what UTF-8 cannot: paths and names of foreign encodings.
_SURROGATE_FREE = "replace"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading, side and (on a terminal) style."""

    heading: str
    align: Literal["left", "right"] = "left"
    style: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of cells, whatever characters they hold, and its style on a terminal."""

    cells: Sequence[str]
    style: str = ""


@dataclass(frozen=True, slots=True)
class Title:
    """A line across all columns, above the rows it is about."""

    text: str


@dataclass(slots=True)
class Table:
    """Rows under headings."""

    columns: Sequence[Column]
    rows: list[Row | Title] = field(default_factory=list)

    @property
    def width(self) -> int:
        """Cells that a line takes."""
        widths = self.widths
        return sum(widths) + GAP * (len(widths) - 1)

    @property
    def widths(self) -> list[int]:
        """Cells each column takes."""
        lines = [[column.heading for column in self.columns]]
        lines += [[visible(cell) for cell in row.cells] for row in self.rows if _is_row(row)]
        return [max(map(width, cells)) for cells in zip(*lines, strict=True)]

    def add(self, *cells: str, style: str = "") -> None:
        """Adds a row at the end."""
        self.rows.append(Row(cells, style))


def print_json(document: Any) -> None:
    """Writes a struct, or a list of them, as one line of JSON in UTF-8.

    Numbers that are not finite become `null`, which JSON has instead of them.
    """
    import msgspec

    write_bytes(msgspec.json.encode(document) + b"\n")


def encodable(text: str) -> str:
    """`text` with what UTF-8 cannot hold replaced by `?`."""
    return text.encode("utf-8", _SURROGATE_FREE).decode()


def write_bytes(data: bytes) -> None:
    """Writes to standard output at once; raises `BrokenPipeError` where nobody reads."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def print_text(text: str = "", style: str = "", *, prose: bool = False) -> None:
    """Prints a line, its control characters made visible; `style` only on a terminal.

    There `prose` is broken between words; what may be copied is left to the terminal to break.
    """
    if not sys.stdout.isatty():
        sys.stdout.write(f"{visible(text)}\n")
        sys.stdout.flush()
        return
    from rich.text import Text

    console().print(Text(visible(text), style), soft_wrap=not prose)


def print_table(table: Table) -> None:
    """Prints a table: by rich on a terminal, aligned text without escapes elsewhere."""
    if sys.stdout.isatty():
        console().print(*_drawn(table), sep="")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in _plain_lines(table)))
        sys.stdout.flush()


def console() -> Console:
    """Standard output as rich sees it: nothing is guessed to be markup, emoji or a number."""
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False)


def _is_row(row: Row | Title) -> TypeGuard[Row]:
    return isinstance(row, Row)


def _drawn(table: Table) -> Iterator[RichTable | Text]:
    """Pieces one under another, all in the same columns; the headings stand once, at the top."""
    from rich.text import Text

    widths = table.widths
    if table.width > console().width:
        # Too narrow for one width everywhere: long cells are folded instead.
        widths = [0] * len(widths)
    piece = _empty(table.columns, widths, headings=True)
    for row in table.rows:
        if isinstance(row, Title):
            yield piece
            yield Text(visible(row.text), "bold")
            piece = _empty(table.columns, widths, headings=False)
        else:
            piece.add_row(*(Text(visible(cell)) for cell in row.cells), style=row.style)
    yield piece


def _empty(columns: Sequence[Column], widths: list[int], *, headings: bool) -> RichTable:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, GAP - 1, 0, 0),
        header_style="bold",
        show_header=headings,
    )
    for column, cells in zip(columns, widths, strict=True):
        drawn.add_column(
            Text(column.heading),
            justify=column.align,
            style=column.style,
            overflow="fold",
            min_width=cells,
        )
    return drawn


def _plain_lines(table: Table) -> Iterator[str]:
    widths = table.widths
    yield _plain_line([column.heading for column in table.columns], widths, table.columns)
    for row in table.rows:
        if isinstance(row, Title):
            yield visible(row.text)
        else:
            yield _plain_line([visible(cell) for cell in row.cells], widths, table.columns)


def _plain_line(cells: list[str], widths: list[int], columns: Sequence[Column]) -> str:
    parts = zip(cells, widths, columns, strict=True)
    return (
        (" " * GAP)
        .join(_aligned(cell, room, column.align) for cell, room, column in parts)
        .rstrip()
    )


def _aligned(text: str, cells: int, side: str) -> str:
    room = " " * (cells - width(text))
    return room + text if side == "right" else text + room
