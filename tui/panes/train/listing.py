"""The keys of the list of runs; most of them act on the run that is watched too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from textual import work

from core.checkpoints import run_model
from core.errors import ModelError, RunError
from core.runs.notes import read_notes, write_notes
from core.runs.overview import Overviews, RunOverview
from core.runs.plan import repeating
from core.runs.shelf import delete_run, erase_run, rename_run, restore_run
from core.runs.status import RunStatus
from core.text.visible import visible
from tui.panes.train.asking import NO_RUN, AskingPane
from tui.panes.train.others import READ_ONLY, OtherWatch, watch_others
from tui.panes.train.overlay import Overlay
from tui.panes.train.runs import OTHERS, RunTable, look_at_runs, told
from tui.panes.train.steering import Steering
from tui.panes.train.watch import RunWatch
from tui.widgets.rows import Part

View = Literal["run", "runs", "form"]


class ListingPane(AskingPane):
    """Lists runs, overlays them, and looks after their folders."""

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
            self.action_back()
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

    def list_words(self) -> list[Part]:
        """What can be done with the list, and the note on the run that is marked."""
        keys: tuple[tuple[str, str], ...]
        if self.runs.marks_others:
            keys = (("Enter", "shows them"), ("Z", "trash"))
        elif self._trash:
            keys = (("Enter", "takes it out"), ("D", "removes it for good"), ("Z", "runs"))
        else:
            keys = (
                ("Enter", "shows it"),
                ("Space", "overlays"),
                ("R", "name"),
                ("N", "note"),
                ("T", "tag"),
                ("D", "delete"),
                ("Z", "trash"),
            )
        words: list[Part] = []
        for key, does in keys:
            words += [(f" {key}", "sheet--key"), (f" {does} ", "")]
        words[-1] = (words[-1][0].rstrip(), "")
        if self.runs.marks_others:
            words.append((f" · {OTHERS}: they are watched, not steered.", "sheet--value"))
        elif self._listed is not None and (note := told(self._listed)):
            words.append((f" · {note}", "sheet--value"))
        return words

    # --- one run --------------------------------------------------------------------------

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

    def action_rename(self) -> None:
        """Asks for the run's new name."""
        if (folder := self._target_or_say()) is not None:

            def rename(name: str) -> bool:
                return self._keep(lambda: self._renamed(folder, rename_run(folder, name.strip())))

            self.prompt.ask("name", folder.name, "letters, digits, . _ -", rename)

    def _renamed(self, folder: Path, target: Path) -> None:
        if folder in self.overlay.folders:
            self.overlay.drop(folder)
            self.overlay.toggle(target)
        if self._watches(folder):
            view = self.view
            self.watch_run(target)
            self.look_at(view)
        self.say(f"{folder.name} is {target.name} now.")
        self.list_runs(target)

    def action_note(self) -> None:
        """Asks for a note on the run."""
        if (folder := self._target_or_say()) is not None:
            notes = read_notes(folder)

            def note(words: str) -> bool:
                kept = self._keep(lambda: write_notes(folder, notes.with_note(words)))
                self.list_runs()
                return kept

            self.prompt.ask("note", notes.note, "Enter keeps it", note)

    def action_tag(self) -> None:
        """Asks for tags."""
        if (folder := self._target_or_say()) is not None:
            notes = read_notes(folder)

            def tag(words: str) -> bool:
                kept = self._keep(lambda: write_notes(folder, notes.with_tags(words)))
                self.list_runs()
                return kept

            has = f"has {' '.join(f'#{tag}' for tag in notes.tags)}; " if notes.tags else ""
            self.prompt.ask("tags", "", f"{has}words; -word takes one away", tag)

    def action_delete(self) -> None:
        """To the trash, or out of it for good: both by a second key."""
        folder = self.target()
        if folder is None:
            self._say_no_target()
            return
        for_good = self.in_trash
        name = visible(folder.name)
        ask = (
            f" Remove {name} for good? " if for_good else f" Delete {name}? Z leads to the trash. "
        )
        words: list[Part] = [(ask, "sheet--value"), ("D", "sheet--key"), (" or ", "")]
        if self.sure("delete", [*words, ("y", "sheet--key")]):
            self._keep(lambda: self._delete(folder, for_good=for_good))

    def _delete(self, folder: Path, *, for_good: bool) -> None:
        if for_good:
            erase_run(folder.name)
            self.say(f"{folder.name} is gone.")
        else:
            kept = delete_run(folder)
            self.overlay.drop(folder)
            if self._watches(folder):
                self.follower.leave()
                self.bench.note_run("")
                self.look_at("runs")
            renamed = f", as {kept.name}" if kept.name != folder.name else ""
            self.say(f"{folder.name} is in the trash{renamed}: Z shows it.")
        self.list_runs()

    def take_out(self) -> None:
        """The run that is marked comes out of the trash."""
        if self._listed is not None:
            name = self._listed.name
            self._keep(lambda: self._taken_out(restore_run(name)))

    def _taken_out(self, folder: Path) -> None:
        self._show_list(trash=False, chosen=folder)
        self.say(f"{folder.name} is among the runs again.")

    @property
    def in_trash(self) -> bool:
        """Whether the list shows the runs that were deleted."""
        return self.view == "runs" and self._trash

    def _keep(self, change: Callable[[], object]) -> bool:
        """Does what may be refused, and says why; whether it was done."""
        try:
            change()
        except RunError as error:
            self.complain(str(error))
            return False
        return True

    def action_copy_command(self) -> None:
        """The command that repeats the run, by OSC 52."""
        if (folder := self._target_or_say()) is not None:
            command = repeating(folder)
            self.app.copy_to_clipboard(command)
            self.say(f"Copied: {command}")

    def action_use_model(self) -> None:
        folder = self._target_or_say()
        if folder is None:
            return
        try:
            run_model(folder)
        except ModelError as error:
            self.complain(str(error))
            return
        self.bench.choose_model(str(folder))
        self.say(f"Loading the model of {folder.name} for all panes.")
