"""Asking for a file's name and writing it: the one way in which screens save something."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from core.errors import TermformerError
from core.named_files import Make, OccupiedError, write_file
from core.sizes import size_of
from core.text.visible import visible
from core.typed_paths import typed_path
from tui.widgets.line_input import PathInput


class FileField(Vertical):
    """A file name to be typed, and below it what came of writing that file.

    A file that exists is replaced by a second Enter only.
    """

    DEFAULT_CSS = """
    FileField { height: auto; }
    FileField Static { height: auto; color: $foreground 60%; padding: 0 1; }
    FileField .-problem { color: $error; }
    """

    class Saved(Message):
        """The file is written."""

        def __init__(self, path: Path, size: int) -> None:
            super().__init__()
            self.path = path
            self.size = size

        def __str__(self) -> str:
            """One sentence of visible text."""
            return f"Saved as {visible(str(self.path))}, {size_of(self.size)}."

    def __init__(self, name: str, make: Make, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._first_name = name
        self.make = make
        """Gives what is to be written; called in a thread."""
        self._agreed: Path | None = None
        self._writing = False

    def compose(self) -> ComposeResult:
        self._input = PathInput(self._first_name, select_on_focus=False)
        self._note = Static("", markup=False)
        yield self._input
        yield self._note

    @property
    def file_name(self) -> str:
        """As it is typed."""
        return self._input.value

    def rename(self, name: str) -> None:
        """Puts another name there."""
        self._input.value = name
        self._input.cursor_position = len(name)

    def enter(self) -> None:
        """Takes the focus."""
        self._input.focus()

    def say(self, words: str, *, problem: bool = False) -> None:
        """Shows one sentence of visible text."""
        self._note.set_class(problem, "-problem")
        self._note.update(words)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._agreed = None
        self.say("")

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        if not message.value.strip():
            self.say("A file needs a name.", problem=True)
        elif not self._writing:
            self._writing = True
            self.say("Writing…")
            path = typed_path(message.value.strip()).absolute()
            self.run_worker(self._save(path, self.make))

    async def _save(self, path: Path, make: Make) -> None:
        try:
            size = await asyncio.to_thread(write_file, path, make, replace=self._agreed == path)
        except OccupiedError as error:
            self._agreed = path
            self.say(f"{error} Enter once more replaces it.", problem=True)
        except TermformerError as error:
            self.say(str(error), problem=True)
        else:
            self.say("")
            self.post_message(self.Saved(path, size))
        finally:
            self._writing = False
