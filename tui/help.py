"""F1: what the pane is for, and every key that acts now."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Markdown

from tui.widgets.keys import own_bindings
from tui.widgets.pane import Pane

_EVERYWHERE = """
### Everywhere

| key | |
| --- | --- |
| F1 | this help |
| ctrl+p | the palette: every action by name |
| F2, F3, F4 | the first, second, third pane |
| Esc | from typing to keys |
| i or Enter | from keys to typing |
| q | quit (in keys mode); runs go on, sentences come back |

### In the editor

One sentence a line; **Tab** inserts ⇥, which makes the line a sentence pair. ctrl+z undoes,
ctrl+y redoes, ctrl+x, ctrl+c and ctrl+v cut, copy and paste.
"""


class HelpScreen(ModalScreen[None]):
    """Help for one pane; Esc, q or F1 closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1,enter", "dismiss", "close", priority=True),
        Binding("down,j", "scroll(1)", "down", show=False),
        Binding("up,k", "scroll(-1)", "up", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        #help { width: 80; max-width: 100%; height: 90%; background: $surface; padding: 1 2; }
        Markdown { background: $surface; padding: 0; margin: 0; }
    }
    """

    def __init__(self, pane: Pane, *, typing: bool) -> None:
        super().__init__()
        self._pane = pane

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield Markdown(self._text())

    def action_scroll(self, rows: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)

    def _text(self) -> str:
        rows = []
        for binding in own_bindings(type(self._pane)):
            keys = binding.key.replace(",", ", ").replace("question_mark", "?")
            rows.append(f"| {keys} | {binding.tooltip or binding.description} |")
        keys = "\n".join(["| key | |", "| --- | --- |", *rows])
        about = f"## {self._pane.TITLE}\n\n{self._pane.ABOUT}\n\n{keys}\n"
        return about + _EVERYWHERE
