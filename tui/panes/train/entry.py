"""A line of text being typed, and a row at the foot of the pane that asks for one."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.message import Message
from textual.widget import Widget

from core.text.visible import fit, fit_end, visible, width
from tui.panes.train.sheet import Row, Sheet
from tui.widgets.keys import KeysInOrder

LONGEST = 4_096
"""Characters that a field takes."""


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


class Prompt(KeysInOrder, Sheet, can_focus=True):
    """One row that asks for a line; hidden where nothing is asked."""

    DEFAULT_CSS = "Prompt { height: 1; display: none; }"

    class GivenUp(Message):
        """Nobody gets what was typed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._entry = Entry()
        self._label = self._hint = ""
        self._done: Callable[[str], bool] = lambda _value: True
        self._asker: Widget | None = None

    def ask(self, label: str, value: str, hint: str, done: Callable[[str], bool]) -> None:
        """Asks for `label`, beginning with `value`; Enter gives it to `done`, Esc to nobody.

        Where `done` does not take the value, and says why, it stays to be put right.
        """
        self._label, self._hint, self._done = label, hint, done
        self._entry.put(value)
        self._asker = self.screen.focused
        self.display = True
        self.screen.set_focus(self)
        self._redraw()

    def _redraw(self) -> None:
        self.show(self._layout)

    def _layout(self, cells: int, rows: int) -> list[Row]:
        label = f" {self._label} "
        hint = fit(f"  {self._hint}", max(0, cells - width(label) - 24))
        room = max(8, cells - width(label) - width(hint) - 1)
        return [[(label, "sheet--accent"), *self._entry.row(room), (hint, "sheet--label")]]

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character is not None and character.isprintable()

    def on_blur(self) -> None:
        self._leave()

    def on_key(self, event: events.Key) -> None:
        """Edits the line; what is no editing key goes on to the app."""
        if self.app.focused is not self:
            return
        if event.key == "enter":
            if self._done(self._entry.value):
                self._leave()
        elif event.key == "escape":
            self._leave()
            self.post_message(self.GivenUp())
        elif not self._entry.edit(event.key):
            if not (event.is_printable and event.character):
                return
            self._entry.insert(event.character)
        event.stop()
        event.prevent_default()
        self._redraw()

    def on_paste(self, event: events.Paste) -> None:
        """Takes the first line."""
        event.stop()
        self._entry.insert("".join(event.text.splitlines()[:1]))
        self._redraw()

    def _leave(self) -> None:
        """Back to whoever had the focus, unless it has gone elsewhere already."""
        if self.has_focus:
            self.screen.set_focus(self._asker)
        self.display = False
