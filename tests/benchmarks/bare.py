"""The bare app that ours is measured against: a one-line header, an editor, a footer."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import Footer, Static, TextArea


class BareApp(App[None]):
    """What Textual itself costs: an editor of a given height, nothing that follows the text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("f1", "help_quit", "Help"),
        ("f2", "toggle_dark", "Dark"),
    ]

    def __init__(self, text: str, editor_rows: int) -> None:
        super().__init__()
        self._text = text
        self._editor_rows = editor_rows

    def compose(self) -> ComposeResult:
        yield Static("Bare")
        editor = TextArea(self._text)
        editor.styles.height = self._editor_rows
        editor.styles.border = ("none", "transparent")
        editor.styles.padding = 0
        yield editor
        yield Footer()

    def on_mount(self) -> None:
        editor = self.query_one(TextArea)
        editor.focus()
        editor.move_cursor(editor.document.end)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text-file", type=Path, required=True)
    parser.add_argument("--editor-rows", type=int, default=3)
    arguments = parser.parse_args()
    BareApp(arguments.text_file.read_text(), arguments.editor_rows).run()


if __name__ == "__main__":
    main()
