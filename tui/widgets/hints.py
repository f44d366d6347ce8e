"""A row that says which keys do what."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.strip import Strip

from core.text.visible import width
from tui.widgets.rows import RowsView


class Hints(RowsView):
    """Keys and what they do, as many as there is room for; the last one always."""

    DEFAULT_CSS = """
    Hints { height: 1; color: $foreground 70%; }
    Hints .hints--key { color: $accent; }
    """
    COMPONENT_CLASSES = {"hints--key"}

    def __init__(self, keys: Sequence[tuple[str, str]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys = keys

    def show(self, keys: Sequence[tuple[str, str]]) -> None:
        """Names these keys instead."""
        if keys != self._keys:
            self._keys = keys
            self.redraw()

    def row_count(self) -> int:
        """One."""
        return 1

    def row(self, index: int) -> Strip:
        """The keys, those that find no room left out."""
        *others, last = self._keys
        room = self.size.width - _cells(last)
        shown = []
        for each in others:
            room -= _cells(each)
            if room < 0:
                break
            shown.append(each)
        segments = []
        for key, does in (*shown, last):
            segments += [
                Segment(key, self.style("hints--key")),
                Segment(f" {does}   ", self.style()),
            ]
        return Strip(segments)


def _cells(hint: tuple[str, str]) -> int:
    return width(hint[0]) + width(hint[1]) + 4
