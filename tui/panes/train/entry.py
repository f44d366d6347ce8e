"""A field's text being typed, and the caret in it."""

from __future__ import annotations

from core.text.visible import visible, width
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
        """The value in so many cells, around its caret."""
        text = visible(self.value)
        caret = text[self.caret : self.caret + 1] or " "
        room = max(0, cells - width(caret))
        before = text[max(0, self.caret - room) : self.caret]
        while width(before) > room:
            before = before[1:]
        room -= width(before)
        after = text[self.caret + 1 :][:room]
        while width(after) > room:
            after = after[:-1]
        return [
            (before, "sheet--value"),
            (caret, "sheet--cursor"),
            (after + " " * (room - width(after)), "sheet--value"),
        ]
