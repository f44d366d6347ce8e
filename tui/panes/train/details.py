"""What stands in place of the chart: one evaluation in full, the probes, or the data."""

from __future__ import annotations

from typing import Literal, get_args

from textual.app import ComposeResult
from textual.widget import Widget

from core.text.visible import width
from tui.panes.train.bindings import as_bound
from tui.panes.train.data_sheet import data_rows, note_rows
from tui.panes.train.evaluations import evaluation_rows, line_of
from tui.panes.train.figures import evaluations_in_a_row
from tui.panes.train.probes import label_shown, probe_plot, probe_rows
from tui.panes.train.scene import Titled
from tui.panes.train.sheet import Row, Sheet, WordLine
from tui.panes.train.watch import RunWatch
from tui.widgets.chart import LineChart
from tui.widgets.rows import Part

Kind = Literal["chart", "evaluation", "probes", "data"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_LEAST_CHART = 5
"""Rows below which the probes have no chart."""


class Details(Widget):
    """Draws one of `KINDS` of a run; keys move within it."""

    DEFAULT_CSS = """
    Details { height: 1fr; width: 1fr; layout: vertical; }
    Details LineChart { height: 1fr; }
    Details #detail-rows { height: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.kind: Kind = "chart"
        self._watch: RunWatch | None = None
        self._evaluation: int | None = None
        """Which one is shown; None: the newest."""
        self._chosen = 0
        self._label = 0

    def compose(self) -> ComposeResult:
        self._line = WordLine()
        self._chart = LineChart()
        self._sheet = Sheet(id="detail-rows")
        yield self._line
        yield self._chart
        yield self._sheet

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def show(self, watch: RunWatch) -> None:
        """Draws the run as far as it was read."""
        if self._watch is None or self._watch.folder != watch.folder:
            self._evaluation, self._chosen, self._label = None, 0, 0
        self._watch = watch
        self._draw()

    def turn_to(self, kind: Kind) -> None:
        """Shows another kind, from its beginning."""
        self.kind, self._chosen, self._evaluation = kind, 0, None
        self._draw()

    def _draw(self) -> None:
        watch = self._watch
        if watch is None or not self.is_mounted or self.kind == "chart":
            return
        parts, keys = self._words()
        self._line.show(parts, as_bound(keys, self.app))
        probes = self.kind == "probes" and watch.history.probes.latest is not None
        room = self.size.height - 1
        listed = len(watch.history.probes.sentences) + 1 if probes else 0
        below = min(listed, max(2, room // 2))
        self._chart.display = probes and room - below >= _LEAST_CHART
        self._sheet.styles.height = below if self._chart.display else "1fr"
        if self._chart.display:
            self._chart.show(probe_plot(watch, self._chosen, self._label))
        self._sheet.show(self._rows)

    def plots(self) -> list[Titled]:
        """The probes' chart with its name, where they are shown; else none."""
        watch = self._watch
        if self.kind != "probes" or watch is None or watch.history.probes.latest is None:
            return []
        _, label = label_shown(watch, self._label)
        title = f"{watch.name}: P({label}), %"
        return [Titled(title, probe_plot(watch, self._chosen, self._label))]

    def _words(self) -> tuple[list[Part], list[Part]]:
        parts: list[Part] = [
            (f" {kind} ", "sheet--accent" if kind == self.kind else "sheet--label")
            for kind in KINDS
        ]
        across, rows = self._ways()
        right: list[Part] = [("← →", "sheet--key"), (f" {across}  ", "")] if across else []
        right += [("↑ ↓", "sheet--key"), (" rows  ", "")] if rows else []
        right += [("d", "sheet--key"), (" next  ", ""), ("Esc", "sheet--key"), (" chart ", "")]
        if sum(width(text) for text, _ in (*parts, *right)) >= self.size.width:
            # Where there is no room for all of them it is the one that is shown.
            parts = [(f" {self.kind} ", "sheet--accent")]
        if sum(width(text) for text, _ in (*parts, *right)) >= self.size.width:
            right[-1] = (" ", "")
        return parts, right

    def _ways(self) -> tuple[str, bool]:
        """What the keys across lead to, if to anything, and whether those up and down do."""
        watch = self._watch
        if watch is None:
            return "", False
        if self.kind == "data":
            return "", len(self._data_rows(watch, self.size.width)) > self.size.height - 1
        if self.kind == "probes":
            count = len(watch.history.probes.sentences)
            return "label" if count else "", count > 1
        found = watch.history.evaluations
        return "others" if len(found) > 1 else "", bool(found) and len(found[self._shown].worst) > 1

    def _data_rows(self, watch: RunWatch, cells: int) -> list[Row]:
        history = watch.history
        found = data_rows(history.data, history.streamed, cells, live=watch.status.is_live)
        return found + note_rows(history.started.notes if history.started else [], cells)

    def _rows(self, cells: int, rows: int) -> list[Row]:
        watch = self._watch
        if watch is None:
            return []
        if self.kind == "data":
            found = self._data_rows(watch, cells)
            self._chosen = max(0, min(self._chosen, len(found) - rows))
            return found[self._chosen :]
        if self.kind == "probes":
            found, marked = probe_rows(
                watch, self._chosen, self._label, cells, plain=self._chart.plain
            )
        elif watch.history.evaluations:
            evaluations = list(watch.history.evaluations)
            found, marked = evaluation_rows(evaluations, self._shown, self._chosen, cells)
            found.insert(1, evaluations_in_a_row(watch.history, cells))
            marked += 1
        else:
            words = (
                " No evaluation yet; v asks for one now."
                if watch.status.is_live
                else (" The run ended before its first evaluation.")
            )
            return [[(words, "sheet--label")]]
        # The heading stays, and so does all of it where there is room.
        first = max(0, marked - rows + 1)
        return found[:1] + found[1 + first :] if first else found

    @property
    def _shown(self) -> int:
        count = 0 if self._watch is None else len(self._watch.history.evaluations)
        last = count - 1
        return last if self._evaluation is None else max(0, min(self._evaluation, last))

    # --- what keys do ---------------------------------------------------------------------

    def move(self, rows: int) -> None:
        """Another mistake or probe, or further down."""
        self._chosen = max(0, self._chosen + rows)
        if self.kind == "evaluation" and self._watch and self._watch.history.evaluations:
            worst = self._watch.history.evaluations[self._shown].worst
            self._chosen = min(self._chosen, max(0, len(worst) - 1))
        elif self.kind == "probes" and self._watch:
            count = len(self._watch.history.probes.sentences)
            self._chosen = min(self._chosen, max(0, count - 1))
        self._draw()

    def turn(self, step: int) -> None:
        """An earlier or later evaluation, or another label of the probes."""
        if self.kind == "evaluation" and self._watch and self._watch.history.evaluations:
            shown = self._shown + step
            last = len(self._watch.history.evaluations) - 1
            self._evaluation = None if shown >= last else max(0, shown)
            self._chosen = 0
        elif self.kind == "probes":
            self._label += step
        self._draw()

    @property
    def line(self) -> str | None:
        """The mistake that is marked, as a line of the editor."""
        if self.kind != "evaluation" or self._watch is None or not self._watch.history.evaluations:
            return None
        worst = self._watch.history.evaluations[self._shown].worst
        return line_of(worst[self._chosen]) if self._chosen < len(worst) else None
