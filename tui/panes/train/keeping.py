"""Looking after a run: its name, its note and tags, the trash, its model, what repeats it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.checkpoints import run_model
from core.errors import ModelError, RunError
from core.runs.notes import RunNotes, read_notes, write_notes
from core.runs.plan import repeating
from core.runs.shelf import delete_run, erase_run, rename_run, restore_run
from core.text.visible import visible
from tui.panes.train.listing import ListingPane
from tui.widgets.rows import Part


class KeepingPane(ListingPane):
    """The keys that change a run's folder, or use what is in it."""

    def action_rename(self) -> None:
        """Asks for the run's new name."""
        if (folder := self._target_or_say()) is not None:

            def rename(name: str) -> bool:
                return self._keep(lambda: self._renamed(folder, rename_run(folder, name.strip())))

            hint = "letters, digits, . _ -"
            self.prompt.ask("name", folder.name, hint=hint, entered=rename, left=self.unsay)

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
            self._ask_notes(folder, "note", notes.note, "Enter keeps it", notes.with_note)

    def action_tag(self) -> None:
        """Asks for tags."""
        if (folder := self._target_or_say()) is not None:
            notes = read_notes(folder)
            has = f"has {' '.join(f'#{tag}' for tag in notes.tags)}; " if notes.tags else ""
            hint = f"{has}words; -word takes one away"
            self._ask_notes(folder, "tags", "", hint, notes.with_tags)

    def _ask_notes(
        self, folder: Path, label: str, value: str, hint: str, change: Callable[[str], RunNotes]
    ) -> None:
        """Asks for what `change` makes notes of, and keeps them."""

        def entered(words: str) -> bool:
            kept = self._keep(lambda: write_notes(folder, change(words)))
            self.list_runs()
            return kept

        self.prompt.ask(label, value, hint=hint, entered=entered, left=self.unsay)

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
