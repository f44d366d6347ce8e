"""The editor's sentences as a run sees them: probabilities over time, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.runs.events import ProbeResult
from core.text.sentences import Sentence
from core.text.visible import fit, visible, width
from tui.panes.train.sheet import Row, curve_style
from tui.panes.train.watch import RunWatch
from tui.widgets.chart import Curve, Plot, Series, curve_sign
from tui.widgets.rows import Part

MOST = 32
"""Sentences that are classified at each evaluation, the first of the editor's."""
LONGEST = 2_000
"""Characters of a sentence above which it is left out: a run is not to wait for it."""
_DRAWN = 5
"""Sentences that have curves at once."""
_LABEL = 16
"""Cells of a predicted label, at most."""


def probes_of(sentences: Sequence[Sentence]) -> list[str]:
    """What of the editor's sentences, pairs too, a run can be asked to classify."""
    texts = [str(each) for each in sentences if each.text.strip()]
    return list(dict.fromkeys(text for text in texts if len(text) <= LONGEST))[:MOST]


def ordered(watch: RunWatch, chosen: int) -> list[str]:
    """The sentences that have curves, the chosen one first, as the chart draws them."""
    sentences = watch.history.probes.sentences
    if not sentences:
        return []
    at = min(chosen, len(sentences) - 1)
    return [sentences[at], *sentences[:at], *sentences[at + 1 :]]


def left_out(sentences: Sequence[Sentence]) -> str:
    """What of the editor's sentences is no probe, as a sentence; empty where all are."""
    different = {str(each) for each in sentences if each.text.strip()}
    count = len(different) - len(probes_of(sentences))
    if not count:
        return ""
    number = "1 sentence is no probe" if count == 1 else f"{count:,} sentences are no probes"
    return f"{number}: a run takes {MOST} of up to {LONGEST:,} characters."


def label_shown(watch: RunWatch, label: int) -> tuple[int, str]:
    """Which label's probability is drawn, and its name; the last one at first."""
    started = watch.history.started
    latest = watch.history.probes.latest
    count = len(started.labels) if started else 0
    count = count or (len(latest.results[0].probabilities) if latest else 0)
    if not count:
        return 0, "label"
    at = (label - 1) % count
    return at, visible(_label(watch, at))


def _label(watch: RunWatch, at: int) -> str:
    """What label `at` is called."""
    labels = watch.history.started.labels if watch.history.started else []
    return labels[at] if at < len(labels) else f"label {at}"


def probe_curves(watch: RunWatch) -> Iterator[tuple[str, Series]]:
    """The probability of each label of each sentence that is remembered, by a name that says so."""
    for sentence, curves in watch.history.probes.curves.items():
        for at, series in enumerate(curves):
            yield f"P({_label(watch, at)}) {sentence}", series


def probe_plot(watch: RunWatch, chosen: int, label: int) -> Plot:
    """The curves of the sentences that are classified now, over the steps of the run."""
    at, _ = label_shown(watch, label)
    curves = []
    for sentence in ordered(watch, chosen)[:_DRAWN]:
        series = watch.history.probes.curves.get(sentence, [])
        if at < len(series):
            curves.append(Curve(_percent(series[at]), visible(sentence), raw=False, smooth=False))
    return Plot(tuple(curves), float(watch.max_steps or 0))


def _percent(series: Series) -> Series:
    """The shares as percentages."""
    found = Series()
    found.extend(series.x, [100 * share for share in series.y])
    return found


def probe_rows(
    watch: RunWatch, chosen: int, label: int, cells: int, *, plain: bool
) -> tuple[list[Row], int]:
    """A row a sentence: now and at first; returns the rows and which one is marked."""
    latest = watch.history.probes.latest
    if latest is None:
        return [[(f" {_empty(watch)}", "sheet--label")]], 0
    at, name = label_shown(watch, label)
    heads = f"{'now':>11}{'first':>8}   P({name}), %, at step {latest.global_step:,}"
    label_cells = min(_LABEL, max(width(visible(each.predicted)) for each in latest.results))
    rows: list[Row] = [[(heads, "sheet--label")]]
    drawn = {text: place for place, text in enumerate(ordered(watch, chosen)[:_DRAWN])}
    for number, result in enumerate(latest.results):
        first = watch.history.probes.first.get(result.text, result)
        place = drawn.get(result.text)
        sign = (" ", "") if place is None else (curve_sign(place, plain=plain), curve_style(place))
        rows.append(_row(result, first, at, sign, label_cells, chosen=number == chosen))
    return rows, 1 + min(chosen, len(latest.results) - 1)


def _row(
    result: ProbeResult, first: ProbeResult, at: int, sign: Part, cells: int, *, chosen: bool
) -> Row:
    now, before = (_share(each, at) for each in (result, first))
    label = fit(visible(result.predicted), cells)
    label += " " * (cells - width(label))
    turned = "" if first.predicted == result.predicted else f"was {visible(first.predicted)}  "
    figures = f"{now:>7}{before:>8}   "
    if chosen:
        words = f" › {sign[0]}{figures}{label}  {turned}{visible(result.text)}"
        return [(words, "sheet--cursor")]
    return [
        ("   ", ""),
        sign,
        (figures, "sheet--value"),
        (f"{label}  ", "sheet--label"),
        (turned, "sheet--accent"),
        (visible(result.text), "sheet--value"),
    ]


def _share(result: ProbeResult, at: int) -> str:
    if at >= len(result.probabilities):
        return "·"
    return f"{float(result.probabilities[at]) * 100:.1f}"


def _empty(watch: RunWatch) -> str:
    if watch.status.is_live:
        return "The editor's sentences are classified at the next evaluation; v evaluates now."
    return "No sentence was classified while this run went on."
