"""A run's curves under one another, looked at through one window with one crosshair."""

from __future__ import annotations

from dataclasses import replace

from textual.app import ComposeResult
from textual.widget import Widget

from core.runs.events import Evaluation
from core.text.visible import width
from tui.panes.train.chart_words import curve_name, legend, shown_name, values
from tui.panes.train.quantities import Quantities, is_loss, quantities
from tui.panes.train.scene import Titled
from tui.panes.train.sheet import WordLine
from tui.panes.train.watch import RunWatch
from tui.widgets.chart import Curve, LineChart, Mark, Plot, Series, Window, along_one_axis
from tui.widgets.chart.picture import latest_trend
from tui.widgets.chart.scale import Unit, clock, whole_axis
from tui.widgets.chart.trend import whole_points
from tui.widgets.rows import Part

ALL = "all"
SMOOTHINGS = (0.0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16)
_MOST = 4
_LOWEST = 6
"""Rows of a chart below which the last one gives way."""


class Charts(Widget):
    """The loss, and what the user puts under it. Every change is drawn at once."""

    DEFAULT_CSS = """
    Charts { height: 1fr; width: 1fr; layout: vertical; }
    Charts LineChart { height: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.second = ""
        """What stands under the loss: the name of a curve, `ALL`, or nothing."""
        self.over = False
        """Whether it is drawn over the loss instead."""
        self.window = Window()
        self.cursor: float | None = None
        """The crosshair's x, in steps."""
        self.logarithmic = False
        self.unit: Unit = "steps"
        self.smoothing = SMOOTHINGS.index(0.04)
        self._left = 0
        self._end = 0.0
        """Where the x axis of all charts ends, as they were last drawn."""
        self._quantities: Quantities = {}
        self._watch: RunWatch | None = None
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
        if self.second not in {"", ALL, *self._others()}:
            self.second = ""
        self.draw()

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    # --- drawing --------------------------------------------------------------------------

    def names(self) -> list[str]:
        """What is drawn, from the top, as far as there is room."""
        room = max(1, self.size.height // _LOWEST)
        below = self._others() if self.second == ALL else [self.second] * (not self.over)
        return [self._main, *(name for name in below if name)][: min(room, _MOST)]

    @property
    def _main(self) -> str:
        """What stands first: the loss."""
        return "loss" if self._watch is None else self._watch.history.curves.main

    def _others(self) -> list[str]:
        """All curves that may stand under it, of all runs that are drawn."""
        return [name for name in self._quantities if name != self._main]

    @property
    def lacks_room(self) -> bool:
        """Whether nothing that was asked for under the loss stands there."""
        return self.second != "" and not self.over and len(self.names()) == 1

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
        for chart, plot in zip(charts, self._plots(names), strict=True):
            chart.show(plot)

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
        scale = self._scale
        return Plot(
            curves,
            self._planned,
            tuple(self._marks(watch)) if main else (),
            SMOOTHINGS[self.smoothing],
            None,
            self.logarithmic and name != "padding",
            None if self.cursor is None else scale(self.cursor),
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
        return [_mark(found, self._scale(found.global_step)) for found in watch.history.evaluations]

    def _scale(self, step: float) -> float:
        """A step's place on the x axis."""
        return step if self._watch is None else self._watch.history.curves.place(step, self.unit)

    @property
    def _last(self) -> float:
        """The x of the newest step."""
        return 0.0 if self._watch is None else self._scale(self._watch.global_step)

    @property
    def _view(self) -> tuple[float, float] | None:
        """The part of the x axis that is seen, None for all of it."""
        return None if self.window.kind == "whole" else self.window.range(self._last, self._end)

    @property
    def _planned(self) -> float:
        """Where the x axis would end by what the run is to do; for times that is not known."""
        if self._watch is None:
            return 0.0
        if self.unit == "seconds":
            return 0.0 if self._watch.status.is_live else self._last
        if self._watch.max_steps is None and not self._watch.may_grow:
            return self._last
        return self._scale(self._watch.max_steps or 0)

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
            left.append((f" · {clock(curves.place(self.cursor, 'seconds'))}", "sheet--label"))
        room = self.size.width - sum(width(text) for text, _ in (*left, *right))
        runs = [each.name for each in self.drawn]
        return [*left, *values(drawn, runs, room, plain=self.plain)], right

    # --- what keys do ---------------------------------------------------------------------

    def next_second(self) -> None:
        """The next quantity under the loss, then all, then none."""
        order = ["", *self._others(), ALL]
        place = order.index(self.second) if self.second in order else 0
        self.second = order[(place + 1) % len(order)]
        self.call_after_refresh(self.draw)
        self.draw()

    def next_unit(self) -> None:
        """The x axis in steps, samples or time, as far as known; the window begins anew."""
        units = ("steps",) if self._watch is None else self._watch.history.curves.units
        place = units.index(self.unit) if self.unit in units else 0
        self.unit = units[(place + 1) % len(units)]
        self.window = Window()
        self.draw()

    def toggle_over(self) -> None:
        """What stands under the loss, over it in one chart; and back."""
        self.over = not self.over
        if self.over and self.second in {"", ALL}:
            others = self._others()
            losses = [name for name in others if "loss" in name.lower()]
            self.second = (losses or others or [""])[0]
        self.call_after_refresh(self.draw)
        self.draw()

    def toggle_logarithmic(self) -> None:
        """The y axis linear or logarithmic."""
        self.logarithmic = not self.logarithmic
        self.draw()

    def smooth(self, step: int) -> None:
        """A stronger or weaker trend; the weakest is none."""
        self.smoothing = max(0, min(len(SMOOTHINGS) - 1, self.smoothing + step))
        self.draw()

    def zoom(self, factor: float) -> None:
        """Around the crosshair where there is one, else at the newest steps."""
        around = None if self.cursor is None else self._scale(self.cursor)
        self.window = self.window.zoomed(factor, self._last, self._end, around)
        self.draw()

    def pan(self, share: float) -> None:
        """Moves a window that does not show the whole."""
        self.window = self.window.panned(share, self._last, self._end)
        self.draw()

    def follow(self) -> None:
        """From live to frozen and back."""
        self.window = self.window.followed(self._last, self._end)
        self.draw()

    def whole(self) -> None:
        """The whole run, without a crosshair."""
        self.window, self.cursor = Window(), None
        self.draw()

    def move_cursor(self, cells: int) -> None:
        """Moves the crosshair by `cells` columns, at least by one step; it appears at the end."""
        watch = self._watch
        if watch is None or not watch.history.curves.loss:
            return
        steps = watch.history.curves.loss.x
        if self.cursor is None:
            self.cursor = steps[-1]
            self.draw()
            return
        chart = self._charts[0]
        x = chart.moved(self._scale(self.cursor), cells)
        axis = watch.history.curves.axis(self._main, self.unit)
        index = watch.history.curves.loss.nearest(x, axis)
        here = watch.history.curves.loss.nearest(self.cursor)
        if index is not None and here is not None:
            if index == here:
                index = max(0, min(len(steps) - 1, here + (1 if cells > 0 else -1)))
            self.cursor = steps[index]
        start, stop = self.window.range(self._last, self._end)
        place = self._scale(self.cursor)
        if self.window.kind != "whole" and not start <= place <= stop:
            moved = place - (stop if place > stop else start)
            self.window = replace(
                self.window, kind="frozen", start=start + moved, width=stop - start
            )
        self.draw()


def _mark(found: Evaluation, x: float) -> Mark:
    return Mark(x, float(found.loss), "hollow" if found.split == "test" else "filled")


def _steps(watch: RunWatch) -> float:
    """How many steps a run takes, or has taken."""
    return whole_axis(float(watch.max_steps or 0), watch.global_step)
