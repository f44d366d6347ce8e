"""The list of runs: how each fares, how far it came, and how long ago."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.runs.folder import list_runs
from core.runs.status import RunStatus, run_status
from core.text.visible import fit, visible, width
from tui.panes.train.figures import STATUS_STYLES, duration, loss_text
from tui.panes.train.sheet import Row, Sheet

MOST = 500
"""Runs that are listed, the newest first."""
_NAME = 22


def look_at_runs() -> list[RunStatus]:
    """All runs, the newest first; costs some 0.3 ms a run, so call it in a thread."""
    return [run_status(folder) for folder in list_runs()[:MOST]]


class RunTable(Sheet):
    """Runs with one of them marked; the pane moves the mark."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._runs: Sequence[RunStatus] = ()
        self._chosen = ""

    def list(self, runs: Sequence[RunStatus], chosen: Path | None = None) -> None:
        """Shows `runs`; marks the one at `chosen`, else keeps the mark where it is."""
        self._runs = runs
        if chosen is not None:
            self._chosen = str(chosen)
        if self.chosen is None and runs:
            self._chosen = runs[0].path
        self._show()

    @property
    def chosen(self) -> RunStatus | None:
        """The run that is marked."""
        return next((run for run in self._runs if run.path == self._chosen), None)

    def move(self, rows: int) -> None:
        """Moves the mark by `rows`, as far as there are runs."""
        if not self._runs:
            return
        paths = [run.path for run in self._runs]
        index = paths.index(self._chosen) if self._chosen in paths else 0
        self._chosen = paths[max(0, min(index + rows, len(paths) - 1))]
        self._show()

    def _show(self) -> None:
        paths = [run.path for run in self._runs]
        if self._chosen in paths:
            self.reveal(paths.index(self._chosen) + 1)
        if self._runs:
            rows = [_row(run, run.path == self._chosen) for run in self._runs]
            self.show([[(_HEADINGS, "sheet--label")], *rows])
        else:
            self.show([[("  No run yet: s starts one.", "sheet--label")]])


_HEADINGS = f"   {'run':<{_NAME}}{'status':<10}{'step':>16}{'loss':>10}   last word"


def _row(run: RunStatus, chosen: bool) -> Row:
    name = fit(visible(run.name), _NAME - 1)
    name += " " * (_NAME - width(name))
    end = f" of {run.max_steps:,}" if run.max_steps else ""
    step = f"{run.global_step:,}{end}" if run.global_step else "·"
    loss = "·" if run.loss is None else loss_text(run.loss)
    age = "·" if run.last_event_age is None else f"{duration(run.last_event_age)} ago"
    rest = f"{step:>16}{loss:>10}   {age:<12}"
    if chosen:
        return [(f" › {name}{run.status:<10}{rest}", "sheet--cursor")]
    return [
        (f"   {name}", "sheet--value"),
        (f"{run.status:<10}", STATUS_STYLES.get(run.status, "sheet--label")),
        (rest, "sheet--label"),
    ]
