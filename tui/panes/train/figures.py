"""A run in words and numbers: its heading, its figures, its evaluations, its last word."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, isnan

from core.runs import events
from core.runs.config import RunConfig
from core.text.visible import visible, width
from tui.panes.train.history import RunHistory
from tui.panes.train.sheet import Row, wrapped
from tui.panes.train.watch import RunWatch
from tui.widgets.rows import Part

STATUS_STYLES = {
    "running": "sheet--accent",
    "starting": "sheet--accent",
    "finished": "sheet--good",
    "crashed": "sheet--bad",
    "failed": "sheet--bad",
    "stalled": "sheet--bad",
}
_LABEL = 15
_NUMBER = 9


def duration(seconds: float) -> str:
    """Roughly, so that it is steady: `45 s`, `1 min 40 s`, `12 min`, `3 h 20 min`, `2 d 4 h`."""
    if seconds < 60:
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


def loss_text(value: float) -> str:
    """Four decimals, or what a number too large or none at all needs."""
    if not isfinite(value):
        return "NaN" if isnan(value) else "infinite"
    return f"{value:.4f}" if abs(value) < 1e4 else f"{value:.3e}"


def settings(config: RunConfig | None) -> str:
    """What a run does, in one line of visible text."""
    if config is None:
        return "its config.json cannot be read"
    words = [
        f"{_short(config.model)} on {_short(config.data)}",
        f"{config.epochs} epoch{'' if config.epochs == 1 else 's'}",
        f"rate {config.learning_rate:g}",
        f"batch {config.batch_size}",
        f"seed {config.seed}",
    ]
    words += [f"{config.max_steps} steps"] if config.max_steps else []
    words += [config.adapter] if config.adapter != "full" else []
    return visible(" · ".join(words))


def _short(name: str) -> str:
    """A path by its last part."""
    return name.rstrip("/").rpartition("/")[2] if name.startswith(("/", "~", ".")) else name


def heading(watch: RunWatch) -> tuple[list[Part], list[Part]]:
    """The run's name, how it fares and where it is; at the right, the time left."""
    status, history = watch.status, watch.history
    left: list[Part] = [
        (f" {visible(watch.name)}  ", "sheet--name"),
        (f"● {status.status}", STATUS_STYLES.get(status.status, "sheet--value")),
    ]
    if status.status == "stalled" and status.last_event_age:
        left.append((f" for {duration(status.last_event_age)}", "sheet--bad"))
    if where := position(watch):
        left.append((f" · {where}", ""))
    phase = history.phase
    if status.is_live and phase is not None:
        left.append((f" · {_phase_words(phase.name, phase.done, phase.total)}", "sheet--value"))
    elif watch.behind:
        left.append((" · reading the log…", ""))
    seconds = history.seconds_left() if status.status == "running" else None
    return left, [(f"{duration(seconds)} left ", "")] if seconds else []


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
    words = [f"run {visible(watch.name)}"]
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
    """Label and value of the current figures, the most useful first."""
    history, step = watch.history, watch.history.step
    if step is None:
        return []
    epochs = "" if watch.config is None else f" of {watch.config.epochs}"
    return [
        ("loss", loss_text(float(step.loss))),
        ("trend", "" if trend is None else loss_text(trend)),
        ("samples/s", f"{history.samples_per_second:.1f}"),
        ("padding", f"{history.padding:.0%}"),
        ("learning rate", f"{step.learning_rate:.2e}"),
        ("gradient norm", loss_text(float(step.grad_norm))),
        ("epoch", f"{step.epoch:.2f}{epochs}"),
    ]


