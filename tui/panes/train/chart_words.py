"""The line above the charts: what is drawn in them, or the exact values at the crosshair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from core.sizes import loss_text
from core.text.visible import fit_path, visible, width
from tui.panes.train.sheet import curve_style
from tui.widgets.chart import Reading, curve_sign
from tui.widgets.rows import Part

_SHORT_NAMES = {
    "learning_rate": "learning rate",
    "grad_norm": "gradient norm",
    "samples_per_second": "samples/s",
}
_TIGHT = {
    "learning rate": "rate",
    "gradient norm": "norm",
    "validation loss": "val. loss",
    "validation accuracy": "val. acc.",
    "validation f1": "val. f1",
    "memory (MB)": "MB",
    "padding": "pad",
}
"""What is called more shortly where there is little room, by the name it has elsewhere."""
MORE = "  …"
"""Where there are values for which there is no room."""
_NAME_CELLS = (24, 16, 12, 8)
"""To how much a legend's names are cut, the sooner the better."""
Drawn = Sequence[tuple[str, Sequence[Reading]]]
"""Of each chart from the top: what it shows, and its curves' values."""


def shown_name(curve: str) -> str:
    """A curve's name in words, safe to show."""
    return visible(_SHORT_NAMES.get(curve, curve))


def curve_name(alone: bool, run: str, quantity: str) -> str:
    """What a curve beside the losses is called; of a run that is `alone` it is no other's."""
    return shown_name(quantity) if alone else f"{run} {shown_name(quantity)}"


def legend(drawn: Drawn, cells: int, *, plain: bool) -> list[Part]:
    """What each chart shows, and whose curves they are where there are several.

    Long names are cut where that lets all of them stand in `cells` cells; where it does not, or
    would make names alike that differ, it says how many more there are. Where there are many charts
    it is what the first one shows: the others have their names above them.
    """
    titles = [shown_name(name) for name, _ in drawn]
    if width(" · ".join(titles)) >= cells:
        del titles[1:]
    parts: list[Part] = [(f" {' · '.join(titles)}", "sheet--label")]
    charts = [readings for _, readings in drawn]
    room = cells - _width(parts)
    names = _curves(charts, None, plain=plain)
    for longest in _NAME_CELLS:
        if sum(map(_width, names)) <= room:
            break
        shorter = _curves(charts, longest, plain=plain)
        if _distinct(shorter) < _distinct(names):
            break  # rather fewer of them than several that are called alike
        names = shorter
    return [*parts, *_first(names, room)]


def _first(names: Sequence[Sequence[Part]], room: int) -> list[Part]:
    """As many of them as have room, and how many more there are."""
    if sum(map(_width, names)) > room:
        left = room - len(f"  and {len(names):,} more")
        count = 0
        while count < len(names) and _width(names[count]) <= left:
            left -= _width(names[count])
            count += 1
        names = [*names[:count], [(f"  and {len(names) - count:,} more", "sheet--label")]]
    return [part for name in names for part in name]


def _distinct(names: Sequence[Sequence[Part]]) -> int:
    return len({"".join(text for text, _ in name[1:]) for name in names})


def _width(parts: Sequence[Part]) -> int:
    return sum(width(text) for text, _ in parts)


def whose(charts: Sequence[Sequence[Reading]], *, plain: bool) -> list[Part]:
    """The sign and the name of every curve that has a line in one of the charts.

    Each run has its sign in all of them, and needs none where it is alone.
    """
    return [part for curve in _curves(charts, None, plain=plain) for part in curve]


def _curves(
    charts: Sequence[Sequence[Reading]], longest: int | None, *, plain: bool
) -> list[list[Part]]:
    """The same for each curve, its name cut to `longest` cells."""
    found: dict[int, Reading] = {}
    for readings in charts:
        for number, reading in enumerate(readings):
            if not reading.is_none:
                found.setdefault(number, reading)
    if max(map(len, charts), default=0) < 2:
        return []
    curves: list[list[Part]] = []
    said: set[tuple[float, float]] = set()
    for number, reading in sorted(found.items()):
        parts: list[Part] = [(f"  {curve_sign(number, plain=plain)}", curve_style(number))]
        name = visible(reading.name)
        name = name if longest is None else fit_path(name, longest)
        parts.append((f" {name}", "sheet--value"))
        if reading.spread is not None and reading.spread not in said:
            said.add(reading.spread)
            parts.append((f" {spread_words(reading.spread)}", "sheet--label"))
        curves.append(parts)
    return curves


def spread_words(spread: tuple[float, float]) -> str:
    """From which value to which a curve goes that has a scale of its own."""
    low, high = (f"{value:.3g}" for value in spread)
    return f"always {low}" if low == high else f"from {low} to {high}"


@dataclass(frozen=True, slots=True)
class _Words:
    """Which words stand with the values.

    The runs' names, the trends, the curves' whole names, and a sign for those that have no value.
    """

    runs: bool = True
    trends: bool = True
    tight: bool = False
    absent: bool = True


_WORDS = (
    _Words(),
    _Words(runs=False),
    _Words(runs=False, trends=False),
    _Words(runs=False, trends=False, tight=True),
    _Words(runs=False, trends=False, tight=True, absent=False),
)


def values(drawn: Drawn, runs: Sequence[str], cells: int, *, plain: bool) -> list[Part]:
    """The values of all curves; in `cells` cells by fewer and shorter words, at last fewer values.

    No figure is cut: half of one is another.
    """
    groups: list[list[Part]] = []
    for words in _WORDS:
        groups = []
        for name, readings in drawn:
            groups += _of_chart(name, readings, runs, words, plain=plain)
        if sum(map(_width, groups)) <= cells:
            return [part for group in groups for part in group]
    room = cells - len(MORE)
    kept: list[Part] = []
    for group in groups:
        room -= _width(group)
        if room < 0:
            break
        kept += group
    return [*kept, (MORE, "sheet--label")]


def _of_chart(
    name: str, readings: Sequence[Reading], runs: Sequence[str], words: _Words, *, plain: bool
) -> list[list[Part]]:
    """The parts of each value of a chart; with the first one the chart's name, of several runs."""
    alone = len(runs) == 1
    called = shown_name(name)
    if words.tight:
        called = _TIGHT.get(called, called)
    before: list[Part] = [] if alone else [(f"  {called}", "sheet--label")]
    groups: list[list[Part]] = []
    for number, reading in enumerate(readings):
        if reading.is_none or not (reading.is_near or words.absent):
            continue
        parts, before = before, []
        if alone:
            own = reading.name == runs[0]
            parts.append((f"  {called if own else shown_name(reading.name)} ", "sheet--label"))
        else:
            of = f" {visible(reading.name)}" if words.runs else ""
            parts.append((f" {curve_sign(number, plain=plain)}", curve_style(number)))
            parts.append((f"{of} ", "sheet--label"))
        groups.append(parts)
        if not reading.is_near:
            parts.append(("·", "sheet--label"))
            continue
        quantity = name if reading.name in runs else reading.name
        parts.append((_figure(reading.y, quantity), "sheet--value"))
        if reading.trend is not None and words.trends:
            parts.append((f" ~{_figure(reading.trend, quantity)}", "sheet--label"))
    return groups


def _figure(value: float, quantity: str) -> str:
    """As it stands among the figures; what does not stand there with four significant digits."""
    words = quantity.lower().replace("_", " ")
    if "loss" in words or words.endswith("norm") or not isfinite(value):
        return loss_text(value)
    if words.endswith("learning rate"):
        return f"{value:.2e}"
    return f"{value:.4g}"
