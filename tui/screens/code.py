"""The Python behind what a pane shows: to read, to copy, to save."""

from __future__ import annotations

from typing import ClassVar

from pygments.token import Token
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer, Vertical
from textual.content import Content
from textual.highlight import HighlightTheme, TokenType, highlight
from textual.screen import ModalScreen
from textual.widgets import Static

from core.text.visible import visible
from tui.widgets.file_field import FileField
from tui.widgets.hints import Hints
from tui.widgets.pane import Code
from tui.widgets.screens import LeftOnce

_READING = (("y", "copy"), ("w", "save to a file"), ("↑↓", "scroll"), ("Esc", "close"))
_SAVING = (("Enter", "save"), ("Tab", "complete the path"), ("Esc", "do not save"))
_LOW = 16
"""Rows below which nothing stays blank."""


class _Colours(HighlightTheme):
    """Few colours, all of them the app's own."""

    STYLES: dict[TokenType, str] = {
        Token.Comment: "$foreground 60% italic",
        Token.Keyword: "$accent",
        Token.Operator.Word: "$accent",
        Token.Literal.String: "$success",
    }


class CodeScreen(LeftOnce, ModalScreen[None]):
    """Shows `code`; copies it to the clipboard or saves it to a file."""

    AUTO_FOCUS = ""  # letters are keys until a name is asked for
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy", id="code.copy"),
        Binding("w", "save", "save", id="code.save"),
        Binding("escape", "leave", "close", priority=True),
        Binding("q,c", "dismiss", "close", show=False),
        Binding("down,j", "scroll(0, 1)", "down", show=False),
        Binding("up,k", "scroll(0, -1)", "up", show=False),
        Binding("right,l", "scroll(4, 0)", "right", show=False),
        Binding("left,h", "scroll(-4, 0)", "left", show=False),
        Binding("pagedown,space", "page(1)", "page down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("home,g", "page(-1000000)", "first line", show=False),
        Binding("end,G", "page(1000000)", "last line", show=False),
    ]
    DEFAULT_CSS = """
    CodeScreen {
        align: center middle;
        #code { width: 96; max-width: 100%; height: auto; max-height: 100%; background: $surface;
                padding: 1 2; }
        #title { color: $accent; text-style: bold; }
        #note { color: $foreground 60%; }
        #python { height: 1fr; margin: 1 0; scrollbar-size: 1 1; }
        #python Static { width: auto; }
        #file { display: none; margin-bottom: 1; }
        &.-saving #file { display: block; }
        &.-low #code { padding: 0 2; }
        &.-low #python { margin: 0; }
    }
    """

    def __init__(self, code: Code | None, missing: str = "") -> None:
        """`missing` says why there is no code, where there is none."""
        super().__init__()
        self._code, self._missing = code, missing

    def compose(self) -> ComposeResult:
        code = self._code
        with Vertical(id="code"):
            if code is None:
                yield Static("No code to show", id="title")
                yield Static(f"{self._missing}\n", id="note", markup=False)
                yield Hints([("Esc", "close")])
                return
            yield Static(visible(code.title), id="title", markup=False)
            if code.note:
                yield Static(visible(code.note), id="note", markup=False)
            with ScrollableContainer(id="python", can_focus=False):
                yield Static(_highlighted(code.python))
            yield FileField(_file_name(code.title), lambda: code.python, id="file")
            yield Hints(_READING)

    def on_resize(self) -> None:
        """As high as the code, where the screen is."""
        self.set_class(self.size.height < _LOW, "-low")
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        for view in self.query("#python"):
            box = self.query_one("#code")
            around = sum(
                each.outer_size.height for each in box.displayed_children if each is not view
            )
            blank = box.gutter.height + view.styles.margin.height
            lines = (
                view.virtual_size.height
                + view.scrollbar_size_horizontal * view.show_horizontal_scrollbar
            )
            box.styles.height = min(self.size.height, lines + around + blank)

    @property
    def _field(self) -> FileField:
        return self.query_one(FileField)

    def action_copy(self) -> None:
        """The whole code, by OSC 52: over SSH too."""
        if self._code is not None:
            python = self._code.python
            self.app.copy_to_clipboard(python)
            lines = python.count("\n")
            self.notify(f"{lines} lines of Python are copied.", markup=False)

    def action_save(self) -> None:
        """Asks for a file's name."""
        if self._code is not None:
            self.add_class("-saving")
            self.query_one(Hints).show(_SAVING)
            self.call_after_refresh(self._fit)
            self._field.enter()

    def action_leave(self) -> None:
        """Back to the code, or out."""
        if not self.has_class("-saving"):
            self.dismiss()
            return
        self.remove_class("-saving")
        self.query_one(Hints).show(_READING)
        self.set_focus(None)
        self.call_after_refresh(self._fit)

    @on(FileField.Saved)
    def _saved(self, message: FileField.Saved) -> None:
        self.action_leave()
        self.notify(str(message), markup=False)

    def action_scroll(self, columns: int, rows: int) -> None:
        """Moves the code below the window."""
        for view in self.query(ScrollableContainer):
            view.scroll_relative(columns, rows, animate=False)

    def action_page(self, pages: int) -> None:
        """As `action_scroll`, by windows."""
        for view in self.query(ScrollableContainer):
            view.scroll_relative(y=pages * max(1, view.size.height - 1), animate=False)


def _highlighted(python: str) -> Content:
    shown = "\n".join(map(visible, python.split("\n")))
    return highlight(shown, language="python", theme=_Colours)


def _file_name(title: str) -> str:
    """A name for the file, from the words of `title`."""
    words = "".join(each if each.isalnum() and each.isascii() else " " for each in title.lower())
    return "_".join(words.split()[:5] or ["code"]) + ".py"
