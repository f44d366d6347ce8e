"""Rows of text in named styles, made anew for the width there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from textual.strip import Strip

from core.text.visible import fit, width
from tui.widgets.rows import Part, RowsView

Row = Sequence[Part]
Layout = Callable[[int], Sequence[Row]]
"""Rows for so many cells."""


class Lines(RowsView):
    """Draws what a layout makes; scrolls where that is more than there is room for."""

    COMPONENT_CLASSES = {
        "lines--title",
        "lines--name",
        "lines--label",
        "lines--quiet",
        "lines--accent",
        "lines--good",
        "lines--bad",
        "lines--padding",
        "lines--special",
        "lines--fill",
        "lines--track",
        "lines--even",
        "lines--odd",
        "lines--stale",
    }
    DEFAULT_CSS = """
    Lines {
        color: $foreground 80%;
        .lines--title { color: $foreground; text-style: bold; }
        .lines--name { color: $foreground 45%; }
        .lines--label { color: $foreground 70%; }
        .lines--quiet { color: $foreground 50%; }
        .lines--accent { color: $accent; text-style: bold; }
        .lines--good { color: $success; }
        .lines--bad { color: $error; text-style: bold; }
        .lines--padding { color: $foreground 30%; }
        .lines--special { color: $foreground 50%; }
        .lines--fill { color: $primary; }
        .lines--track { color: $foreground 15%; }
        .lines--even { background: $primary 30%; }
        .lines--odd { background: $accent 30%; }
        .lines--stale { color: $foreground 30%; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._layout: Layout = lambda cells: ()
        self._rows: Sequence[Row] = ()
        self._dim = False

    def show(self, layout: Layout, *, dim: bool = False) -> None:
        """Draws what `layout` makes; `dim`: it may no longer hold.

        A class that dims would cost milliseconds a key: Textual then works all styles out anew.
        """
        self._layout, self._dim = layout, dim
        self.redraw()

    def _draw(self) -> list[Strip]:
        self._rows = self._layout(self.size.width)
        return super()._draw()

    def row_count(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> Strip:
        room = self.size.width
        segments = []
        for text, name in self._rows[index]:
            shown = fit(text, room)
            room -= width(shown)
            segments.append(Segment(shown, self.style("lines--stale" if self._dim else name)))
        return Strip(segments)
