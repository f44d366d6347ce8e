"""Lines to type into: any text, or a path that Tab completes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import ClassVar

from textual import events, work
from textual.binding import Binding, BindingType
from textual.widgets import Input

from core.typed_paths import typed_path
from tui.widgets.keys import KeysInOrder

LONGEST = 4_096
"""Characters of a line that are read, from a paste too."""


class LineInput(KeysInOrder, Input):
    """One line; its keys act in the order in which they were pressed."""

    def _on_paste(self, event: events.Paste) -> None:
        """Takes the first line, or as much of it as a line is read for."""
        event.text = "".join(event.text.splitlines()[:1])[:LONGEST]
        super()._on_paste(event)
        event.prevent_default()
        self.show_caret()

    def show_caret(self) -> None:
        """Brings the caret into view, which Textual does when it moves, but not at first."""
        caret = self.cursor_position
        self.cursor_position = 0
        self.cursor_position = caret


class PathInput(LineInput):
    """One line; Tab completes the path in it as far as there is only one way on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "complete the path", show=False, id="path.complete")
    ]
    DEFAULT_CSS = """
    PathInput, PathInput:focus { border: none; height: 1; padding: 0 1; background: $panel; }
    """

    def action_complete(self) -> None:
        self._complete(self.value)

    @work(group="complete", exclusive=True)
    async def _complete(self, typed: str) -> None:
        longer = await asyncio.to_thread(completed_path, typed)
        if self.value == typed:
            self.value = longer
            self.cursor_position = len(longer)


def completed_path(typed: str) -> str:
    """`typed` with as much added as all files and folders that begin so have in common."""
    head, slash, name = typed.rpartition("/")
    folder = typed_path(head + slash)
    try:
        found = [
            entry.name + ("/" if entry.is_dir() else "")
            for entry in os.scandir(folder)
            if entry.name.startswith(name) and (name or not entry.name.startswith("."))
        ]
    except (OSError, ValueError):
        return typed
    return head + slash + _common(found) if found else typed


def _common(names: Sequence[str]) -> str:
    """What all of `names` begin with."""
    first, last = min(names), max(names)
    return next((first[:n] for n, each in enumerate(first) if last[n : n + 1] != each), first)
