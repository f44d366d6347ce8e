"""One line in the pane to type into: what to search for, or a field's new value."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from core.text.visible import visible, width
from tui.widgets.line_input import LineInput
from tui.widgets.rows import Line

Heard = Callable[[str], None]


class Prompt(Horizontal):
    """Asks for a line; Esc leaves it, Enter too, with what was typed kept."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False, priority=True),
        Binding("down", "on(1)", "next", show=False, priority=True),
        Binding("up", "on(-1)", "before", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    Prompt { height: 1; }
    Prompt Line { width: auto; color: $accent; text-style: bold; }
    Prompt Input, Prompt Input:focus { border: none; height: 1; width: 1fr; padding: 0 1;
                                       background: $panel; }
    """

    def compose(self) -> ComposeResult:
        self._label = Line()
        self._input = LineInput(select_on_focus=False)
        self._typed: Heard = _nothing
        self._entered: Heard = _nothing
        self._left: Callable[[], None] = lambda: None
        self._step: Callable[[int], None] = lambda step: None
        yield self._label
        yield self._input

    def ask(
        self,
        label: str,
        value: str,
        *,
        entered: Heard,
        left: Callable[[], None],
        typed: Heard | None = None,
        step: Callable[[int], None] | None = None,
    ) -> None:
        """Asks; `typed` hears of each key, `entered` of Enter, `left` of Esc, `step` of ↑ and ↓."""
        self._typed = _nothing  # what is put in now was not typed
        words = f" {visible(label)} "
        self._label.styles.width = width(words)
        self._label.show([(words, "")])
        self._input.value = value
        self._input.cursor_position = len(value)
        self._entered, self._left = entered, left
        self._step = step or (lambda step: None)
        self.display = True
        self.screen.set_focus(self._input)  # at once: the keys behind this one are for it
        self._typed = typed or _nothing

    @on(Input.Changed)
    def _changed(self, message: Input.Changed) -> None:
        message.stop()
        self._typed(message.value)

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self._entered(message.value)

    def action_leave(self) -> None:
        self._left()

    def action_on(self, step: int) -> None:
        self._step(step)


def _nothing(_: str) -> None: ...
