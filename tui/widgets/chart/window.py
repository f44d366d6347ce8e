"""Which part of the x axis is looked at: all of it, its live end, or a place that stands still."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

_LEAPS = 8
"""Into so many parts a live window's width is divided; it moves on by one of them at a time."""
_CLOSEST = 4.0
"""The narrowest window, in units of the x axis."""


@dataclass(frozen=True, slots=True)
class Window:
    """A view of an x axis that goes from 0 to the end of a run.

    `whole` shows all of it, `live` the latest `width` and moves on with what comes, `frozen` the
    `width` from `start` on, whatever comes.
    """

    kind: Literal["whole", "live", "frozen"] = "whole"
    start: float = 0.0
    width: float = 0.0

    def range(self, last: float, end: float) -> tuple[float, float]:
        """First and last x in view; `last` is that of the newest point, `end` the run's."""
        end = max(end, last)
        if self.kind == "whole":
            return 0.0, end
        if self.kind == "frozen":
            return self.start, self.start + self.width
        # By leaps: where every point moved the picture, all of it would be sent each time.
        leap = self.width / _LEAPS
        stop = min(end, ceil(last / leap) * leap) if leap else last
        stop = max(stop, min(end, self.width))
        return max(0.0, stop - self.width), stop

    def zoomed(self, factor: float, last: float, end: float, around: float | None = None) -> Window:
        """`factor` times as wide, `around` staying where it is; without it the right edge stays."""
        start, stop = self.range(last, end)
        width = (stop - start) * factor
        if width >= max(end, last):
            return Window()
        width = max(_CLOSEST, width)
        if around is None:
            if self.kind != "frozen":
                return Window("live", 0.0, width)
            return self._frozen(stop - width, width, last, end)
        share = (around - start) / (stop - start)
        return self._frozen(around - share * width, width, last, end)

    def panned(self, share: float, last: float, end: float) -> Window:
        """Moved by `share` of its width; one that reaches the newest point again is live."""
        start, stop = self.range(last, end)
        if self.kind == "whole":
            return self
        width = stop - start
        moved = start + share * width
        if share > 0 and moved + width >= last:
            return Window("live", 0.0, width)
        return self._frozen(moved, width, last, end)

    def followed(self, last: float, end: float) -> Window:
        """From frozen to live and back, as wide as before."""
        start, stop = self.range(last, end)
        if self.kind == "frozen":
            return Window("live", 0.0, self.width)
        return Window("frozen", start, max(_CLOSEST, stop - start))

    def _frozen(self, start: float, width: float, last: float, end: float) -> Window:
        start = max(0.0, min(start, max(end, last) - width))
        return replace(self, kind="frozen", start=start, width=width)
