"""A run in words and numbers: its heading, its figures, its evaluations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isclose, isfinite

from core.runs import events
from core.runs.config import RunConfig
from core.sizes import loss_text, percent, size_of
from core.text.visible import fit, visible, width
from tui.panes.train.history import RunHistory
from tui.panes.train.remarks import remarks
from tui.panes.train.sheet import Row
from tui.panes.train.watch import RunWatch
from tui.widgets.rows import Part

STATUS_STYLES = {
    "running": "sheet--accent",
    "starting": "sheet--accent",
    "finished": "sheet--good",
    "crashed": "sheet--bad",
    "unreadable": "sheet--bad",
    "failed": "sheet--bad",
    "stalled": "sheet--bad",
}
_LABEL = 14
_WHOLE = 4
"""Characters before the decimal point."""
_TABLE = 8
"""Evaluations that stand beside the chart."""
_NOTED = 24
"""Cells of a run's name in the status line, at most."""
_SMALL_PART = 0.1
"""Of an epoch, below which two decimals of it say little."""
_IN_PANEL = (
    "loss",
    "trend",
    "epoch",
    "step",
    "learning rate",
    "gradient norm",
    "samples/s",
    "padding",
    "memory",
    "threads",
)


_REST: Row = ((" … the rest is among the details", "sheet--label"),)


