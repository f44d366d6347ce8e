"""What the run that the form describes will do: steps, checkpoints, its schedule, its time."""

from __future__ import annotations

import asyncio

from textual import work
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from core.datafiles.glance import Glance, glance, stamp
from core.runs.config import RunConfig
from core.runs.folder import list_runs
from core.runs.plan import Precedent, RunPlan, find_precedent, plan_run
from core.text.visible import visible
from tui.panes.train.figures import rough_duration
from tui.panes.train.sheet import Row, Sheet, wrapped
from tui.widgets.chart import Curve, LineChart, Mark, Plot, Series
from tui.widgets.chart.chart import terminal_is_plain

_POINTS = 600
_RAMP, _PLAIN_RAMP = "▁▂▃▄▅▆▇█", "_.,-~=+#"
_LABELS = 8
"""As many are named."""
_LOW = 13
"""Rows below which the schedule is drawn in one of them."""
_LEAST_CHART, _CHART = 7, 9
"""Rows of the schedule's chart: what the words leave it, and what it is to have."""


class PlanView(Widget):
    """Draws a plan; how long it takes is looked up among earlier runs in a thread."""

    DEFAULT_CSS = """
    PlanView { height: 1fr; layout: vertical; }
    PlanView LineChart { height: 1fr; }
    PlanView Sheet { height: 1fr; }
    """

    class LookedUp(Message):
        """It is known what earlier runs tell of one like the last that was asked for."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._config: RunConfig | None = None
        self._most: int | None = None
        """Rows that it takes at most; None: all of its place."""
        self._known: dict[bytes, tuple[Precedent | None, Glance | None]] = {}
        """What was looked up."""
        self._looked_for = b""
        """What is being looked up."""

    def compose(self) -> ComposeResult:
        self._words = Sheet()
        self._chart = LineChart()
        yield self._words
        yield self._chart

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def take(self, most: int | None) -> None:
        """As many rows as it needs, `most` at most; None: all of its place."""
        self._most = most
        self.styles.height = "1fr" if most is None else most
        self.call_after_refresh(self._draw)

    def forget(self) -> None:
        """Runs were made or ended: what they tell is looked up anew."""
        self._known.clear()
        self._looked_for = b""

    def plan(self, config: RunConfig) -> RunPlan:
        """What a run of `config` does, by what was looked up already; the rest is looked up."""
        key = self._key(config)
        known = self._known.get(key)
        if known is None and key != self._looked_for:
            # Once: what is drawn often would never get to the end of a look-up.
            self._looked_for = key
            self._look_up(config, key)
        return plan_run(config, *(known or ()))

    def show(self, config: RunConfig | None) -> None:
        """Draws what `config` will do; None where the form has to be put right first."""
        self._config = config
        self._draw()

    @work(group="precedent", exclusive=True)
    async def _look_up(self, config: RunConfig, key: bytes) -> None:
        # Many keys in a row ask once.
        await asyncio.sleep(0.05)
        self._known[key] = await asyncio.to_thread(
            lambda: (find_precedent(config, list_runs()), glance(config))
        )
        self.post_message(self.LookedUp())

    def _key(self, config: RunConfig) -> bytes:
        """What that which is looked up depends on."""
        alike = (config.model, config.data, config.batch_size, config.max_length, config.adapter)
        more = (config.gradient_accumulation_steps, config.plain, config.route, config.scratch)
        data = (config.text_column, config.pair_column, config.label_column, config.label_names)
        return repr((alike, more, config.num_processes, data, stamp(config.data))).encode()

    def _draw(self) -> None:
        if not self.is_mounted or not self.display:
            return
        if self._config is None:
            self._chart.display = False
            self._words.styles.height = "1fr"
            self._words.show(
                [
                    [
                        (
                            " Put the fields marked ! right, and this says what it will do.",
                            "sheet--label",
                        )
                    ]
                ]
            )
            return
        config = self._config
        plan = self.plan(config)
        rows = self.size.height if self._most is None else self._most
        tall = rows >= _LOW and plan.max_steps is not None
        words = plan_rows(config, plan, self.size.width, drawn=tall)
        if self._most is not None:
            self.styles.height = min(rows, len(words) + (_CHART if tall else 0))
        self._chart.display = tall
        self._words.styles.height = min(len(words), rows - _LEAST_CHART) if tall else "1fr"
        self._words.show(words)
        if tall:
            self._chart.show(schedule(config, plan))


def schedule(config: RunConfig, plan: RunPlan) -> Plot:
    """The learning rate over the steps, a mark at each evaluation."""
    steps = plan.max_steps or 1
    series = Series()
    xs = sorted(
        {round(steps * point / _POINTS) for point in range(_POINTS + 1)} | {plan.warmup_steps}
    )
    series.extend(
        [float(step) for step in xs],
        [plan.learning_rate(step, config.learning_rate) for step in xs],
    )
    marks = tuple(
        Mark(float(step), plan.learning_rate(step, config.learning_rate), "filled")
        for step in plan.evaluations[:40]
    )
    rate = Curve(series, "learning rate", raw=False, smooth=False)
    return Plot((rate,), float(steps), marks)


def plan_rows(config: RunConfig, plan: RunPlan, cells: int, *, drawn: bool) -> list[Row]:
    """The plan in words, and its schedule in a row where it is not `drawn` besides."""
    rows: list[Row] = [[(" What it will do", "sheet--name")]]
    texts = [_steps(config, plan), _evaluations(config, plan), _time(plan)]
    texts += [*([_data(plan.glance)] if plan.glance else []), _checkpoints(config)]
    if not drawn and plan.max_steps:
        texts.insert(1, _in_a_row(config, plan, cells - 3))
    elif drawn:
        texts.append(_rate(config, plan) + ", ◆ an evaluation:")
    for text in texts:
        for number, line in enumerate(wrapped(visible(text), max(8, cells - 3))):
            rows.append([(f"{'   ' if number else ' '}{line}", "sheet--value")])
    return rows


def _steps(config: RunConfig, plan: RunPlan) -> str:
    if plan.max_steps is None:
        return "How many steps it takes is known once its data is read."
    words = "1 step" if plan.max_steps == 1 else f"{plan.max_steps:,} steps"
    if plan.steps_per_epoch is not None and plan.train_rows is not None:
        each = f"{plan.train_rows:,} rows, {plan.steps_per_epoch:,} steps"
        if plan.max_steps < plan.steps_per_epoch:
            words += f": {plan.max_steps / plan.steps_per_epoch:.2g} of an epoch, which has {each}"
        elif plan.max_steps == plan.steps_per_epoch:
            words += f": 1 epoch of {plan.train_rows:,} rows"
        else:
            words += f": {plan.max_steps / plan.steps_per_epoch:.3g} epochs of {each} each"
    accumulated = config.gradient_accumulation_steps
    batch = config.batch_size * accumulated
    return f"{words}, {batch:,} rows a step." if accumulated > 1 else f"{words}."


def _rate(config: RunConfig, plan: RunPlan) -> str:
    rate = f"{config.learning_rate:g}"
    if not plan.warmup_steps:
        return f"rate from {rate} down to 0"
    return f"rate up to {rate} at step {plan.warmup_steps:,}, then down to 0"


def _in_a_row(config: RunConfig, plan: RunPlan, cells: int) -> str:
    ramp = _PLAIN_RAMP if terminal_is_plain() else _RAMP
    rate = _rate(config, plan)
    cells = max(8, min(40, cells - len(rate) - 1))
    steps = plan.max_steps or 1
    rates = [plan.learning_rate(round(steps * cell / (cells - 1)), 1.0) for cell in range(cells)]
    bars = "".join(ramp[round(rate * (len(ramp) - 1))] for rate in rates)
    return f"{bars} {rate}"


def _evaluations(config: RunConfig, plan: RunPlan) -> str:
    every = config.eval_steps
    words = "Evaluated " + (f"every {every:,} steps" if every else "after each epoch")
    if len(plan.evaluations) == 1 and plan.evaluations[0] == plan.max_steps:
        words = "Evaluated once, at the end"
    elif plan.evaluations:
        times = len(plan.evaluations)
        words += ", once" if times == 1 else f", {times:,} times"
    patience = config.early_stopping_patience
    words += f"; ends after {patience} without a lower loss" if patience else ""
    return f"{words}; at last on the test rows."


def _data(seen: Glance) -> str:
    """Where text and labels are found."""
    pair = f" and '{seen.text_pair}'" if seen.text_pair else ""
    labels = ", ".join(seen.labels[:_LABELS])
    more = f", … ({len(seen.labels):,})" if len(seen.labels) > _LABELS else ""
    return f"Text from '{seen.text}'{pair}, labels from '{seen.label}': {labels}{more}."


def _checkpoints(config: RunConfig) -> str:
    rhythm = []
    if config.save_steps is not None:
        rhythm.append(f"{config.save_steps:,} steps")
    if config.save_minutes is not None:
        rhythm.append(f"{config.save_minutes:g} minutes")
    every = f"every {', every '.join(rhythm)} and " if rhythm else ""
    kept = f"the best and the newest {config.save_total_limit} stay"
    return f"Saved {every}at each new best; {kept}."


def _time(plan: RunPlan) -> str:
    if plan.seconds is None:
        return "How long it takes is known after its first steps."
    took = "Less than a second" if plan.seconds < 1 else f"About {rough_duration(plan.seconds)}"
    return f"{took}, as {plan.measured_in} took for its steps here."
