"""A tensor's own page: its figures, and how its numbers are spread."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from core.engine.protocol import ParameterInspected
from core.engine.protocol.checkpoint import Figures, Histogram
from core.sizes import percent, size_of
from core.text.visible import visible, width
from tui.widgets.headline import Paragraph
from tui.widgets.lines import Row
from tui.widgets.rows import Part

_INDENT = 2
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_LEAST = 3
"""Rows below which a histogram says nothing."""
_MOST = 20
_MOST_CELLS = 6
"""Cells of one bin at the most."""
_COLUMN = 26
_SIDE = 10
"""Cells for the counts at the left of the histogram."""


def headline(inspected: ParameterInspected) -> list[Paragraph]:
    """The tensor in one line."""
    name = (visible(inspected.name), "headline--strong")
    return [[name, (f"  {inspected.parameter.shape}", "")]]


def _origin(inspected: ParameterInspected) -> Row:
    """Where its numbers come from, and how many and what they are."""
    parameter = inspected.parameter
    read = inspected.origin == "checkpoint"
    origin = "read from the checkpoint" if read else "newly initialised at random, in no file"
    kind = "trainable" if parameter.trainable else "frozen"
    facts = f"{parameter.count:,} numbers · {parameter.dtype} · {size_of(parameter.bytes)} · {kind}"
    return [
        (" " * _INDENT, ""),
        (origin, "lines--good" if read else "lines--bad"),
        (f" · {facts}", ""),
    ]


def page(inspected: ParameterInspected, cells: int, height: int) -> list[Row]:
    """The figures, and below them the histogram in what rows remain."""
    figures = _figures(inspected.figures, inspected.parameter.count, cells)
    rows = [_origin(inspected), *figures]
    rows.append([])
    histogram = inspected.figures.histogram
    if histogram is None:
        rows.append([(" " * _INDENT, ""), ("No finite number is in it.", "lines--bad")])
    elif len(histogram.counts) == 1:
        words = f"All {histogram.counts[0]:,} finite numbers are {_number(histogram.low)}."
        rows.append([(" " * _INDENT, ""), (words, "")])
    elif height - len(rows) - 1 >= _LEAST:
        rows += _histogram(histogram, cells, min(_MOST, height - len(rows) - 1))
    return rows


def _figures(figures: Figures, count: int, cells: int) -> Iterator[Row]:
    pairs: list[tuple[str, str, str]] = []
    for name, value in (
        ("mean", figures.mean),
        ("least", figures.minimum),
        ("std", figures.std),
        ("greatest", figures.maximum),
        ("norm", figures.norm),
    ):
        pairs.append((name, "–" if value is None else _number(value), ""))
    pairs.append(("zeros", _share(figures.zeros, count), ""))
    pairs.append(
        ("NaN", _share(figures.nan, count), "lines--bad" if figures.nan else "lines--good")
    )
    worst = "lines--bad" if figures.infinite else "lines--good"
    pairs.append(("infinite", _share(figures.infinite, count), worst))
    across = 4 if cells >= 4 * _COLUMN + _INDENT else 2
    for start in range(0, len(pairs), across):
        row: list[Part] = [(" " * _INDENT, "")]
        for name, text, style in pairs[start : start + across]:
            row.append((f"{name:<10}", "lines--name"))
            row.append((f"{text:<{_COLUMN - 10}}", style))
        yield row


def _share(part: int, count: int) -> str:
    if not part:
        return "none"
    share = part / count
    return f"{part:,} ({percent(share, 2) if share >= 0.00005 else '< 0.01 %'})"


def _number(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else str(value)


def _histogram(histogram: Histogram, cells: int, height: int) -> Iterator[Row]:
    """Bars from below, an eighth of a row exact; the highest count at the left."""
    counts = histogram.counts
    room = cells - 2 * _INDENT - _SIDE
    each = max(1, min(_MOST_CELLS, room // len(counts)))
    shown: Sequence[int] = counts
    if len(counts) > room:
        shown = _merged(counts, max(1, room))
    most = max(shown)
    eighths = [math.ceil(count / most * height * 8) for count in shown]
    for level in range(height - 1, -1, -1):
        label = f"{most:,}" if level == height - 1 else "0" if level == 0 else ""
        bars = "".join(_EIGHTHS[max(0, min(8, e - 8 * level))] * each for e in eighths)
        yield [
            (f"{'':{_INDENT}}{label:>{_SIDE - 1}} ", "lines--name"),
            (bars, "lines--fill"),
        ]
    yield [(" " * (_INDENT + _SIDE), ""), (_axis(histogram, each * len(shown)), "lines--name")]


def _merged(counts: Sequence[int], room: int) -> list[int]:
    """Neighbouring bins added up, so that no more than `room` remain."""
    together = math.ceil(len(counts) / room)
    return [sum(counts[n : n + together]) for n in range(0, len(counts), together)]


def _axis(histogram: Histogram, cells: int) -> str:
    """The least number, zero where it lies between, and the greatest."""
    low, high = f"{histogram.low:.4g}", f"{histogram.high:.4g}"
    middle = ""
    at = 0
    if histogram.low < 0 < histogram.high:
        at = round(-histogram.low / (histogram.high - histogram.low) * cells)
        if width(low) + 1 < at < cells - width(high) - 2:
            middle = "0"
    line = low + " " * max(1, cells - width(low) - width(high)) + high
    return line[:at] + middle + line[at + 1 :] if middle else line
