"""Dots in character cells: two by four in braille, one by one in plain ASCII."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Dots:
    """How a cell is divided, and the character for every set of its dots."""

    across: int
    down: int
    bits: tuple[tuple[int, ...], ...]
    """The bit of a dot by its row in the cell (from the top) and its column."""
    characters: str


BRAILLE = Dots(
    2,
    4,
    ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80)),
    " " + "".join(chr(0x2800 + bits) for bits in range(1, 256)),
)
"""Bit order of the Unicode block "Braille Patterns" (U+2800)."""


def signs(character: str) -> Dots:
    """One dot a cell, shown as `character`."""
    return Dots(1, 1, ((1,),), f" {character}")


@lru_cache(maxsize=16)
def _prefixes(dots: Dots, rows: int) -> list[list[int]]:
    """By column in the cell, then by a number of dots: these, from the lowest on, as a column.

    A column of cells is one integer, with eight bits a row, the lowest row first.
    """
    found = []
    for within in range(dots.across):
        column, lowest = 0, [0]
        for dot in range(rows * dots.down):
            row, up = divmod(dot, dots.down)
            column |= dots.bits[dots.down - 1 - up][within] << 8 * row
            lowest.append(column)
        found.append(lowest)
    return found


class Canvas:
    """`columns` × `rows` cells of dots; dot (0, 0) is at the lower left. What is outside is cut."""

    def __init__(self, columns: int, rows: int, dots: Dots) -> None:
        self.dots = dots
        self.width = columns * dots.across
        self.height = rows * dots.down
        self._rows = rows
        self._prefixes = _prefixes(dots, rows)
        self._columns = [0] * columns

    def bar(self, x: int, low: int, high: int) -> None:
        """A vertical bar at `x` from dot `low` up to dot `high`, both included."""
        if not 0 <= x < self.width:
            return
        low = max(low, 0)
        if high >= self.height:
            high = self.height - 1
        if low <= high:
            column, within = divmod(x, self.dots.across)
            lowest = self._prefixes[within]
            self._columns[column] |= lowest[high + 1] ^ lowest[low]

    def line(self, x0: int, y0: int, x1: int, y1: int, pattern: str = "1") -> None:
        """A line from dot (x0, y0) to dot (x1, y1), without holes; x1 is not left of x0.

        `pattern` is repeated along the x axis: where it has a 0 no dot is drawn.
        """
        run = x1 - x0
        if run <= 0:
            self.bar(x0, min(y0, y1), max(y0, y1))
            return
        if run == 1 and pattern == "1":
            self.bar(x0, y0, y0)
            self.bar(x1, min(y1, y0 + 1), max(y1, y0 - 1))
            return
        before = y0
        for x in range(max(x0, -1), min(x1, self.width) + 1):
            y = y0 + round((y1 - y0) * (x - x0) / run)
            if x == -1:
                before = y  # where the line enters
            if pattern[x % len(pattern)] == "1":
                # Each bar begins next to where the one before ended.
                if y > before + 1:
                    self.bar(x, before + 1, y)
                elif y < before - 1:
                    self.bar(x, y, before - 1)
                else:
                    self.bar(x, y, y)
            before = y

    def rows(self) -> list[str]:
        """The rows from the top, a character a cell, a blank where no dot is."""
        characters = self.dots.characters
        columns = [column.to_bytes(self._rows, "big") for column in self._columns]
        # A cell's bits are the index of its character, as of a text whose characters are those.
        return [
            bytes(row).decode("latin-1").translate(characters) if any(row) else " " * len(row)
            for row in zip(*columns, strict=True)
        ]
