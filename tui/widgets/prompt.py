"""One line in a pane to type into: what to search for, a run's name, a field's new value."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from core.text.visible import visible, width
from tui.widgets.line_input import LineInput
from tui.widgets.rows import Line


class PromptInput(LineInput):
    """The line of a `Prompt`, which hears of each change and of Enter before the next key acts."""

    def __init__(self, typed: Callable[[str], None], entered: Callable[[], None]) -> None:
        super().__init__(select_on_focus=False)
        self._typed, self._entered = typed, entered

    def watch_value(self, value: str) -> None:
        """Says what the line is now."""
        self._typed(value)

    async def action_submit(self) -> None:
        self._entered()


class Prompt(Horizontal):
    """Asks for a line, and gives the focus back to who had it; hidden where nothing is asked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False, priority=True),
        Binding("down", "step(1)", "next", show=False, priority=True),
        Binding("up", "step(-1)", "before", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    Prompt { height: 1; display: none; }
    Prompt Line { color: $accent; text-style: bold; }
    Prompt Input, Prompt Input:focus { border: none; height: 1; width: 1fr; min-width: 24;
                                       padding: 0 1; background: $panel; }
    Prompt .prompt--hint { width: 1fr; color: $foreground 55%; text-style: none; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._label, self._hint = Line(), Line(classes="prompt--hint")
        self._input = PromptInput(self._changed, self._submitted)
        self._entered: Callable[[str], bool] = lambda _: True
        self._typed: Callable[[str], None] = _nothing
        self._left: Callable[[], None] = lambda: None
        self._step: Callable[[int], None] = _nothing
        self._asker: Widget | None = None

    def compose(self) -> ComposeResult:
        yield self._label
        yield self._input
        yield self._hint

    def ask(
        self,
        label: str,
        value: str,
        *,
        entered: Callable[[str], bool],
        hint: str = "",
        typed: Callable[[str], None] | None = None,
        left: Callable[[], None] | None = None,
        step: Callable[[int], None] | None = None,
    ) -> None:
        """Asks for `label`, beginning with `value`; Enter gives it to `entered`, Esc to nobody.

        Where `entered` does not take the value, and says why, it stays to be put right. `typed`
        hears of each change, `left` of Esc, `step` of ↑ and ↓.
        """
        self._typed = _nothing  # what is put in now was not typed
        self._input.value = value
        self._input.cursor_position = len(value)
        self._typed, self._entered = typed or _nothing, entered
        self._left, self._step = left or (lambda: None), step or _nothing
        self._label.styles.width = _say(self._label, f" {label}")
        self._hint.styles.max_width = _say(self._hint, f" {hint} ")
        self._hint.display = bool(hint)
        self._asker = self.screen.focused
        self.display = True
        self.screen.set_focus(self._input)  # at once: the keys behind this one are for it
        self.call_after_refresh(self._input.show_caret)

    def on_descendant_blur(self) -> None:
        """Hides the line where the focus went elsewhere, but not with the terminal's own focus."""
        if self.app.app_focus and not self._input.has_focus:
            self.display = False

    def action_leave(self) -> None:
        self._close()
        self._left()

    def action_step(self, step: int) -> None:
        self._step(step)

    def _changed(self, value: str) -> None:
        self._typed(value)

    def _submitted(self) -> None:
        if self._entered(self._input.value):
            self._close()

    def _close(self) -> None:
        """Back to whoever had the focus, unless it has gone elsewhere already."""
        if self._input.has_focus:
            self.screen.set_focus(self._asker)
        self.display = False


def _say(line: Line, words: str) -> int:
    """Shows `words`; returns the cells that they take."""
    line.show([(visible(words), "")])
    return width(visible(words))


def _nothing(_: object) -> None: ...
