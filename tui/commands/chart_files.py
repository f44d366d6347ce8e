"""The chart of a run and its numbers written to a file, without a screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.errors import RunError
from core.text.visible import visible
from tui.panes.train.exports import exports
from tui.panes.train.scene import Titled
from tui.panes.train.watch import RunWatch
from tui.saving import OccupiedError, write_file
from tui.widgets.chart import Curve, Mark, Plot

_MOST = 4
"""Plots under one another."""
_SMOOTHING = 0.04


def read_whole(watch: RunWatch) -> RunWatch:
    """Reads a run's log to its end."""
    while watch.read(1.0) or watch.behind:
        pass
    return watch


def write_chart(file: Path, watches: Sequence[RunWatch], *, replace: bool) -> int:
    """Writes `file`, whose ending says the format; returns its bytes.

    Raises `RunError` for an ending that is not known, and a `TermformerError` where the file
    cannot be written.
    """
    found = {each.suffix: each for each in exports(plots(watches), watches)}
    export = found.get(file.suffix.lower().removeprefix("."))
    if export is None:
        endings = ", ".join(f".{suffix}" for suffix in found)
        raise RunError(f"{visible(file.name)}: the ending says the format, one of {endings}.")
    try:
        return write_file(file.absolute(), export.make, replace=replace)
    except OccupiedError as error:
        raise RunError(f"{error} --force replaces it.") from error


def plots(watches: Sequence[RunWatch]) -> list[Titled]:
    """The main curve of all runs in one plot, and under it the next ones that have points."""
    first = watches[0].history.curves
    names = [name for name in dict.fromkeys([first.main, *first.names()]) if first.series(name)]
    return [_titled(name, watches) for name in names[:_MOST]]


def _titled(name: str, watches: Sequence[RunWatch]) -> Titled:
    main = name == watches[0].history.curves.main
    curves = tuple(
        Curve(each.history.curves.series(name), each.name, raw=number == 0)
        for number, each in enumerate(watches)
    )
    marks = [Mark(each.global_step, float(each.loss)) for each in watches[0].history.evaluations]
    plot = Plot(
        curves,
        float(watches[0].max_steps or 0),
        tuple(marks) if main else (),
        _SMOOTHING if watches[0].history.curves.is_dense(name) else 0.0,
    )
    return Titled(f"{watches[0].name}: {name.replace('_', ' ')}", plot)
