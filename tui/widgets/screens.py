"""Screens that close while something for them is still on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.await_complete import AwaitComplete
from textual.screen import Screen


def is_open(screen: Screen[Any]) -> bool:
    """Whether `screen` has its widgets still: it is neither closed nor about to be.

    A screen that is being removed stays attached until its widgets are gone, but displays nothing.
    """
    return screen.is_attached and screen.display


class LeftOnce(Screen[Any] if TYPE_CHECKING else object):  # type: ignore[misc]
    """Closes itself, and never what was below it: by a second Enter, or by an answer behind Esc."""

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """As a screen does, where it is the one that is seen; else nothing is done."""
        return super().dismiss(result) if self.is_active else AwaitComplete()
