"""The chart of a run and its numbers written to a file, without a screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.errors import RunError
from core.named_files import OccupiedError, write_file
from core.text.visible import visible
from tui.commands.outcome import complain
from tui.panes.train.chart_words import shown_name
from tui.panes.train.curves import mark_of
from tui.panes.train.exports import exports
from tui.panes.train.quantities import quantities
from tui.panes.train.scene import Titled
from tui.panes.train.watch import RunWatch
from tui.widgets.chart import Curve, Plot, along_one_axis

_MOST = 24
"""Plots under one another: a picture of more could be opened nowhere."""
_CHARTS = {"svg", "png", "txt"}
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
    drawn = plots(watches)
    found = {each.suffix: each for each in exports(drawn[:_MOST], watches)}
    export = found.get(file.suffix.lower().removeprefix("."))
    if export is not None and export.suffix in _CHARTS and len(drawn) > _MOST:
        complain(f"The chart has the first {_MOST} of {len(drawn):,} curves; .csv has all numbers.")
    if export is None:
        endings = ", ".join(f".{suffix}" for suffix in found)
        raise RunError(f"{visible(file.name)}: the ending says the format, one of {endings}.")
    try:
        return write_file(file.absolute(), export.make, replace=replace)
    except OccupiedError as error:
        raise RunError(f"{error} --force replaces it.") from error


def plots(watches: Sequence[RunWatch]) -> list[Titled]:
    """The main curve of all runs in one plot, and under it the others that have points."""
    found = quantities([each.history.curves for each in watches])
    drawn = [
        (name, owns)
        for name, owns in found.items()
        if any(each.history.curves.series(own) for each, own in zip(watches, owns, strict=True))
    ]
    made = along_one_axis([_plot(name, owns, watches) for name, owns in drawn])
    whose = f"{watches[0].name}: " if len(watches) == 1 else ""
    titles = [f"{whose}{shown_name(name)}" for name, _ in drawn]
    return list(map(Titled, titles, made))


def _plot(name: str, owns: Sequence[str], watches: Sequence[RunWatch]) -> Plot:
    """One quantity of all runs, each of which calls it by a name of its own."""
    first = watches[0].history
    curves = tuple(
        Curve(
            each.history.curves.series(own),
            each.name,
            raw=number == 0,
            smooth=each.history.curves.is_dense(own),
        )
        for number, (each, own) in enumerate(zip(watches, owns, strict=True))
    )
    marks = [mark_of(each, each.global_step) for each in first.evaluations]
    main = name == first.curves.main
    return Plot(curves, float(watches[0].max_steps or 0), tuple(marks) if main else (), _SMOOTHING)
