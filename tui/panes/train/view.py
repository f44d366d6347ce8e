"""One run on the screen: heading, curve and figures, side by side where there is room."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from tui.panes.train import figures
from tui.panes.train.charts import Charts
from tui.panes.train.sheet import Sheet, WordLine
from tui.panes.train.watch import RunWatch


class RunView(Widget):
    """Draws a `RunWatch`; what did not change is not sent again."""

    _wide = False

    def compose(self) -> ComposeResult:
        self._heading = WordLine(id="run-heading")
        self.charts = Charts(id="chart")
        self._phases = Sheet(id="phases")
        self._figures = Sheet(id="figures")
        yield self._heading
        with Container(id="run-body"):
            yield self.charts
            yield self._phases
            yield self._figures

    def fit_into(self, rows: int, *, wide: bool) -> None:
        """For a pane of `rows` rows: the figures beside the chart, or a few rows below it."""
        self._wide = wide
        below = max(0, min(5, rows // 4, rows - 9))
        self._figures.display = wide or below > 0
        self._figures.styles.height = "1fr" if wide else below

    def show(self, watch: RunWatch) -> None:
        """Draws the run as far as it was read."""
        self._heading.show(*figures.heading(watch))
        history = watch.history
        begun = len(history.curves.loss) > 0
        self.charts.display = begun
        self._phases.display = not begun
        if begun:
            self.charts.show(watch)
        else:
            self._phases.show(figures.phases(history, live=watch.status.is_live))
        trend = self.charts.trend
        if self._wide:
            self._figures.show(lambda cells, rows: figures.panel(watch, trend, cells))
        else:
            self._figures.show(lambda cells, rows: figures.compact(watch, trend, cells, rows))
