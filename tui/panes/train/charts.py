"""A run's curves under one another, looked at through one window with one crosshair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from textual.app import ComposeResult

from core.sizes import duration
from core.text.visible import width
from tui.panes.train.chart_words import MORE, curve_name, legend, shown_name, values
from tui.panes.train.curves import mark_of
from tui.panes.train.looking import ALL, SMOOTHINGS, Looking
from tui.panes.train.quantities import Quantities, is_loss, quantities
from tui.panes.train.scene import Titled
from tui.panes.train.sheet import WordLine
from tui.panes.train.watch import RunWatch
from tui.widgets.chart import Curve, LineChart, Mark, Plot, Series, Window, along_one_axis
from tui.widgets.chart.picture import latest_trend
from tui.widgets.chart.scale import whole_axis
from tui.widgets.chart.trend import whole_points
from tui.widgets.rows import Part

_MOST = 8
_LOWEST = 6
"""Rows of a chart below which the last one gives way."""


class Charts(Looking):
    """The loss, and what the user puts under it. Every change is drawn at once."""

    DEFAULT_CSS = """
    Charts { height: 1fr; width: 1fr; layout: vertical; }
    Charts LineChart { height: 1fr; }
    """

    def __init__(self, rows_at_most: Callable[[], int], *, id: str | None = None) -> None:
        """`rows_at_most` says what it can have where what stands below gives way."""
        super().__init__(id=id)
        self._rows_at_most = rows_at_most
        self._left = 0
        self._quantities: Quantities = {}
        self._overlaid: tuple[RunWatch, ...] = ()

    def compose(self) -> ComposeResult:
        self._line = WordLine()
        self._charts = [LineChart() for _ in range(_MOST)]
        yield self._line
        yield from self._charts

    def trend(self, watch: RunWatch) -> float | None:
        """The trend of a run's loss at its newest point; None where it is not wanted."""
        main = watch.history.curves.main
        curve = self._curve(watch, main, _steps(watch), watch.name)
        return latest_trend(Plot((curve,), smoothing=SMOOTHINGS[self.smoothing]))

    def show(self, watch: RunWatch, overlaid: tuple[RunWatch, ...] = ()) -> None:
        """Draws a run as far as it was read, others' losses over its own."""
        before = self._watch
        if before is None or (before.folder, before.name) != (watch.folder, watch.name):
            self.window, self.cursor = Window(), None
        if self.unit not in watch.history.curves.units:
            self.unit = "steps"
        self._watch, self._overlaid = watch, overlaid
        self._quantities = quantities([each.history.curves for each in self.drawn])
        if self.second not in {"", ALL, *self._quantities}:
            self.second = ""
        self.draw()

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    # --- drawing --------------------------------------------------------------------------

    def names(self) -> list[str]:
        """What is drawn, from the top, as far as there is room."""
        return self._wanted[: _room(self.size.height)]

    @property
    def _wanted(self) -> list[str]:
        """What is to be drawn, from the top."""
        below = [] if self.over else [self.second]
        if self.second == ALL:
            below = self.others()
        # What was chosen and has no points yet, as of a run that begins, comes with the first one.
        return [self._main, *(name for name in below if name and self._has_points(name))]

    def _has_points(self, name: str) -> bool:
        runs = zip(self.drawn, self._quantities.get(name, [""] * len(self.drawn)), strict=True)
        return any(len(each.history.curves.series(own)) for each, own in runs)

    @property
    def _main(self) -> str:
        """What stands first: the loss."""
        return "loss" if self._watch is None else self._watch.history.curves.main

    def others(self) -> list[str]:
        """All curves that may stand under it, of all runs that are drawn."""
        return [name for name in self._quantities if name != self._main and self._has_points(name)]

    def gains(self, rows: int, more: int) -> bool:
        """Whether with `more` rows than `rows` more of what is wanted is seen."""
        return _room(rows) < min(_room(more), len(self._wanted))

    def lacks(self) -> str:
        count, room = len(self._wanted), _room(self._rows_at_most())
        if count <= room:
            return ""
        if room == 1:
            return "There is no room for a curve under the loss: a draws it over the loss."
        return f"There is room for {room} of the {count} curves."

    def averaged(self) -> int:
        if self._watch is None:
            return 0
        curve = self._curve(self._watch, self._main, _steps(self._watch), self._watch.name)
        return round(Plot((curve,), smoothing=SMOOTHINGS[self.smoothing]).window(curve))

    def moved(self, x: float, cells: int) -> float:
        return self._charts[0].moved(x, cells)

    def draw(self) -> None:
        """Draws all charts and the line above them."""
        if self._watch is None or not self.is_mounted:
            return
        names = self.names()
        shown = self._charts[: len(names)]
        for chart in self._charts:
            chart.display = chart in shown
        self._show_plots(shown, names)
        left = max(chart.labels for chart in shown)
        if left != self._left:
            self._left = left
            self._show_plots(shown, names)
        self._line.show(*self._words(names))

    def _show_plots(self, charts: list[LineChart], names: list[str]) -> None:
        below = [*map(shown_name, names[1:]), ""]
        for chart, plot, name in zip(charts, self._plots(names), below, strict=True):
            chart.show(replace(plot, next=name))

    def plots(self) -> list[Titled]:
        """What is seen, with the name of each chart, from the top."""
        names = self.names()
        whose = f"{self.drawn[0].name}: " if len(self.drawn) == 1 else ""
        titles = [f"{whose}{shown_name(name)}" for name in names]
        return list(map(Titled, titles, self._plots(names)))

    def _plots(self, names: list[str]) -> list[Plot]:
        """The plots as they stand under one another."""
        watch = self._watch
        if watch is None:
            return []
        found = along_one_axis([self._plot(watch, name) for name in names])
        self._end = found[0].end
        return [replace(plot, view=self._view) for plot in found]

    @property
    def plain(self) -> bool:
        """Whether the terminal wants ASCII alone."""
        return self._charts[0].plain

    @property
    def drawn(self) -> tuple[RunWatch, ...]:
        """The run and those over it."""
        return () if self._watch is None else (self._watch, *self._overlaid)

    def _plot(self, watch: RunWatch, name: str) -> Plot:
        main = name == self._main
        names, alone = [name], len(self.drawn) == 1
        if main and self.over and self.second not in {"", ALL}:
            names.append(self.second)
        curves = tuple(
            self._curve(
                each,
                own,
                _steps(watch),
                each.name if of == name else curve_name(alone, each.name, of),
                raw=number == 0 and of == name,
                scale="" if of == name or (is_loss(of) and is_loss(name)) else of,
            )
            # The losses of all runs first: their signs are those of the table below.
            for of in names
            for number, (each, own) in enumerate(
                zip(self.drawn, self._quantities.get(of, [""] * len(self.drawn)), strict=True)
            )
        )
        return Plot(
            curves,
            self._planned,
            tuple(self._marks(watch)) if main else (),
            SMOOTHINGS[self.smoothing],
            None,
            self.logarithmic and name != "padding",
            None if self.cursor is None else self.place(self.cursor),
            self.unit,
            self._left,
        )

    def _curve(
        self,
        watch: RunWatch,
        name: str,
        steps: float,
        shown: str,
        raw: bool = True,
        scale: str = "",
    ) -> Curve:
        """A run's curve, called `shown`; its trend is that of `steps` steps."""
        curves = watch.history.curves
        series = curves.series(name)
        axis = curves.axis(name, self.unit)
        if len(axis) < len(series):
            series = Series()  # there is no place for it: nobody noted when its points came
        # The trends are the same however the x axis counts, so that their figures are too.
        points = whole_points(series.x, len(series), steps)
        return Curve(series, shown, axis, raw, points, curves.is_dense(name), scale)

    def _marks(self, watch: RunWatch) -> list[Mark]:
        return [
            mark_of(found, self.place(found.global_step)) for found in watch.history.evaluations
        ]

    @property
    def _view(self) -> tuple[float, float] | None:
        """The part of the x axis that is seen, None for all of it."""
        return None if self.window.kind == "whole" else self.window.range(self.last, self._end)

    @property
    def _planned(self) -> float:
        """Where the x axis would end by what the run is to do; for times that is not known."""
        if self._watch is None:
            return 0.0
        if self.unit == "seconds":
            return 0.0 if self._watch.status.is_live else self.last
        if self._watch.max_steps is None and not self._watch.may_grow:
            return self.last
        return self.place(self._watch.max_steps or 0)

    # --- the line above -------------------------------------------------------------------

    def _words(self, names: list[str]) -> tuple[list[Part], list[Part]]:
        right: list[Part] = []
        if self.window.kind != "whole":
            growing = self._watch is not None and self._watch.may_grow
            right.append((f"{self.window.kind if growing else 'zoomed'}  ", "sheet--accent"))
        if self.logarithmic:
            right.append(("log  ", "sheet--value"))
        if self.unit != "steps":
            right.append((f"by {'time' if self.unit == 'seconds' else self.unit} ", "sheet--label"))
        drawn = [(name, chart.readings) for name, chart in zip(names, self._charts, strict=False)]
        if self.cursor is None or self._watch is None:
            room = self.size.width - sum(width(text) for text, _ in right)
            return legend(drawn, room, plain=self.plain), right
        left: list[Part] = [(f" step {self.cursor:,.0f}", "sheet--accent")]
        curves = self._watch.history.curves
        if "seconds" in curves.units:
            left.append((f" · {duration(curves.place(self.cursor, 'seconds'))}", "sheet--label"))
        room = self.size.width - sum(width(text) for text, _ in (*left, *right))
        runs = [each.name for each in self.drawn]
        found = values(drawn, runs, room, plain=self.plain)
        if found and found[-1][0] == MORE and len(left) > 1:
            room += width(left.pop()[0])  # the values are worth more than the time
            found = values(drawn, runs, room, plain=self.plain)
        return [*left, *found], right


def _room(rows: int) -> int:
    """How many charts stand in so many rows."""
    return max(1, min(rows // _LOWEST, _MOST))


def _steps(watch: RunWatch) -> float:
    """How many steps a run takes, or has taken."""
    return whole_axis(float(watch.max_steps or 0), watch.global_step)
