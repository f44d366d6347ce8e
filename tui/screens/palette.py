"""Ctrl+p: every action by name."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.command import CommandList, CommandPalette
from textual.widgets import Input
from textual.worker import Worker

from tui.widgets.screens import LeftOnce


class Palette(LeftOnce, CommandPalette):
    """Textual's; but Esc acts before the keys behind it, and a late search ends no app."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "escape", "leave", show=False, priority=True)
    ]

    def run_worker(self, *work: Any, **options: Any) -> Worker[Any]:
        """Searches; the list that the results are for may be gone when they come."""
        return super().run_worker(*work, **{**options, "exit_on_error": False})

    def _action_command_list(self, action: str) -> None:
        """Moves in the list, where it has a place: one without fails at its missing lines."""
        if self.query_one(CommandList).size:
            super()._action_command_list(action)

    @on(Input.Submitted)
    def _once(self, message: Input.Submitted) -> None:
        """A second Enter, behind the one that chose, chooses nothing."""
        if not self.is_active:
            message.prevent_default()
