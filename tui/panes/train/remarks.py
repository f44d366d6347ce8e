"""Remarks on a run: what is wrong with it or its log, warnings, what its worker chose and why."""

from __future__ import annotations

from core.runs.log import ProblemKind
from core.sizes import trained_of
from core.text.visible import visible
from tui.panes.train.sheet import Row, wrapped
from tui.panes.train.watch import RunWatch
from tui.widgets.rows import Part

_WORDS: dict[ProblemKind, tuple[str, str]] = {
    "unknown_type": ("event of an unknown type", "events of unknown types"),
    "bad_line": ("unreadable line", "unreadable lines"),
    "partial": ("line readable in part", "lines readable in part"),
    "long_line": ("overlong line", "overlong lines"),
    "hole": ("hole", "holes"),
    "repeated": ("line that came again", "lines that came again"),
}


def remarks(watch: RunWatch, cells: int) -> list[Row]:
    """The remarks in rows of `cells` cells, all but the first of each indented."""
    return [
        [(f"   {line}" if number else f" {line}", style)]
        for text, style in _remark_texts(watch)
        for number, line in enumerate(wrapped(visible(text), cells - 3))
    ]


def _remark_texts(watch: RunWatch) -> list[Part]:
    """What is wrong, warnings, what the worker chose and why."""
    history = watch.history
    texts: list[Part] = []
    if count := history.curves.loss.gaps:
        steps = "1 step has" if count == 1 else f"{count:,} steps have"
        words = f"{steps} a loss that is no finite number: a gap, marked ×."
        texts.append((words, "sheet--bad"))
    if words := fault_words(watch):
        texts.append((words, "sheet--bad"))
    if watch.config is None:
        words = "Its config.json cannot be read: with what it was started is not known."
        texts.append((words, "sheet--bad"))
    texts += [(warning.message, "sheet--value") for warning in list(history.warnings)[-3:]]
    if history.started is not None:
        started = history.started
        # What another version's log does not say is not 0.
        rows = f"{started.train_rows:,} + {started.validation_rows:,} rows"
        trained = trained_of(started.trainable, started.parameters)
        parts = (rows * bool(started.train_rows), trained * bool(started.parameters))
        words = " · ".join(filter(None, (*parts, started.device)))
        texts += [(note, "sheet--label") for note in (words, *started.notes) if note]
    return texts


def fault_words(watch: RunWatch) -> str:
    """How many faults of which kinds there are, and the first; empty for a sound log."""
    history = watch.history
    kinds = [
        f"{count:,} {_WORDS[kind][count > 1]}"
        for kind in _WORDS
        if (count := history.problems[kind])
    ]
    if watch.is_torn:
        kinds.append("a torn end")
    count = history.problems.total() + watch.is_torn
    if not count:
        return ""
    faults = "1 fault" if count == 1 else f"{count:,} faults"
    words = f"{faults} in the log: {', '.join(kinds)}."
    first = history.first_problem
    return (
        f"{words} The first is in line {first.line}: {visible(first.message)}" if first else words
    )
