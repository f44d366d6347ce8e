"""What is looked at of a run's curves, and the keys that change it; each says what is not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual.widget import Widget

from core.sizes import percent
from tui.panes.train.watch import RunWatch
from tui.widgets.chart import Window
from tui.widgets.chart.scale import Unit

ALL = "all"
SMOOTHINGS = (0.0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16)


_NO_OTHER = "There is no other curve yet."


class Looking(Widget):
    """The window, the crosshair and the axes.

    Keys change them by the methods below; whoever calls one says what it returns, and draws.
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
        self._end = 0.0
        """Where the x axis of all charts ends, as they were last drawn."""
        self._watch: RunWatch | None = None

    # --- what those that are drawn know ---------------------------------------------------

    def draw(self) -> None:
        """Draws all charts."""
        raise NotImplementedError

    def others(self) -> Sequence[str]:
        """All curves that may stand under the loss."""
        raise NotImplementedError

    def lacks(self) -> str:
        """What there is no room for, as a sentence; empty where all is seen."""
        raise NotImplementedError

    def averaged(self) -> int:
        """About how many values the trend of the loss takes the mean of."""
        raise NotImplementedError

    def moved(self, x: float, cells: int) -> float:
        """The x so many columns further right."""
        raise NotImplementedError

    def place(self, step: float) -> float:
        """A step's place on the x axis."""
        return step if self._watch is None else self._watch.history.curves.place(step, self.unit)

    @property
    def last(self) -> float:
        """The x of the newest step."""
        return 0.0 if self._watch is None else self.place(self._watch.global_step)

    # --- what keys do ---------------------------------------------------------------------

    def next_second(self) -> str:
        """The next quantity under the loss, then all, then none."""
        others = self.others()
        if not others:
            return _NO_OTHER
        order = ["", *others, ALL]
        at = order.index(self.second) if self.second in order else 0
        self.second = order[(at + 1) % len(order)]
        self.call_after_refresh(self.draw)
        return self.lacks()

    def next_unit(self) -> str:
        """The x axis in steps, samples or time, as far as known; the window begins anew."""
        units = ("steps",) if self._watch is None else self._watch.history.curves.units
        if len(units) == 1:
            return "Its files tell no times: x counts the steps."
        at = units.index(self.unit) if self.unit in units else 0
        self.unit = units[(at + 1) % len(units)]
        self.window = Window()
        return ""

    def toggle_over(self) -> str:
        """What stands under the loss, over it in one chart; and back."""
        if not self.others():
            return _NO_OTHER
        self.over = not self.over
        if self.over and self.second in {"", ALL}:
            others = self.others()
            losses = [name for name in others if "loss" in name.lower()]
            self.second = (losses or others)[0]
        self.call_after_refresh(self.draw)
        return self.lacks()

    def toggle_logarithmic(self) -> None:
        """The y axis linear or logarithmic."""
        self.logarithmic = not self.logarithmic

    def smooth(self, step: int) -> str:
        """A stronger or weaker trend; the weakest is none."""
        self.smoothing = max(0, min(len(SMOOTHINGS) - 1, self.smoothing + step))
        share = SMOOTHINGS[self.smoothing]
        if not share:
            return "No trend is drawn: there are the values alone."
        part = percent(share, 0 if share >= 0.01 else 1)
        most = " It gets no smoother." if self.smoothing == len(SMOOTHINGS) - 1 else ""
        return f"The trend averages about {self.averaged():,} values, {part} of the run.{most}"

    def zoom(self, factor: float) -> str:
        """Around the crosshair where there is one, else at the newest steps."""
        around = None if self.cursor is None else self.place(self.cursor)
        before = self.window
        self.window = before.zoomed(factor, self.last, self._end, around)
        if self.window != before:
            return ""
        return "The whole run is in sight." if factor > 1 else "Closer than this it cannot be seen."

    def pan(self, share: float) -> str:
        """Moves a window that does not show the whole."""
        if self.window.kind == "whole":
            return "The whole run is in sight: there is nothing earlier or later."
        self.window = self.window.panned(share, self.last, self._end)
        return ""

    def follow(self) -> str:
        """From live to frozen and back."""
        if self._watch is None or not self._watch.may_grow:
            return "No steps are to come: there is nothing to follow."
        self.window = self.window.followed(self.last, self._end)
        return ""

    def whole(self) -> None:
        """The whole run, without a crosshair."""
        self.window, self.cursor = Window(), None

    def move_cursor(self, cells: int) -> None:
        """Moves the crosshair by `cells` columns, at least by one step; it appears at the end."""
        watch = self._watch
        if watch is None or not watch.history.curves.loss:
            return
        curves = watch.history.curves
        steps = curves.loss.x
        if self.cursor is None:
            self.cursor = steps[-1]
            return
        x = self.moved(self.place(self.cursor), cells)
        index = curves.loss.nearest(x, curves.axis(curves.main, self.unit))
        here = curves.loss.nearest(self.cursor)
        if index is not None and here is not None:
            if index == here:
                index = max(0, min(len(steps) - 1, here + (1 if cells > 0 else -1)))
            self.cursor = steps[index]
        start, stop = self.window.range(self.last, self._end)
        place = self.place(self.cursor)
        if self.window.kind != "whole" and not start <= place <= stop:
            moved = place - (stop if place > stop else start)
            self.window = replace(
                self.window, kind="frozen", start=start + moved, width=stop - start
            )
