"""Shares as numbers on shades, row by column, with a cursor; scrolls both ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from core.text.visible import fit, width
from tui.widgets.rows import Line, Part, RowsView

_CELL = (5, 9)
"""Cells of a column, at the least and at the most."""
_LABEL = 16
"""Cells of a row's label at the most, its number included."""
_LEVELS = ((0.6, "most"), (0.35, "much"), (0.15, "some"), (0.05, "little"))


@dataclass(frozen=True)
class Shares:
    """`values[row][column]`, each 0 to 1, with a label (`visible`, and its style) on each side.

    `ends` stands at the right of each row, under `end`.
    """

    values: Sequence[Sequence[float]] = ()
    rows: Sequence[Part] = ()
    columns: Sequence[Part] = ()
    ends: Sequence[str] = ()
    end: str = ""
    corner: str = ""


class MatrixHeading(Line):
    """The labels of the columns in view."""

    COMPONENT_CLASSES = {"matrix--here", "matrix--special", "matrix--label", "matrix--stale"}


class Matrix(RowsView):
    """Draws shares as percentages; the shade says the same again."""

    COMPONENT_CLASSES = {
        "matrix--most",
        "matrix--much",
        "matrix--some",
        "matrix--little",
        "matrix--none",
        "matrix--cursor",
        "matrix--here",
        "matrix--special",
        "matrix--label",
        "matrix--stale",
    }

    class Clicked(Message):
        """A cell was clicked."""

        def __init__(self, row: int, column: int) -> None:
            super().__init__()
            self.row, self.column = row, column

    def __init__(self, heading: MatrixHeading, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._heading = heading
        self._shares = Shares()
        self._cursor = (0, 0)
        self._left = 0
        self._dim = False

    def show(self, shares: Shares, cursor: tuple[int, int], *, dim: bool = False) -> None:
        """Draws `shares` with the cell at `cursor` (row, column) in view and marked.

        `dim`: they may no longer hold. A class for that would cost milliseconds a key.
        """
        self._shares, self._cursor, self._dim = shares, cursor, dim
        self.reveal(cursor[0])
        self._arrange()
        self.redraw()

    def on_resize(self) -> None:
        super().on_resize()
        self._arrange()

    # --- columns --------------------------------------------------------------------------

    def _arrange(self) -> None:
        """Brings the cursor's column into view and names the columns."""
        count = self._in_view
        left = min(max(self._left, self._cursor[1] - count + 1), self._cursor[1])
        self._left = max(0, min(left, len(self._shares.columns) - count))
        shares = self._shares
        parts: list[Part] = [(f" {fit(shares.corner, self._gutter - 1)}".ljust(self._gutter), "")]
        for column in self._columns:
            label, style = shares.columns[column]
            shown = _heading(label, self._cell - 1)
            name = "matrix--here" if column == self._cursor[1] else style
            parts += [(" " * (self._cell - width(shown)), ""), (shown, name)]
        if shares.end:
            parts.append((f"  {shares.end}", ""))
        hidden = len(shares.columns) - count
        more = f"{hidden} more ←→ "
        free = self.size.width - sum(width(text) for text, _ in parts)
        parts = [(text, "matrix--stale") for text, _ in parts] if self._dim else parts
        self._heading.show(parts, [(more, "")] if hidden > 0 and width(more) < free else [])

    @property
    def _gutter(self) -> int:
        longest = max((width(label) for label, _ in self._shares.rows), default=0)
        return 2 + min(_LABEL, max(longest, width(self._shares.corner)))

    @property
    def _room(self) -> int:
        end = max([width(self._shares.end), *map(width, self._shares.ends)])
        return self.size.width - self._gutter - (end + 3 if self._shares.ends else 1)

    @property
    def _cell(self) -> int:
        fitting = self._room // max(1, len(self._shares.columns))
        return max(_CELL[0], min(_CELL[1], fitting))

    @property
    def _in_view(self) -> int:
        return max(1, min(len(self._shares.columns), self._room // self._cell))

    @property
    def _columns(self) -> range:
        return range(self._left, min(self._left + self._in_view, len(self._shares.columns)))

    # --- rows -----------------------------------------------------------------------------

    def row_count(self) -> int:
        return len(self._shares.values)

    def row(self, index: int) -> Strip:
        shares = self._shares
        here = index == self._cursor[0]
        label, style = shares.rows[index]
        shown = fit(label, self._gutter - 2)
        parts: list[Part] = [
            ("›" if here else " ", "matrix--here"),
            (shown, "matrix--here" if here else style),
            (" " * (self._gutter - 1 - width(shown)), ""),
        ]
        for column in self._columns:
            value = shares.values[index][column]
            name = level(value)
            if here and column == self._cursor[1]:
                name = "matrix--cursor"
            parts.append((f"{percent(value):>{self._cell - 1}} ", name))
        if shares.ends:
            parts.append((f"  {shares.ends[index]}", "matrix--here" if here else ""))
        dim = "matrix--stale" if self._dim else None
        return Strip([Segment(text, self.style(dim or name)) for text, name in parts])

    def on_click(self, event: events.Click) -> None:
        """Moves the cursor to the cell under the mouse."""
        row = self.top + event.y
        column = self._left + max(0, event.x - self._gutter) // self._cell
        if row < self.row_count() and column < len(self._shares.columns):
            self.post_message(self.Clicked(row, column))


def _heading(label: str, cells: int) -> str:
    """`label` in so many cells; a special token gives up its brackets before its letters."""
    if width(label) > cells and label[:1] + label[-1:] in {"[]", "<>"}:
        label = label[1:-1]
    return fit(label, cells)


def percent(share: float) -> str:
    """`31`, `0` for nothing at all, `·` for less than half a percent."""
    if share == 0:
        return "0"
    return f"{share * 100:.0f}" if share >= 0.005 else "·"


def level(share: float) -> str:
    """The shade of a share."""
    return next((f"matrix--{name}" for least, name in _LEVELS if share >= least), "matrix--none")
