"""A field's text being typed, and the caret in it."""

from __future__ import annotations

from core.text.visible import fit, fit_end, visible, width
from tui.panes.train.sheet import Row
from tui.widgets.line_input import LONGEST


class Entry:
    """A value and the caret in it."""

    def __init__(self, value: str = "") -> None:
        self.value = value
        self.caret = len(value)

    def put(self, value: str) -> None:
        """Another value, the caret at its end."""
        self.value, self.caret = value, len(value)

    def edit(self, key: str) -> bool:
        """Moves the caret or deletes; whether `key` does that."""
        value, caret = self.value, self.caret
        after = {
            "left": (value, caret - 1),
            "right": (value, caret + 1),
            "home": (value, 0),
            "end": (value, len(value)),
            "backspace": (value[: max(0, caret - 1)] + value[caret:], caret - 1),
            "delete": (value[:caret] + value[caret + 1 :], caret),
            "ctrl+u": (value[caret:], 0),
        }
        if key not in after:
            return False
        self.value, self.caret = after[key]
        self.caret = max(0, min(self.caret, len(self.value)))
        return True

    def insert(self, text: str) -> None:
        """Types `text` at the caret."""
        longer = self.value[: self.caret] + text + self.value[self.caret :]
        self.caret = min(self.caret + len(text), LONGEST)
        self.value = longer[:LONGEST]

    def row(self, cells: int) -> Row:
        """The value in so many terminal cells, around its caret; `‹` and `›` where it goes on."""
        text, cells = visible(self.value) + " ", max(1, cells)
        before, behind = text[: self.caret], text[self.caret + 1 :]
        here = text[self.caret]
        room = max(0, cells - width(here))
        # What stands behind the caret gives way first.
        left = _ending(before, room, "‹")
        right = _beginning(behind, room - width(left), "›")
        blank = " " * (room - width(left) - width(right))
        return [(left, "sheet--value"), (here, "sheet--cursor"), (right + blank, "sheet--value")]


def _ending(text: str, cells: int, sign: str) -> str:
    """The end of `text` in so many cells, behind a sign where it was cut."""
    return fit_end(text, cells).replace("…", sign, 1) if width(text) > cells else text


def _beginning(text: str, cells: int, sign: str) -> str:
    """The beginning of `text` in so many cells, before a sign where more than a blank was cut."""
    text = text.removesuffix(" ") if width(text) > cells else text
    return fit(text, cells)[:-1] + sign if width(text) > cells > 0 else fit(text, cells)
