"""The chart widget: paints a plot and sends the cells that changed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from itertools import groupby

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip

from core.settings import Settings
from tui.widgets.chart.panel import Cells
from tui.widgets.chart.picture import Picture, Plot, Reading, draw
from tui.widgets.rows import RowsView

_NAMES = {
    " ": "",
    "r": "chart--raw",
    "t": "chart--trend",
    "1": "chart--second",
    "2": "chart--third",
    "3": "chart--fourth",
    "4": "chart--fifth",
    "m": "chart--mark",
    "l": "chart--label",
    "a": "chart--axis",
    "d": "chart--done",
    "x": "chart--gap",
    "c": "chart--cursor",
}


def terminal_is_plain(
    environment: Mapping[str, str] | None = None, encoding: str | None = None
) -> bool:
    """Whether braille cannot be shown: by the locale, by how output is encoded, or by the font.

    Looks at this process's environment, and at the stream that Textual writes to.
    """
    environment = os.environ if environment is None else environment
    if encoding is None:
        encoding = getattr(sys.__stderr__, "encoding", None) or "utf-8"
    # The Linux console's fonts have 512 characters, and no braille among them.
    if environment.get("TERM") == "linux" or "utf" not in encoding.lower():
        return True
    for variable in ("LC_ALL", "LC_CTYPE", "LANG"):
        if locale := environment.get(variable):
            return "utf" not in locale.lower()
    return False


class LineChart(RowsView):
    """Draws a `Plot` and sends the cells that changed; costs what its width costs.

    In plain terminals it draws with ASCII alone.
    """

    COMPONENT_CLASSES = {name for name in _NAMES.values() if name}
    DEFAULT_CSS = """
    LineChart {
        .chart--raw { color: $foreground 28%; }
        .chart--trend { color: $accent; }
        .chart--second { color: $success; }
        .chart--third { color: $error; }
        .chart--fourth { color: $warning; }
        .chart--fifth { color: $foreground 75%; }
        .chart--mark { color: $foreground; text-style: bold; }
        .chart--label { color: $foreground 55%; }
        .chart--axis { color: $foreground 22%; }
        .chart--done { color: $foreground 55%; }
        .chart--gap { color: $error; text-style: bold; }
        .chart--cursor { color: $foreground 70%; }
    }
    """

    def __init__(self, *, plain: bool | None = None, id: str | None = None) -> None:
        super().__init__(id=id)
        self.plain = terminal_is_plain() if plain is None else plain
        self._plot = Plot()
        self._picture = Picture([])

    def on_mount(self) -> None:
        settings = getattr(self.app, "settings", None)
        if isinstance(settings, Settings) and settings.chart_signs != "auto":
            self.plain = settings.chart_signs == "ascii"

    @property
    def readings(self) -> tuple[Reading, ...]:
        """The curves' values at the crosshair, or the newest ones, as they were last drawn."""
        return self._picture.readings

    @property
    def labels(self) -> int:
        """Cells before the plot that the labels of the y axis take."""
        return self._picture.labels

    def x_at(self, column: int) -> float:
        """The x under a cell of the widget."""
        return self._picture.x_at(column)

    def moved(self, x: float, columns: int) -> float:
        """The x so many columns further right."""
        picture = self._picture
        return x + columns * (picture.stop - picture.start) / max(1, picture.columns)

    def show(self, plot: Plot) -> None:
        """Draws `plot`, or what was added to its series since it was shown last."""
        self._plot = plot
        self.redraw()

    # --- painting -------------------------------------------------------------------------

    def row_count(self) -> int:
        return self.size.height

    def row(self, index: int) -> Strip:
        return self._strip(self._picture.rows[index])

    def redraw(self) -> None:
        if not self.is_mounted or not self.display or not self.size.height:
            return
        old = self._picture.rows
        self._picture = draw(self._plot, *self.size, plain=self.plain)
        fresh = self._picture.rows
        if len(self._painted) != len(fresh) or len(old) != len(fresh):
            self._painted = []
            self.refresh()
            return
        changed = []
        for y, (before, after) in enumerate(zip(old, fresh, strict=True)):
            span = before.difference(after)
            if span is not None:
                self._painted[y] = self._strip(after)
                changed.append(Region(span[0], y, span[1] - span[0], 1))
        if changed:
            self.refresh(*changed)

    def _draw(self) -> list[Strip]:
        self._picture = draw(self._plot, *self.size, plain=self.plain)
        return [self._strip(cells) for cells in self._picture.rows]

    def _strip(self, cells: Cells) -> Strip:
        segments, start = [], 0
        for letter, run in groupby(cells.styles):
            end = start + len(list(run))
            segments.append(Segment(cells.text[start:end], self.style(_NAMES[letter])))
            start = end
        return Strip(segments, len(cells.text))
