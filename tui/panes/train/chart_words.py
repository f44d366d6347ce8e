"""The line above the charts: what is drawn in them, or the exact values at the crosshair."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, isnan

from core.text.visible import visible, width
from tui.panes.train.sheet import curve_style
from tui.widgets.chart import Reading, curve_sign
from tui.widgets.rows import Part

_SHORT_NAMES = {
    "learning_rate": "learning rate",
    "grad_norm": "gradient norm",
    "samples_per_second": "samples/s",
    "validation accuracy": "accuracy",
}
Drawn = Sequence[tuple[str, Sequence[Reading]]]
"""Of each chart from the top: what it shows, and its curves' values."""


def shown_name(curve: str) -> str:
    """A curve's name in words, safe to show."""
    return visible(_SHORT_NAMES.get(curve, curve))


def legend(drawn: Drawn, *, plain: bool) -> list[Part]:
    """What each chart shows, and whose curves they are where there are several."""
    parts: list[Part] = [(f" {' · '.join(shown_name(name) for name, _ in drawn)}", "sheet--label")]
    curves = drawn[0][1] if drawn else ()
    if len(curves) > 1:
        for number, curve in enumerate(curves):
            parts.append((f"  {curve_sign(number, plain=plain)}", curve_style(number)))
            parts.append((f" {visible(curve.name)}", "sheet--value"))
    return parts


def values(drawn: Drawn, runs: Sequence[str], cells: int, *, plain: bool) -> list[Part]:
    """The values of all curves; in `cells` cells, as far as leaving out names and trends helps."""
    parts: list[Part] = []
    for named, trends in ((True, True), (False, True), (False, False)):
        parts = []
        for name, readings in drawn:
            parts += _of_chart(name, readings, runs, plain=plain, named=named, trends=trends)
        if sum(width(text) for text, _ in parts) <= cells:
            break
    return parts


def _of_chart(
    name: str, readings: Sequence[Reading], runs: Sequence[str], *, plain: bool, named: bool,
    trends: bool,
) -> list[Part]:  # fmt: skip
    alone = len(runs) == 1
    parts: list[Part] = [] if alone else [(f"  {shown_name(name)}", "sheet--label")]
    for number, reading in enumerate(readings):
        if isnan(reading.x):
            continue
        if alone:
            own = reading.name == runs[0]
            of = shown_name(name if own else reading.name.removeprefix(f"{runs[0]} "))
            parts.append((f"  {of} ", "sheet--label"))
        else:
            of = f" {visible(reading.name)}" if named else ""
            parts.append((f" {curve_sign(number, plain=plain)}", curve_style(number)))
            parts.append((f"{of} ", "sheet--label"))
        parts.append((_figure(reading.y), "sheet--value"))
        if reading.trend is not None and trends:
            parts.append((f" ~{_figure(reading.trend)}", "sheet--label"))
    return parts


def _figure(value: float) -> str:
    """Four significant digits."""
    return f"{value:.4g}" if isfinite(value) else str(value)
