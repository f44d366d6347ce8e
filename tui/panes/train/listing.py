"""The list of runs: read, searched, sorted, and which of them the keys act on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

import msgspec
from textual import work

from core.errors import RunError
from core.runs.overview import Overviews, RunOverview
from core.runs.selection import RunSelection
from core.runs.status import RunStatus
from tui.panes.train.asking import NO_RUN, AskingPane
from tui.panes.train.others import READ_ONLY, OtherWatch, watch_others
from tui.panes.train.overlay import Overlay
from tui.panes.train.runs import FIRST, RunTable, look_at_runs
from tui.panes.train.steering import Steering
from tui.panes.train.watch import RunWatch

View = Literal["run", "runs", "form"]


class ListingPane(AskingPane):
    """Lists runs and overlays them."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.view: View = "form"
        self.runs = RunTable(id="runs")
        self.overlay = Overlay(self, self.redraw, self.complain)
        self._overviews = Overviews()
        self._trash = False
        self._reading = self._outdated = False
        """Whether the list is being read, and whether what is read was changed meanwhile."""

    def look_at(self, view: View) -> None:
        """Shows the run, the list of runs, or the form."""
        raise NotImplementedError

    def begin(self, watch: RunWatch, steering: Steering, *, look: bool) -> None:
        """Follows what has been opened, instead of another run, and shows it if `look`."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draws what is shown once more."""
        raise NotImplementedError

    # --- what is watched ------------------------------------------------------------------

    def watch_run(self, folder: Path, *, look: bool = True) -> None:
        """Follows the run in `folder` from its first event on, and shows it if `look`."""
        self.begin(RunWatch(folder), Steering(folder), look=look)

    def watch_others(self) -> None:
        """Shows what `termformer watch` was called with; read anew where that had ended."""
        folder = self.runs.others
        before = self.watched
        if folder is None or (isinstance(before, OtherWatch) and not before.ended):
            self.look_at("run")
            return
        try:
            watch = watch_others(folder)
        except RunError as error:
            self.complain(str(error))
        else:
            self.begin(watch, Steering(), look=True)

    def _watches(self, folder: Path) -> bool:
        """Whether the run in `folder` is followed as this program's own."""
        watch = self.watched
        return watch is not None and not watch.read_only and watch.folder == folder

    # --- the list -------------------------------------------------------------------------

    def action_runs(self) -> None:
        if self.view == "runs" and not self._trash:
            self._leave_list()
            return
        self.steering.news = []
        if self.watched is not None:
            self.runs.mark(None if self.watched.read_only else self.watched.folder)
        self._show_list(trash=False)

    def action_trash(self) -> None:
        """The runs that were deleted, or those that were not."""
        self._show_list(trash=self.view != "runs" or not self._trash)

    def _show_list(self, *, trash: bool, chosen: Path | None = None) -> None:
        if trash != self._trash:
            self.runs.forget(trash=trash)  # no key acts on a run of the other list
        self._trash = trash
        self.look_at("runs")
        self.list_runs(chosen)

    def list_runs(self, chosen: Path | None = None) -> None:
        """Reads the list anew, where it is shown; the run in `chosen` is the one that is marked."""
        if chosen is not None:
            self.runs.mark(chosen)
        self._outdated = True
        self.keep_listing()

    def keep_listing(self) -> None:
        """Reads the list once more, where it is shown and nobody reads it already."""
        if self.view == "runs" and self.display and not self._reading:
            self._reading = True
            self._read_runs()

    @work(group="runs")
    async def _read_runs(self) -> None:
        try:
            while True:
                self._outdated, trash = False, self._trash
                found = await asyncio.to_thread(look_at_runs, self._overviews, trash=trash)
                if not self._outdated:
                    break
        finally:
            self._reading = False
        self.runs.show_runs(found, self.overlay.folders, trash=trash)
        self.show_keys()
        self.draw_foot()

    def action_back(self) -> None:
        if self.view == "runs" and self.runs.selection.words:
            self._select(msgspec.structs.replace(self.runs.selection, words=""))
            return
        self._leave_list()

    def _leave_list(self) -> None:
        self.look_at("form" if self.watched is None else "run")

    def action_mark(self) -> None:
        """Draws the run over the one that is watched, or no longer."""
        chosen = self._listed
        if chosen is not None and not self._trash:
            self.overlay.toggle(chosen.path)
            self.runs.overlay(self.overlay.folders)
            self.draw_foot()

    @property
    def _listed(self) -> RunOverview | None:
        """The run that is marked in the list, while that is shown."""
        return self.runs.chosen if self.view == "runs" else None

    def target(self) -> Path | None:
        """The run that keys act on: the one marked in the list, else the one that is watched."""
        if self.view == "runs":
            return self._listed.path if self._listed else None
        if self.watched is None or self.watched.read_only:
            return None
        return self.watched.folder

    @property
    def meant(self) -> RunStatus | None:
        """How the run fares that can be steered at present; None where there is none."""
        if self.view == "runs":
            return self._listed.status if self._listed and not self._trash else None
        return None if self.watched is None or self.watched.read_only else self.watched.status

    def show_keys(self) -> None:
        """Names in the key bar what the keys do now."""
        if self.has_focus:
            self.bench.show_keys()

    def choose_target(self) -> bool:
        """The run that is marked in the list is the one that is meant."""
        if self.in_trash:
            self._target_or_say()
            return False
        if self.view == "runs" and self.runs.marks_others:
            self.watch_others()
        elif self._listed is not None:
            if not self._watches(self._listed.path):
                self.watch_run(self._listed.path)
            self.look_at("run")
        return True

    def action_search(self) -> None:
        """Lists runs as words of their name, status, tags or note are typed."""
        if self.view != "runs":
            self.action_runs()
        before = self.runs.selection

        def typed(words: str) -> None:
            self._select(msgspec.structs.replace(before, words=words.strip()))

        self.prompt.ask(
            "search",
            before.words,
            hint="words of name, status, note; #tag",
            entered=lambda _: True,
            typed=typed,
            left=lambda: self._select(before),
            step=self.move_mark,
        )

    def action_sort(self) -> None:
        """By the next column, at last the newest first again."""
        if self.view == "runs":
            self._select(self.runs.selection.reordered())
            self.say(FIRST[self.runs.selection.order])

    def move_mark(self, rows: int) -> None:
        """Marks another run of the list."""
        self.runs.move(rows)
        self.show_keys()
        self.draw_foot()

    def _select(self, selection: RunSelection) -> None:
        self.runs.select(selection)
        self.steering.news = []
        self.show_keys()
        self.draw_foot()

    def _target_or_say(self) -> Path | None:
        folder = self.target()
        if folder is None:
            self._say_no_target()
        elif self.in_trash:
            self.say(f"{folder.name} is in the trash: Enter takes it out.")
            return None
        return folder

    def _say_no_target(self) -> None:
        """Why no run is there to act on."""
        if self.view == "runs":
            self.say(READ_ONLY if self.runs.marks_others else "No run is listed here.")
        elif not self._is_foreign():
            self.say(NO_RUN)

    @property
    def in_trash(self) -> bool:
        """Whether the list shows the runs that were deleted."""
        return self.view == "runs" and self._trash