def rough_duration(seconds: float) -> str:
    """Roughly, so that it is steady: `45 s`, `1 min 40 s`, `12 min`, `3 h 20 min`, `2 d 4 h`."""
    if not isfinite(seconds):
        return "?"
    if seconds < 57.5:
        return f"{max(5, round(seconds / 5) * 5)} s" if seconds >= 1 else "0 s"
    if seconds < 600:
        minutes, rest = divmod(round(seconds / 10) * 10, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 60 * 24:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"


def settings(
    config: RunConfig | None,
    started: events.RunStarted | None = None,
    rate: events.LearningRateSet | None = None,
) -> str:
    """What a run does, in one line of visible text; `rate` was asked for last."""
    if config is None:
        return "its config.json cannot be read"
    model = short_name(config.model) if config.scratch is None else config.scratch.summary
    words = [
        f"{model} on {short_name(config.data)}",
        _length(config, started),
        f"rate {config.learning_rate:g}{_from(rate) if rate else ''}",
        f"batch {config.batch_size}",
        f"seed {config.seed}",
    ]
    words += [config.adapter] if config.adapter != "full" else []
    return visible(" · ".join(words))


def _from(rate: events.LearningRateSet) -> str:
    return f", {rate.learning_rate:g} from step {rate.global_step + 1:,} on"


def _length(config: RunConfig, started: events.RunStarted | None) -> str:
    """Epochs, or steps where their number is what ends the run."""
    epochs = f"{config.epochs} epoch{'' if config.epochs == 1 else 's'}"
    if config.max_steps is None:
        return epochs
    if started is None:
        return f"{epochs}, at most {config.max_steps:,} steps"
    return epochs if started.max_steps < config.max_steps else f"{config.max_steps:,} steps"


def short_name(name: str) -> str:
    """What a model or data is called: a path by its last part."""
    return name.rstrip("/").rpartition("/")[2] if name.startswith(("/", "~", ".")) else name


def heading(watch: RunWatch) -> tuple[list[Part], list[Part]]:
    """The run's name, how it fares and where it is; at the right, the time left."""
    status, history = watch.status, watch.history
    left: list[Part] = [
        (f" {visible(watch.name)}", "sheet--name"),
        ("  ", ""),
        (f"● {status.status}", STATUS_STYLES.get(status.status, "sheet--value")),
    ]
    if status.status == "stalled" and status.last_event_age:
        left.append((f" for {rough_duration(status.last_event_age)}", "sheet--bad"))
    if where := position(watch):
        left.append((f" · {where}", ""))
    phase = history.phase
    if status.is_live and phase is not None:
        left.append((f" · {_phase_words(phase.name, phase.done, phase.total)}", "sheet--value"))
    elif watch.behind:
        left.append((" · reading the log…", ""))
    right: list[Part] = []
    if status.status == "running" and watch.has_all_steps:
        right = [("steps done · evaluates and saves ", "")]
    elif status.status == "running" and (seconds := history.seconds_left()):
        right = [(f"{rough_duration(seconds)} left ", "")]
    return left, right


def position(watch: RunWatch) -> str:
    """`step 233 of 375`; empty before the first one."""
    if not watch.global_step:
        return ""
    end = f" of {watch.max_steps:,}" if watch.max_steps else ""
    return f"step {watch.global_step:,}{end}"


def _phase_words(name: str, done: int | None, total: int | None) -> str:
    words = visible(name[:1].lower() + name[1:])
    if done is None:
        return f"{words}…"
    return f"{words} {done:,} of {total:,}" if total else f"{words} {done:,}"


def run_note(watch: RunWatch) -> str:
    """The run for the status line of the whole app."""
    words = [f"run {fit(visible(watch.name), _NOTED)}"]
    phase = watch.history.phase
    if watch.status.status != "running":
        words.append(watch.status.status)
    if phase is not None and watch.status.is_live and not watch.global_step:
        words.append(_phase_words(phase.name, phase.done, phase.total))
    if watch.global_step:
        words.append(position(watch))
    if watch.history.step is not None:
        words.append(f"loss {float(watch.history.step.loss):.2f}")
    return " · ".join(words)


# --- figures --------------------------------------------------------------------------------


def _pairs(watch: RunWatch, trend: float | None) -> list[tuple[str, str]]:
    """Label and value of the current figures; integer parts are as wide in all of them."""
    history, step = watch.history, watch.history.step
    if step is None:
        return []
    found = [
        ("loss", loss_text(float(step.loss))),
        ("learning rate", f"{step.learning_rate:.2e}"),
        ("samples/s", f"{history.samples_per_second:.1f}"),
        ("trend", "·" if trend is None else loss_text(trend)),
        ("gradient norm", loss_text(float(step.grad_norm))),
        ("padding", percent(history.padding, 0)),
        _progress(watch, step),
        *_machine(history),
    ]
    return [(label, " " * (_WHOLE - _whole(value)) + value) for label, value in found]


def _progress(watch: RunWatch, step: events.Step) -> tuple[str, str]:
    """How far the run came in epochs; in steps where it takes a small part of one."""
    started = watch.history.started
    if started is not None and started.max_steps < _SMALL_PART * started.steps_per_epoch:
        return "step", f"{step.global_step:,} of {started.max_steps:,}"
    epochs = "" if watch.config is None else f" of {_epochs(watch.config, started)}"
    return "epoch", f"{step.epoch:.2f}{epochs}"


def _machine(history: RunHistory) -> list[tuple[str, str]]:
    """What the run takes of the machine, as far as its log says."""
    found = []
    if history.step is not None and history.step.memory:
        found.append(("memory", size_of(history.step.memory)))
    if history.started is not None:
        processes = history.started.world_size
        times = f" in {processes} processes" if processes > 1 else ""
        found.append(("threads", f"{history.started.threads}{times}"))
    return found


def _epochs(config: RunConfig, started: events.RunStarted | None) -> str:
    """How many there will be; fewer than asked for, where the number of steps is what ends it."""
    whole: float = config.epochs
    if started is not None and started.steps_per_epoch:
        whole = started.max_steps / started.steps_per_epoch
    epochs = min(whole, config.epochs)
    return f"{epochs:,.0f}" if epochs >= 100 else f"{epochs:.2f}".rstrip("0").rstrip(".")


def _whole(value: str) -> int:
    """How many characters stand before the decimal point, or before the unit."""
    return len(re.split(r"[. ]", value, maxsplit=1)[0])


def compact(watch: RunWatch, trend: float | None, cells: int, rows: int) -> list[Row]:
    """The figures in a few rows of `cells` cells, for a narrow place under the chart."""
    across = max(1, min(3, cells // 24))
    pairs = _pairs(watch, trend)
    # A label's column is as wide as its longest: what is long, as `2.00 of 2`, keeps its place.
    labels = [
        max((len(label) for label, _ in pairs[at::across]), default=0) for at in range(across)
    ]
    columns = _columns(cells, labels)
    found: list[Row] = []
    for start in range(0, len(pairs), across):
        row: list[Part] = []
        for at, (label, value) in enumerate(pairs[start : start + across]):
            room = columns[at] - labels[at] - 2
            row += [(f" {label:<{labels[at]}} ", "sheet--label")]
            row += [(_indented_less(value, room).ljust(room), "sheet--value")]
        found.append(row)
    below = remarks(watch, cells)
    wrong = sum(row[0][1] == "sheet--bad" for row in below)
    # What is wrong, and the evaluations, are worth more than the last figures.
    left = max(1, rows - min(wrong, 2))
    if watch.history.evaluations:
        found[max(1, min(len(found), left - 1)) :] = [evaluations_in_a_row(watch.history, cells)]
    return [*found[:left], *below][:rows]


def _columns(cells: int, labels: Sequence[int]) -> list[int]:
    """The cells of columns that begin with labels of so many, their values as wide in all."""
    left = max(0, cells - sum(labels) - 2 * len(labels))
    return [label + 2 + left // len(labels) for label in labels]


def _indented_less(value: str, cells: int) -> str:
    """A value without as much of its indent as it is too long."""
    blanks = min(max(0, len(value) - cells), len(value) - len(value.lstrip()))
    return value[blanks:]


def evaluations_in_a_row(history: RunHistory, cells: int) -> Row:
    """The latest accuracies that fit, the oldest first, and what guessing gives where that fits."""
    latest = history.evaluations[-1]
    baseline = f"   majority {percent(latest.majority_baseline)}"
    newest = f" accuracy   {evaluation_place(latest)} {percent(latest.accuracy)}"
    if width(newest + baseline) > cells:
        baseline = ""
    row: list[Part] = []
    room = cells - len(" accuracy") - len(baseline)
    for found in reversed(history.evaluations):
        name = f"   {evaluation_place(found)} "
        value = percent(found.accuracy)
        room -= width(name) + len(value)
        if room < 0:
            break
        row[:0] = [(name, "sheet--label"), (value, "sheet--value")]
    return [(" accuracy", "sheet--label"), *row, (baseline, "sheet--label")]


def evaluation_place(found: events.Evaluation) -> str:
    """`epoch 2` at the end of one, `step 150` within one or where it was asked for; the split."""
    if found.split != "validation":
        return visible(found.split)
    # In a log of another version it may be missing.
    whole = isfinite(found.epoch) and isclose(found.epoch, round(found.epoch))
    ends = whole and found.request is None
    return f"epoch {found.epoch:.0f}" if ends else f"step {found.global_step:,}"


def panel(watch: RunWatch, trend: float | None, cells: int, rows: int) -> list[Row]:
    """The figures, evaluations and remarks in a column of `rows` rows beside the chart."""
    found: list[Row] = []
    for label, value in sorted(_pairs(watch, trend), key=lambda pair: _IN_PANEL.index(pair[0])):
        found.append([(f" {label:<{_LABEL}}", "sheet--label"), (f"{value:<14}", "sheet--value")])
    below = [[], *remarks(watch, cells)]
    if watch.history.evaluations:
        # What is wrong stays in sight, before all but the latest evaluations.
        wrong = sum(bool(row) and row[0][1] == "sheet--bad" for row in below) + 1
        room = rows - len(found) - 3 - wrong
        found += [[], *_evaluation_table(watch.history, max(2, min(_TABLE, room)))]
    found += below
    return found if len(found) <= rows else [*found[: max(0, rows - 1)], _REST]


def _evaluation_table(history: RunHistory, most: int) -> list[Row]:
    """The latest `most`, and the best one."""
    rows: list[Row] = [
        [(f" {'evaluation':<{_LABEL}}{'loss':>8}{'accuracy':>11}", "sheet--label")],
    ]
    best, shown = _best(history), list(history.evaluations)[-most:]
    if best is not None and not any(found is best for found in shown):
        shown[0] = best
    for found in shown:
        where = evaluation_place(found)
        loss = loss_text(float(found.loss))
        rows.append(
            [
                (f" {where:<{_LABEL}}", "sheet--label"),
                (f"{loss:>8}{found.accuracy * 100:>9.1f} %", "sheet--value"),
                (" best loss" if found is best else "", "sheet--good"),
            ]
        )
    baseline = history.evaluations[-1].majority_baseline * 100
    rows.append([(f" {'majority class':<{_LABEL}}{'':>8}{baseline:>9.1f} %", "sheet--label")])
    return rows


def _best(history: RunHistory) -> events.Evaluation | None:
    """The one whose checkpoint is kept: the first with the lowest loss; None where there is one."""
    due = [
        found
        for found in history.evaluations
        if found.split == "validation" and found.request is None and isfinite(float(found.loss))
    ]
    return min(due, key=lambda found: float(found.loss)) if len(due) > 1 else None
