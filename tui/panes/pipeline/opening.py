"""Asking for a file of texts, one a line."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from core.errors import TermformerError
from tui.panes.pipeline.many import ManyTexts, read_texts
from tui.widgets.hints import Hints
from tui.widgets.line_input import PathInput
from tui.widgets.screens import LeftOnce

_KEYS = (("Enter", "classify its lines"), ("Tab", "complete the path"), ("Esc", "close"))


class FileScreen(LeftOnce, ModalScreen[ManyTexts | None]):
    """Returns the texts of the file that was named, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "close", priority=True)
    ]
    DEFAULT_CSS = """
    FileScreen {
        align: center middle;
        #file { width: 76; max-width: 100%; height: auto; max-height: 100%; background: $surface;
                padding: 1 2; }
        #title { color: $accent; text-style: bold; margin-bottom: 1; }
        #problem { height: auto; color: $error; margin-bottom: 1; display: none; }
        &.-problem #problem { display: block; }
        PathInput { margin-bottom: 1; }
    }
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def compose(self) -> ComposeResult:
        with Vertical(id="file"):
            yield Static("A file of texts, one a line", id="title")
            yield PathInput(self._path, placeholder="reviews.txt")
            yield Static(id="problem", markup=False)
            yield Hints(_KEYS)

    def on_mount(self) -> None:
        self.query_one(PathInput).focus()

    @on(Input.Submitted)
    async def _submitted(self, message: Input.Submitted) -> None:
        if not message.value.strip():
            return
        try:
            texts = await read_texts(Path(message.value.strip()))
        except TermformerError as error:
            self.add_class("-problem")
            self.query_one("#problem", Static).update(str(error))
            return
        self.dismiss(texts)
