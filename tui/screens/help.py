"""F1: what the pane is for, and every key that acts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.keys import format_key
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from tui.widgets.keys import PLACES, own_bindings
from tui.widgets.pane import Pane
from tui.widgets.screens import LeftOnce

if TYPE_CHECKING:
    from tui.screens.vocabulary import VocabularyScreen

_SYMBOLS = {
    "right": "→",
    "left": "←",
    "up": "↑",
    "down": "↓",
    "enter": "Enter",
    "escape": "Esc",
    "tab": "Tab",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "space": "Space",
    "minus": "−",
}
_EVERYWHERE = (
    ("F1", "this help"),
    ("ctrl+p", "the palette: every action by name"),
    ("Esc", "from typing to keys"),
)
_EDITOR = (
    ("Tab", "⇥ makes the line a sentence pair"),
    ("ctrl+z ctrl+y", "undo, redo"),
    ("ctrl+x ctrl+c ctrl+v", "cut, copy, paste"),
)
_KEYS = 21


def bound_keys(app: App[Any], binding: Binding) -> list[str]:
    """The keys of `binding` as they are bound now."""
    return [key.strip() for key in app._keymap.get(binding.id or "", binding.key).split(",")]


def shown_keys(app: App[Any], binding: Binding) -> str:
    """The keys of `binding` as they are bound now, the way they stand on a keyboard."""
    return " ".join(map(symbol, bound_keys(app, binding)))


def _as_sentence(does: str) -> str:
    """With a capital; a parameter's name at the start, `padding_side: …`, stays as it is."""
    return does if re.match(r"[a-z_]+:", does) else f"{does[:1].upper()}{does[1:]}"


def symbol(key: str) -> str:
    """A key the way it stands on a keyboard."""
    if len(key) > 1 and "+" in key:
        return "+".join(_SYMBOLS.get(each, each) for each in key.split("+"))
    if key in _SYMBOLS:
        return _SYMBOLS[key]
    return re.sub(r"^f(\d+)$", r"F\1", format_key(key))


class HelpScreen(LeftOnce, ModalScreen[None]):
    """Help for one pane, or for one screen above them; Esc, q or F1 closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1,enter", "dismiss", "close", priority=True),
        Binding("down,j", "scroll(1)", "down", show=False, priority=True),
        Binding("up,k", "scroll(-1)", "up", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        #help { width: 76; max-width: 100%; height: auto; max-height: 100%; background: $surface;
                padding: 1 3; scrollbar-size: 1 1; }
        Static { width: 1fr; padding-right: 1; }
    }
    """

    def __init__(
        self, subject: Pane | VocabularyScreen, panes: Sequence[Pane], keys: Sequence[Binding]
    ) -> None:
        """This is about `subject`; some of `keys` lead to each of `panes` from everywhere."""
        super().__init__()
        self._subject, self._panes, self._keys = subject, panes, keys

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield Static(self._content())

    def action_scroll(self, rows: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)

    def _content(self) -> Group:
        subject = self._subject
        title = str(subject.TITLE)
        parts: list[Text | Table] = [self._heading(title)]
        parts.append(Text(re.sub(r"\*\*|`", "", subject.ABOUT)))
        tables = [(f"Keys of {title}", tuple(self._rows(type(subject))))]
        if isinstance(subject, Pane):
            tables += [
                ("Keys of every pane", tuple(self._rows(Pane, but=type(subject)))),
                ("Everywhere", (*_EVERYWHERE, *self._pane_keys())),
                ("In the editor, one sentence a line", _EDITOR),
            ]
        for heading, rows in tables:
            table = Table.grid(padding=(0, 1, 0, 0))
            table.add_column(width=_KEYS)
            table.add_column(ratio=1)
            for keys, does in rows:
                table.add_row(Text(keys, self._style("accent")), Text(_as_sentence(does)))
            parts += [Text(), self._heading(heading), table]
        return Group(*parts)

    def _pane_keys(self) -> Iterator[tuple[str, str]]:
        numbered = {binding.id: binding for binding in own_bindings(Pane)}
        from_editor = {binding.id: binding for binding in self._keys}
        for n, pane in enumerate(self._panes[: len(PLACES)]):
            bound = (from_editor[f"pane.{PLACES[n]}"], numbered[f"pane.{n + 1}"])
            yield " ".join(shown_keys(self.app, each) for each in bound), pane.TITLE

    def _rows(
        self, widget: type[Widget], *, but: type[Widget] | None = None
    ) -> Iterator[tuple[str, str]]:
        """The keys of `widget`, without those that `but` makes something else of."""
        others = (
            [key for each in own_bindings(but) for key in bound_keys(self.app, each)] if but else []
        )
        for binding in own_bindings(widget):
            if binding.action.startswith("screen.show_pane"):
                continue  # stands with the keys that lead to panes from everywhere
            keys = [key for key in bound_keys(self.app, binding) if key not in others]
            if keys:
                yield " ".join(map(symbol, keys)), binding.tooltip or binding.description

    def _heading(self, title: str) -> Text:
        return Text(title, f"bold {self._style('accent')}")

    def _style(self, variable: str) -> str:
        return self.app.theme_variables[variable]
