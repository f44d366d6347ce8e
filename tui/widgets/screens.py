"""What work in the background asks of the screen it was begun for."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen


def is_open(screen: Screen[Any]) -> bool:
    """Whether `screen` has its widgets still: it is neither closed nor about to be.

    A screen that is being removed stays attached until its widgets are gone, but displays nothing.
    """
    return screen.is_attached and screen.display
