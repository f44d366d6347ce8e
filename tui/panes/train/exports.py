"""What is watched as files: the chart as it is seen, and all its numbers."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator, Sequence
from math import isfinite

import msgspec

from core.runs.events import number
from tui.panes.train.chart_words import whose
from tui.panes.train.drawing import as_png, as_svg
from tui.panes.train.probes import probe_curves
from tui.panes.train.scene import Titled, caption, scene
from tui.panes.train.watch import RunWatch
from tui.widgets.chart import Series
from tui.widgets.chart.picture import draw
from tui.widgets.pane import Export

_TEXT = (100, 26)
"""Columns and rows of each plot as text."""


class Value(msgspec.Struct, frozen=True):
    """One number, as a line of JSON; `seconds` since the run's first, None where not known."""

    run: str
    name: str
    step: int | float
    seconds: float | None
    value: float | str


def exports(
    plots: Sequence[Titled], watches: Sequence[RunWatch], *, plain: bool = False
) -> list[Export]:
    """The files that `plots` and the numbers of `watches` can be written to."""
    return [
        Export("svg", "the chart as lines, for papers and slides", lambda: as_svg(scene(plots))),
        Export("png", "the chart as a picture", lambda: as_png(scene(plots))),
        Export("txt", "the chart as characters", lambda: as_text(plots, plain=plain)),
        Export("csv", "every number: run, name, step, seconds, value", lambda: as_csv(watches)),
        Export("jsonl", "the same, one JSON object a line", lambda: as_jsonl(watches)),
    ]


def as_text(plots: Sequence[Titled], *, plain: bool) -> str:
    """Each plot under its title and whose curves are in it; braille, or ASCII where `plain`."""
    parts = []
    for each in plots:
        picture = draw(each.plot, *_TEXT, plain=plain)
        legend = "".join(text for text, _ in whose([picture.readings], plain=plain)).strip()
        rows = (row.text.rstrip() for row in picture.rows)
        title = f"{each.title}   ({caption(each.plot)})"
        parts.append("\n".join([title, *filter(None, [legend]), *rows, ""]))
    return "\n".join(parts)


def as_csv(watches: Sequence[RunWatch]) -> str:
    """RFC 4180, but for line ends; numbers that are not finite are written as NaN, Infinity."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(Value.__struct_fields__)
    for found in values(watches):
        seconds = "" if found.seconds is None else found.seconds
        writer.writerow((found.run, found.name, found.step, seconds, found.value))
    return output.getvalue()


def as_jsonl(watches: Sequence[RunWatch]) -> bytes:
    """One `Value` a line."""
    encode = msgspec.json.Encoder().encode
    return b"".join(encode(found) + b"\n" for found in values(watches))


def values(watches: Sequence[RunWatch]) -> Iterator[Value]:
    """Every number of every run, curve by curve, in the order of the steps; at last the probes."""
    for watch in watches:
        curves = watch.history.curves
        for name in dict.fromkeys([curves.main, *curves.names()]):
            series = curves.series(name)
            times = curves.axis(name, "seconds")
            yield from _values(watch.name, name, series, times)
        for name, series in probe_curves(watch):
            times = array("d", [curves.place(step, "seconds") for step in series.x])
            yield from _values(watch.name, name, series, times)


def _values(run: str, name: str, series: Series, times: array[float]) -> Iterator[Value]:
    """Those of a curve; `times` are the seconds of its points, empty where they are not known."""
    for index in range(len(series)):
        step = series.x[index]
        yield Value(
            run,
            name,
            int(step) if step.is_integer() else step,
            round(times[index], 6) if times and isfinite(times[index]) else None,
            number(series.y[index]),
        )
