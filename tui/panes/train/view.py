"""One run on the screen: heading, curve and figures, side by side where there is room."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from core.runs.config import RunConfig
from core.runs.plan import RunPlan
from core.text.visible import fit, visible, width
from tui.panes.train import figures
from tui.panes.train.charts import Charts
from tui.panes.train.details import Details
from tui.panes.train.history import RunHistory
from tui.panes.train.others import OtherWatch
from tui.panes.train.overlay import comparison
from tui.panes.train.plan_view import plan_rows
from tui.panes.train.remarks import remarks
from tui.panes.train.scene import Titled
from tui.panes.train.sheet import Row, Sheet, WordLine
from tui.panes.train.watch import RunWatch
from tui.widgets.rows import Part

_LOWEST = 7
"""Rows of the pane from which a chart says anything; the figures stand in a lower one."""
_BELOW = 5
"""Rows that the figures below the charts take, at most."""
_SHORTEST_NAME = 12
"""Cells of a run's name that the words behind it leave."""
_ROOMY = 150
"""Columns from which the figures stand beside the details too."""


def _before_the_first_step(
    watch: RunWatch, plan_of: Callable[[RunConfig], RunPlan], cells: int
) -> list[Row]:
    """What the worker does, and what the run will do."""
    live = watch.status.is_live
    rows = _phases(watch.history, live=live)
    if not live or watch.config is None:
        return rows
    return [*rows, [], *plan_rows(watch.config, plan_of(watch.config), cells, drawn=False)]


def _phases(history: RunHistory, *, live: bool) -> list[Row]:
    """What the worker does before its first step, a row each."""
    rows: list[Row] = []
    if not history.phases and live:
        return [[(" › ", "sheet--accent"), ("Starting the worker…", "sheet--value")]]
    names = [phase.name for phase in history.phases]
    cells = max(map(len, names), default=0) + 3
    for phase in history.phases:
        now = live and phase is history.phases[-1] and history.started is None
        after = f"{phase.last - phase.began:>6.1f} s"
        if now:
            after = "" if phase.done is None else f"{phase.done:>6,}"
            after += f" of {phase.total:,}" if phase.total else ""
        mark = " › " if now else "   "
        name = visible(phase.name[:1].upper() + phase.name[1:]) + ("…" if now else "")
        rows.append(
            [
                (mark, "sheet--accent"),
                (name.ljust(cells), "sheet--value" if now else "sheet--label"),
                (after, "sheet--label"),
            ]
        )
    return rows


def _cells(parts: Sequence[Part]) -> int:
    return sum(width(text) for text, _ in parts)


class _Heading(WordLine):
    """The first part, which is a run's name, gives way to how the run fares."""

    def left_parts(self, room: int) -> Sequence[Part]:
        taken = _cells(self._left)
        if taken <= room or not self._left:
            return self._left
        (name, style), *rest = self._left
        return [(fit(name, max(_SHORTEST_NAME, width(name) - (taken - room))), style), *rest]


class RunView(Widget):
    """Draws a `RunWatch`; what did not change is not sent again.

    `plan_of` says what one that is about to begin will do.
    """

    _wide = False
    _rows = 0
    _compared = 0
    """Rows of the comparison."""

    def __init__(self, plan_of: Callable[[RunConfig], RunPlan], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._plan_of = plan_of

    def compose(self) -> ComposeResult:
        self._heading = _Heading(id="run-heading")
        self.charts = Charts(self._rows_for_charts, id="chart")
        self.details = Details(id="details")
        self._phases = Sheet(id="phases")
        self._figures = Sheet(id="figures")
        self._comparison = Sheet(id="comparison")
        yield self._heading
        with Container(id="run-body"):
            yield self.charts
            yield self.details
            yield self._phases
            yield self._figures
        yield self._comparison

    def fit_into(self, rows: int, *, wide: bool) -> None:
        """For a pane of `rows` rows: the figures beside the chart, or a few rows below it."""
        self._wide, self._rows = wide, rows

    def show(self, watch: RunWatch, overlaid: tuple[RunWatch, ...] = ()) -> None:
        """Draws the run as far as it was read, others' curves over its own."""
        if isinstance(watch, OtherWatch):
            self._show_other(watch, overlaid)
            return
        history = watch.history
        left, right = figures.heading(watch)
        if history.phase is not None and _cells(left) + _cells(right) >= self.size.width:
            right = []  # what the worker does now is worth more than the time that is left
        self._heading.show(left, right)
        begun = len(history.curves.loss) > 0
        detailed = self.details.kind != "chart"
        most = _BELOW if begun or remarks(watch, _ROOMY) else 0
        self._place(begun=begun, detailed=detailed, overlaid=len(overlaid), most=most)
        if detailed:
            self.details.show(watch)
        elif begun:
            self.charts.show(watch, overlaid)
        else:
            self._phases.show(
                lambda cells, rows: _before_the_first_step(watch, self._plan_of, cells)
            )
        if self._comparison.display:
            plain = self.charts.plain
            self._comparison.show(
                lambda cells, rows: comparison((watch, *overlaid), cells, plain=plain)
            )
        trend = self.charts.trend(watch)
        if self._wide:
            self._figures.show(lambda cells, rows: figures.panel(watch, trend, cells, rows))
        else:
            self._figures.show(lambda cells, rows: figures.compact(watch, trend, cells, rows))

    def plots(self) -> list[Titled]:
        """What is seen as charts, with their names, from the top."""
        return self.details.plots() or (self.charts.plots() if self.charts.drawn else [])

    def _show_other(self, watch: OtherWatch, overlaid: tuple[RunWatch, ...]) -> None:
        """Another program's: its curves and their newest values are all there is."""
        # As wide as the screen, also where it was hidden until now and has no size yet.
        self._heading.show(*watch.heading(self.screen.size.width))
        begun = bool(watch.curves.main)
        remarks = watch.remarks(self.screen.size.width)
        self._place(begun=begun, detailed=False, overlaid=0, most=len(remarks) if begun else 0)
        if begun:
            self.charts.show(watch, overlaid)
        else:
            self._phases.show(lambda cells, rows: watch.before_the_first_point(cells))
        beside = self._wide or not self.charts.display
        self._figures.show(
            lambda cells, rows: (watch.panel(cells) if beside else watch.remarks(cells))[:rows]
        )
        self._figures.display = begun and (beside or bool(remarks))

    def _rows_for_charts(self) -> int:
        """All but the heading and the comparison."""
        return self.size.height - 1 - self._compared

    def _place(self, *, begun: bool, detailed: bool, overlaid: int, most: int) -> None:
        """Who is seen: below the chart, in `most` rows, the comparison instead of the figures."""
        compared = overlaid > 0 and not detailed
        below = max(0, min(most, _BELOW, self._rows // 4, self._rows - 9))
        self._compared = 0
        if compared:
            wanted = min(overlaid + 2 + (2 if self._rows > 20 else 1), self._rows // 2)
            self._comparison.styles.height = self._compared = max(2, wanted)
        rows = self._rows_for_charts()
        if self.charts.gains(rows - below, rows):
            below = 0
        self._comparison.display = compared
        low = self._rows < _LOWEST and begun and not detailed
        self.charts.display = begun and not detailed and not low
        self.details.display = detailed
        self._phases.display = not begun and not detailed
        roomy = self.size.width >= _ROOMY or not detailed
        shown = (self._wide and roomy) or (below > 0 and not compared and not detailed)
        self._figures.display = shown or (low and not compared)
        self._figures.styles.height = "1fr" if self._wide or low else below
