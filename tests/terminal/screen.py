"""What a terminal shows after a program's output: pyte, and what pyte does not know."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyte
from pyte.screens import Char

_SEQUENCE = re.compile(
    r"\x1b(?:\[(?P<parameters>[0-?]*)(?P<intermediates>[ -/]*)(?P<final>[@-~])"
    r"|\](?P<command>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|[PX^_][^\x1b]*\x1b\\)"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[PX^_][^\x1b]*\x1b?)?\Z")
_ALTERNATE_SCREENS = frozenset({47, 1047, 1049})
_PRIVATE_FINALS = frozenset("hlJK")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The screen at one moment; rows and columns count from 0, in terminal cells."""

    cells: tuple[tuple[str, ...], ...]
    """`[row][column]`; the right half of a wide character is an empty string."""
    cursor: tuple[int, int]
    title: str

    @property
    def lines(self) -> list[str]:
        """The rows without the spaces at their ends."""
        return ["".join(row).rstrip() for row in self.cells]

    @property
    def text(self) -> str:
        """All rows, separated by line feeds."""
        return "\n".join(self.lines)

    def __contains__(self, text: str) -> bool:
        return text in self.text

    def find(self, text: str) -> tuple[int, int]:
        """Where `text` first stands within one row; raises `LookupError` with the screen."""
        for row, cells in enumerate(self.cells):
            index = "".join(cells).find(text)
            if index >= 0:
                before = 0
                for column, cell in enumerate(cells):
                    if before >= index and cell:
                        return row, column
                    before += len(cell)
        raise LookupError(f"{text!r} is not on the screen:\n{self}")

    def __str__(self) -> str:
        rule = "─" * len(self.cells[0])
        return "\n".join(
            [f"┌{rule}┐", *("│" + "".join(row) + "│" for row in self.cells), f"└{rule}┘"]
        )


class _AlternateScreen(pyte.Screen):
    """pyte's screen, and the second one that full-screen programs draw on and leave."""

    _kept: tuple[dict[int, dict[int, Char]], int, int] | None = None

    def set_mode(self, *modes: int, **kwargs: Any) -> None:
        super().set_mode(*modes, **kwargs)
        if kwargs.get("private") and _ALTERNATE_SCREENS & set(modes) and self._kept is None:
            rows = {y: dict(row) for y, row in self.buffer.items()}
            self._kept = rows, self.cursor.y, self.cursor.x
            self.erase_in_display(2)

    def reset_mode(self, *modes: int, **kwargs: Any) -> None:
        super().reset_mode(*modes, **kwargs)
        if kwargs.get("private") and _ALTERNATE_SCREENS & set(modes) and self._kept is not None:
            rows, self.cursor.y, self.cursor.x = self._kept
            self._kept = None
            self.buffer.clear()
            for y, row in rows.items():
                self.buffer[y].update(row)


class Emulator:
    """Turns output into a screen; keeps what a program says beside it (title, clipboard, modes)."""

    def __init__(self, columns: int, rows: int) -> None:
        self._screen = _AlternateScreen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        self._decode: Callable[[bytes], str] = codecs.getincrementaldecoder("utf-8")(
            "replace"
        ).decode
        self._unfinished = ""
        self.title = ""
        self.clipboard: list[str] = []
        """What was copied through OSC 52, base64, oldest first."""

    def feed(self, output: bytes) -> None:
        """Draws `output`; a sequence that is cut off is kept for the next call."""
        text = self._unfinished + self._decode(output)
        unfinished = _UNFINISHED.search(text)
        self._unfinished = unfinished[0] if unfinished else ""
        if unfinished:
            text = text[: unfinished.start()]
        self._stream.feed(_SEQUENCE.sub(self._pass_on, text))

    def _pass_on(self, sequence: re.Match[str]) -> str:
        """`sequence` where pyte understands it, else nothing: pyte would print the rest of it."""
        if (command := sequence["command"]) is not None:
            code, _, value = command.partition(";")
            if code in ("0", "2"):
                self.title = value
            elif code == "52":
                self.clipboard.append(value.partition(";")[2])
            return ""
        final, parameters = sequence["final"], sequence["parameters"] or ""
        if final is None or sequence["intermediates"] or re.search("[<=>:]", parameters):
            return ""
        return "" if "?" in parameters and final not in _PRIVATE_FINALS else sequence[0]

    def resize(self, columns: int, rows: int) -> None:
        """The screen has another size from now on."""
        self._screen.resize(rows, columns)

    def snapshot(self) -> Snapshot:
        """What is to be seen now."""
        screen = self._screen
        cells = tuple(
            tuple(screen.buffer[y][x].data for x in range(screen.columns))
            for y in range(screen.lines)
        )
        return Snapshot(cells, (screen.cursor.y, screen.cursor.x), self.title)

    def mode(self, number: int) -> bool:
        """Whether DEC private mode `number` is set: 25 cursor, 1049 alternate screen, …"""
        return number << 5 in self._screen.mode

    def style(self, row: int, column: int) -> Char:
        """The cell with its style: `fg`, `bg` (names or hex), `bold`, `reverse`, …"""
        return self._screen.buffer[row][column]