def compact(watch: RunWatch, trend: float | None, cells: int, rows: int) -> list[Row]:
    """The figures in a few rows of `cells` cells, for a narrow place under the chart."""
    across = max(1, min(4, cells // 19))
    column = cells // across
    pairs = _pairs(watch, trend)
    found: list[Row] = []
    for start in range(0, len(pairs), across):
        row: list[Part] = []
        for label, value in pairs[start : start + across]:
            taken = 1 + len(label) + 1 + len(value)
            # As long as it fits, the value begins at the same cell in every row.
            space = " " * max(1, min(_LABEL, column - len(value) - 2) - len(label))
            row += [(f" {label}{space}", "sheet--label"), (value, "sheet--value")]
            row.append((" " * max(0, column - taken - len(space) + 1), ""))
        found.append(row)
    if watch.history.evaluations:
        found.append(_evaluations_in_a_row(watch.history, cells))
    found += [[(f" {line}", "sheet--label")] for line in _remarks(watch, cells - 2)]
    return found[:rows]


def _evaluations_in_a_row(history: RunHistory, cells: int) -> Row:
    """The latest accuracies that fit, the oldest first."""
    baseline = f"   majority {history.evaluations[-1].majority_baseline:.1%}"
    row: list[Part] = []
    room = cells - len(" accuracy") - len(baseline)
    for found in reversed(history.evaluations):
        name = f"   {_where(found)} "
        value = f"{found.accuracy:.1%}"
        room -= width(name) + len(value)
        if room < 0:
            break
        row[:0] = [(name, "sheet--label"), (value, "sheet--value")]
    return [(" accuracy", "sheet--label"), *row, (baseline, "sheet--label")]


def _where(found: events.Evaluation) -> str:
    if found.split != "validation":
        return visible(found.split)
    return f"epoch {found.epoch:.0f}" if found.request is None else f"step {found.global_step:,}"


def panel(watch: RunWatch, trend: float | None, cells: int) -> list[Row]:
    """The figures, evaluations and remarks in a column beside the chart."""
    rows: list[Row] = []
    for label, value in _pairs(watch, trend):
        whole, point, decimals = value.partition(".")
        if label in {"loss", "trend", "samples/s", "gradient norm", "learning rate", "epoch"}:
            # Numbers stand with their decimal points one above the other.
            shown = f"{whole:>5}{point}{decimals}"
        else:
            shown = f"{value.removesuffix('%'):>5}" + (" %" if value.endswith("%") else "")
        rows.append([(f" {label:<{_LABEL}}", "sheet--label"), (f"{shown:<14}", "sheet--value")])
    if watch.history.evaluations:
        rows += [[], *_evaluation_table(watch.history)]
    remarks = [line for text in _remark_texts(watch) for line in wrapped(text, cells - 2)]
    if remarks:
        rows.append([])
    rows += [[(f" {line}", "sheet--label")] for line in remarks]
    return rows


def _evaluation_table(history: RunHistory) -> list[Row]:
    rows: list[Row] = [
        [(f" {'evaluation':<{_LABEL}}{'loss':>8}{'accuracy':>11}", "sheet--label")],
    ]
    for found in list(history.evaluations)[-8:]:
        where = _where(found)
        loss = loss_text(float(found.loss))
        rows.append(
            [
                (f" {where:<{_LABEL}}", "sheet--label"),
                (f"{loss:>8}{found.accuracy * 100:>9.1f} %", "sheet--value"),
            ]
        )
    baseline = history.evaluations[-1].majority_baseline * 100
    rows.append([(f" {'majority class':<{_LABEL}}{'':>8}{baseline:>9.1f} %", "sheet--label")])
    return rows


def _remarks(watch: RunWatch, cells: int) -> list[str]:
    return [line for text in _remark_texts(watch) for line in wrapped(text, cells)]


def _remark_texts(watch: RunWatch) -> list[str]:
    """What the worker chose and why, warnings, and what is wrong with the log."""
    history = watch.history
    texts = []
    if history.loss.gaps:
        count = history.loss.gaps
        steps = "1 step has" if count == 1 else f"{count:,} steps have"
        texts.append(f"{steps} a loss that is no finite number: a gap, marked ×.")
    if history.problem_count:
        lines = "1 line" if history.problem_count == 1 else f"{history.problem_count:,} lines"
        texts.append(f"{lines} of the log not understood; {history.first_problem}")
    texts += [warning.message for warning in list(history.warnings)[-3:]]
    if history.started is not None:
        started = history.started
        trained = (
            "all trained"
            if started.trainable == started.parameters
            else f"{started.trainable:,} trained"
        )
        texts.append(
            f"{started.train_rows:,} + {started.validation_rows:,} rows · "
            f"{started.parameters / 1e6:.1f} M parameters, {trained} · {started.device}"
        )
        texts += started.notes
    texts.append(settings(watch.config))
    return [visible(text) for text in texts]


def phases(history: RunHistory) -> list[Row]:
    """What the worker does before its first step, a row each."""
    rows: list[Row] = []
    names = [phase.name for phase in history.phases]
    cells = max(map(len, names), default=0) + 3
    for phase in history.phases:
        now = phase is history.phases[-1]
        after = f"{phase.last - phase.began:>6.1f} s"
        if now:
            after = "" if phase.done is None else f"{phase.done:>6,}"
            after += f" of {phase.total:,}" if phase.total else ""
        mark = " › " if now else "   "
        name = visible(phase.name) + ("…" if now else "")
        rows.append(
            [
                (mark, "sheet--accent"),
                (f"{name:<{cells}}", "sheet--value" if now else "sheet--label"),
                (after, "sheet--label"),
            ]
        )
    return rows


def last_word(watch: RunWatch) -> list[Part]:
    """How the run ended, as a sentence; empty while it goes on and all is well."""
    status, end = watch.status, watch.history.end
    seconds = ""
    match end:
        case events.RunFinished():
            tests = [found for found in watch.history.evaluations if found.split == "test"]
            seconds = f"Finished in {duration(end.seconds)}"
            accuracy = f" · test accuracy {tests[-1].accuracy:.1%}" if tests else ""
            return [
                (f" {seconds}{accuracy} · ", "sheet--good"),
                ("m", "sheet--key"),
                (" uses its model in the other panes", ""),
            ]
        case events.RunStopped():
            kept = f" · saved in {visible(end.path)}" if end.path else " · nothing to save yet"
            return [(f" {visible(end.reason).removesuffix('.')}{kept}", "sheet--value")]
        case events.RunFailed():
            return [(f" {visible(end.message)}", "sheet--bad")]
    if status.status in {"crashed", "stalled"}:
        return [(f" {visible(_steady(status.message))}", "sheet--bad")]
    return []


def _steady(message: str) -> str:
    """A stalled run's silence is said in the heading, roughly: a count of seconds never rests."""
    return "" if message.startswith("No sign of life") else message


def concat(rows: Sequence[Row]) -> str:
    """The rows' text, for comparing."""
    return "\n".join("".join(text for text, _ in row) for row in rows)
