"""A run's curves under one another, looked at through one window with one crosshair."""

from __future__ import annotations

from dataclasses import replace

from textual.app import ComposeResult
from textual.widget import Widget

from core.runs.events import Evaluation
from core.text.visible import width
from tui.panes.train.chart_words import legend, shown_name, values
from tui.panes.train.scene import Titled
from tui.panes.train.sheet import WordLine
from tui.panes.train.watch import RunWatch
from tui.widgets.chart import Curve, LineChart, Mark, Plot, Series, Window
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
        """Whether it is drawn over the loss instead, along the same axes."""
        self.window = Window()
        self.cursor: float | None = None
        """The crosshair's x, in steps."""
        self.logarithmic = False
        self.unit: Unit = "steps"
        self.smoothing = SMOOTHINGS.index(0.04)
        self._left = 0
        self._watch: RunWatch | None = None
        self._overlaid: tuple[RunWatch, ...] = ()

    def compose(self) -> ComposeResult:
        self._line = WordLine()
        self._charts = [LineChart() for _ in range(_MOST)]
        yield self._line
        yield from self._charts

    def trend(self, watch: RunWatch) -> float | None:
        """The trend of a run's loss at its newest point; None where it is not wanted."""
        return latest_trend(self._plot(watch, watch.history.curves.main))

    def show(self, watch: RunWatch, overlaid: tuple[RunWatch, ...] = ()) -> None:
        """Draws a run as far as it was read, others' losses over its own."""
        if self._watch is None or self._watch.folder != watch.folder:
            self.window, self.cursor = Window(), None
        if self.unit not in watch.history.curves.units:
            self.unit = "steps"
        self._watch, self._overlaid = watch, overlaid
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
        watches = (self._watch, *self._overlaid)
        names = [name for each in watches if each for name in each.history.curves.names()]
        return [name for name in dict.fromkeys(names) if name != self._main]

    def draw(self) -> None:
        """Draws all charts and the line above them."""
        if self._watch is None or not self.is_mounted:
            return
        names = self.names()
        for chart, name in zip(self._charts, [*names, *[""] * (_MOST - len(names))], strict=True):
            chart.display = bool(name)
            if name:
                chart.show(self._plot(self._watch, name))
        shown = self._charts[: len(names)]
        left = max(chart.labels for chart in shown)
        if left != self._left:
            self._left = left
            for chart, name in zip(shown, names, strict=True):
                chart.show(self._plot(self._watch, name))
        self._line.show(*self._words(names))

    def plots(self) -> list[Titled]:
        """What is seen, with the name of each chart, from the top."""
        watch = self._watch
        if watch is None:
            return []
        names = self.names()
        titles = [f"{watch.name}: {shown_name(name)}" for name in names]
        return [
            Titled(title, self._plot(watch, name))
            for title, name in zip(titles, names, strict=True)
        ]

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
        names = [name]
        if main and self.over and self.second not in {"", ALL}:
            names.append(self.second)
        # The trends are the same however the x axis counts, so that their figures are too.
        steps = whole_axis(float(watch.max_steps or 0), watch.global_step)
        curves = tuple(
            Curve(
                each.history.curves.series(of),
                each.name if of == name else f"{each.name} {of}",
                each.history.curves.axis(of, self.unit),
                raw=number == 0 and of == name,
                points=_points(each.history.curves.series(of), steps),
                smooth=each.history.curves.is_dense(of),
            )
            # The losses of all runs first: their signs are those of the table below.
            for of in names
            for number, each in enumerate((watch, *self._overlaid))
        )
        scale = self._scale
        return Plot(
            curves,
            self._end,
            tuple(self._marks(watch)) if main else (),
            SMOOTHINGS[self.smoothing],
            None if self.window.kind == "whole" else self.window.range(self._last, self._end),
            self.logarithmic and name != "padding",
            None if self.cursor is None else scale(self.cursor),
            self.unit,
            self._left,
        )

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
    def _end(self) -> float:
        """Where the x axis ends; for times that is not known before."""
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
            right.append((f"{self.window.kind}  ", "sheet--accent"))
        if self.logarithmic:
            right.append(("log  ", "sheet--value"))
        if self.unit != "steps":
            right.append((f"by {'time' if self.unit == 'seconds' else self.unit} ", "sheet--label"))
        drawn = [(name, chart.readings) for name, chart in zip(names, self._charts, strict=False)]
        if self.cursor is None or self._watch is None:
            return legend(drawn, plain=self.plain), right
        passed = self._watch.history.curves.place(self.cursor, "seconds")
        left: list[Part] = [
            (f" step {self.cursor:,.0f}", "sheet--accent"),
            (f" · {clock(passed)}", "sheet--label"),
        ]
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


def _points(series: Series, steps: float) -> float:
    """How many points a series has, or will have, in a run of so many steps."""
    return whole_points(series.x, len(series), steps)
