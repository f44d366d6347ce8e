"""The curves of somebody else's run: any names, each with steps and times of its own."""

from __future__ import annotations

from array import array
from math import isfinite

from tui.panes.train.curves import Curves
from tui.panes.train.quantities import LOSSES, is_rate
from tui.widgets.chart import Series
from tui.widgets.chart.scale import Unit

_LOSSES = (*LOSSES, "epoch_loss")
_LATER = ("eval", "val", "test", "epoch")
"""Words in the names of losses that are not those of every step."""


def _rank(name: str) -> tuple[int, int]:
    """The lower, the rather it is what a run is about."""
    lower = name.lower()
    if lower in _LOSSES:
        return 0, _LOSSES.index(lower)
    if "loss" in lower:
        return (2, 0) if any(word in lower for word in _LATER) else (1, 0)
    return 3, 0


class TagCurves(Curves):
    """Grows with what is read; a point takes 24 bytes, and 4 for its summaries."""

    def __init__(self) -> None:
        super().__init__()
        self.by_step = {}
        self._series: dict[str, Series] = {}
        self._times: dict[str, array[float]] = {}
        """Seconds of each curve's points; of a curve without times none."""
        self._main = ""
        self.forgotten = 0
        """Points that others took the place of, logged later from an earlier step on."""

    @property
    def main(self) -> str:
        return self._main

    @property
    def loss(self) -> Series:
        return self.series(self._main)

    @property
    def units(self) -> tuple[Unit, ...]:
        return ("steps", "seconds") if self._times.get(self._main) else ("steps",)

    def names(self) -> list[str]:
        return [name for name in self._series if name != self._main]

    def is_dense(self, name: str) -> bool:
        series = self._series.get(name)
        return series is not None and len(series) > 50 and not is_rate(name)

    def series(self, name: str) -> Series:
        return self._series.get(name, Series())

    def axis(self, name: str, unit: Unit) -> array[float]:
        if unit == "seconds":
            return self._times.get(name, array("d"))
        return self.series(name).x

    def place(self, step: float, unit: Unit) -> float:
        if unit == "steps":
            return step
        index, axis = self.loss.nearest(step), self.axis(self._main, unit)
        return axis[index] if index is not None and axis else 0.0

    def _all(self) -> list[Series]:
        return list(self._series.values())

    @property
    def last_step(self) -> float:
        """The highest step of all curves; 0 before the first point."""
        return max((series.x[-1] for series in self._series.values() if series), default=0.0)

    @property
    def newest(self) -> float | None:
        """When the latest point was logged (Unix seconds); None where that is not known."""
        ends = [axis[-1] for axis in self._times.values() if axis]
        return self._began + max(ends) if ends and self._began is not None else None

    def take_points(
        self, name: str, steps: array[float], times: array[float], values: array[float]
    ) -> None:
        """Adds points, ascending in their steps; `times` are Unix seconds or NaN."""
        series = self._series.get(name)
        if series is None:
            series = self._series[name] = Series()
            self._times[name] = array("d")
            self._main = min(self._series, key=_rank)
        series.x.extend(steps)
        series.extend_values(values)
        axis = self._times[name]
        if len(axis) < len(series) - len(steps) or not any(map(isfinite, times)):
            self._times[name] = array("d")
            return
        latest = axis[-1] if axis else 0.0
        for time in times:
            if isfinite(time):
                if self._began is None:
                    self._began = time
                # A clock that was set back does not turn the axis round.
                latest = max(latest, time - self._began)
            axis.append(latest)

    def rewind(self, name: str, step: float) -> None:
        """Forgets the points of a curve from `step` on."""
        before = self._series.get(name)
        if before is None:
            return
        kept, _ = before.span(step, step)
        while kept < len(before) and before.x[kept] < step:
            kept += 1
        self.forgotten += len(before) - kept
        series = Series()
        series.x.extend(before.x[:kept])
        series.extend_values(before.y[:kept])
        self._series[name] = series
        self._times[name] = self._times[name][:kept]
