"""Somebody else's runs, watched read-only: what their files say, and when they last grew."""

from __future__ import annotations

import time
from array import array
from collections.abc import Sequence
from pathlib import Path

from core.runs.status import RunStatus
from core.text.visible import fit_path, visible, width
from core.watching.client import ForeignReader
from core.watching.protocol import CaughtUp, Message, Planned, Points, Rewound, Trouble
from tui.panes.train.figures import rough_duration
from tui.panes.train.history import RunHistory
from tui.panes.train.sheet import Row, wrapped
from tui.panes.train.tag_curves import TagCurves
from tui.panes.train.watch import RunWatch
from tui.widgets.rows import Part

READ_ONLY = "This run belongs to another program: it is watched, not steered."
_GROWING = 10.0
"""Seconds after which files that did not grow count as silent."""
_OLDEST = 3_650 * 86_400.0
"""Seconds beyond which the time of a point is none: some programs log others there."""
_MOST_TROUBLES = 20
_SHORTEST = 8
"""Cells to which a run's name is cut, where there is less room for it."""
_READ_AGAIN: tuple[Part, ...] = (("l Enter", "sheet--key"), (" reads them again", ""))


class OtherWatch(RunWatch):
    """One run below a folder; the first of them reads for all."""

    read_only = True

    def __init__(
        self,
        folder: Path,
        name: str,
        reader: ForeignReader | None = None,
        first: OtherWatch | None = None,
    ) -> None:
        # Nothing of a run of this program's own is there to be read.
        self.folder = folder
        self.name = name
        self._first = self if first is None else first
        self.behind = reader is not None
        self.config = None
        self.curves = TagCurves()
        self.history = RunHistory()
        self.history.curves = self.curves
        self._troubles: dict[str, str] = {}
        self.files = 0
        self._grew: float | None = None
        """When something new was found (monotonic seconds), once all there was had been read."""
        self._fared = ""
        self.status = RunStatus(name, str(folder), "finished")
        self._planned: int | None = None
        self._foreign = reader
        self._adopted = False
        self.beside: list[OtherWatch] = []
        """The other runs below the folder, in the order in which they were found."""
        self._main: OtherWatch | None = None
        """The run that was chosen to be looked at; None: the first that has a curve."""

    @property
    def runs(self) -> list[OtherWatch]:
        """All runs below the folder that have a curve, in the order in which they were found."""
        return [each for each in (self, *self.beside) if each.curves.main]

    @property
    def shown(self) -> tuple[OtherWatch, ...]:
        runs = self.runs or [self]
        main = runs[0] if self._main is None else self._main
        return (main, *(each for each in runs if each is not main))

    def turn(self, by: int) -> bool:
        """Makes the run `by` places further the main one; whether there is another one."""
        runs = self.runs
        if len(runs) > 1:
            self._main = runs[(runs.index(self.shown[0]) + by) % len(runs)]
        return len(runs) > 1

    @property
    def troubles(self) -> list[str]:
        """What cannot be read at present, in sentences."""
        return list(self._troubles.values())

    @property
    def ended(self) -> bool:
        """Whether the process that reads has ended, so that nothing more comes."""
        reader = self._first._foreign
        return reader is not None and reader.ended

    @property
    def max_steps(self) -> int | None:
        return self._planned

    @property
    def global_step(self) -> int:
        return int(self.curves.last_step)

    def read(self, seconds: float) -> bool:
        """Takes what has arrived, for about `seconds`; whether anything was new."""
        if self._foreign is None:
            return False
        deadline = time.monotonic() + seconds
        found = False
        while True:
            messages, more = self._foreign.take()
            for message in messages:
                found |= self._take(message)
            if not more:
                return found
            if time.monotonic() > deadline:
                return found

    def read_all(self) -> None:
        """Waits until all that is there was read; raises `RunError` where that never is."""
        for message in self._foreign.all() if self._foreign is not None else ():
            self._take(message)

    @property
    def is_open(self) -> bool:
        return True

    @property
    def is_torn(self) -> bool:
        # Files of other kinds have sentences of their own in `troubles`.
        return False

    @property
    def may_grow(self) -> bool:
        first = self._first
        return first.behind or first._grew is not None

    @property
    def _growing(self) -> bool:
        return self._grew is not None and time.monotonic() - self._grew < _GROWING

    @property
    def _silence(self) -> str:
        """For how long nothing new was logged, by the times in its files where they are times."""
        newest = self.curves.newest
        age = -1.0 if newest is None else time.time() - newest
        return f"nothing new for {rough_duration(age)}" if 0 <= age < _OLDEST else "nothing new"

    def check(self) -> bool:
        before = self._fared
        self._fared = "growing" if self._growing else self.shown[0]._silence
        return before != self._fared

    def close(self) -> None:
        """Ends the process that reads."""
        if self._foreign is not None:
            self._foreign.close()

    def _take(self, message: Message) -> bool:
        match message:
            case Points():
                columns = (message.steps, message.times, message.values)
                curves = self._of(message.run).curves
                curves.take_points(message.tag, *(array("d", data) for data in columns))
                if not self.behind:
                    self._grew = time.monotonic()
            case Rewound():
                self._of(message.run).curves.rewind(message.tag, message.step)
            case Planned():
                self._of(message.run)._planned = message.max_steps
            case Trouble(about=about, message=words):
                self._troubles.pop(about, None)
                if words:
                    self._troubles[about] = words
            case CaughtUp():
                news = self.behind or self.files != message.files
                self.behind, self.files = False, message.files
                return news
        return True

    def _of(self, run: str) -> OtherWatch:
        """The run of that name; the first one that is heard of is this one."""
        if not self._adopted:
            self._adopted, self.name = True, run
        if run == self.name:
            return self
        for each in self.beside:
            if each.name == run:
                return each
        found = OtherWatch(self.folder, run, first=self)
        self.beside.append(found)
        return found

    # --- in words -------------------------------------------------------------------------

    def heading(self, cells: int) -> tuple[list[Part], list[Part]]:
        """Whose run it is, whether its files grow, how far it came; the last is always there."""
        first = self._first
        if self.ended:
            state: Part = ("● no longer read", "sheet--bad")
        elif first.behind:
            state = ("● reading…", "sheet--accent")
        elif first._growing:
            state = ("● growing", "sheet--accent")
        else:
            state = (f"● {self._silence if self.curves.main else 'waiting'}", "sheet--value")
        name, where = visible(self.name), ""
        if self.curves.main:
            end = f" of {self.max_steps:,}" if self.max_steps else ""
            where = f" · step {self.global_step:,}{end}"
        runs = first.runs
        told = ["1 file" if first.files == 1 else f"{first.files:,} files", "read-only"]
        if first.behind and not first.files:
            del told[0]  # they are counted once all of them were read
        if len(runs) > 1 and self in runs:
            told.insert(0, f"{runs.index(self) + 1:,} of {len(runs):,} runs")
        room = cells - width(state[0] + where) - len("   ")
        while len(told) > 1 and room < width(name) + len(_right(told)) + 1:
            told.pop()
        name = fit_path(name, max(_SHORTEST, room - len(_right(told)) - 1))
        left: list[Part] = [(f" {name}  ", "sheet--name"), state, (where, "")]
        return left, [(_right(told), "")]

    def foot(self) -> list[Part]:
        """What can be done with it."""
        if self.ended:
            return [(" Its files are no longer read: ", "sheet--bad"), *_READ_AGAIN]
        if len(self._first.runs) < 2:
            return [(f" {READ_ONLY}", "")]
        words = " Other programs' runs: they are watched, not steered.  "
        return [(words, ""), ("↓ ↑", "sheet--key"), (" another in front", "")]

    def panel(self, cells: int) -> list[Row]:
        """The newest value of every curve, then what cannot be read."""
        names = [self.curves.main, *self.curves.names()] if self.curves.main else []
        label = min(max(map(width, names), default=0) + 2, max(10, cells - 14))
        rows: list[Row] = []
        for name in names:
            series = self.curves.series(name)
            shown = visible(name)
            if width(shown) > label - 2:
                shown = f"…{shown[-(label - 3) :]}"
            rows.append(
                [
                    (f" {shown}{' ' * (label - width(shown))}", "sheet--label"),
                    (f"{series.y[-1]:.5g}" if series else "·", "sheet--value"),
                ]
            )
        return [*rows, [], *self.remarks(cells)] if rows else self.remarks(cells)

    def remarks(self, cells: int) -> list[Row]:
        """Gaps and troubles, a sentence each."""
        found: list[tuple[str, str]] = []
        if count := self.curves.loss.gaps:
            points = "1 point is" if count == 1 else f"{count:,} points are"
            words = f"{points} no finite number: a gap, marked ×."
            found.append((words, "sheet--bad"))
        if count := self.curves.forgotten:
            points = "1 point is" if count == 1 else f"{count:,} points are"
            words = f"{points} not shown: what was logged later begins at an earlier step."
            found.append((words, "sheet--value"))
        first, troubles = self._first, self._first.troubles
        if not (first.files or first.behind or troubles) and self.curves.main:
            troubles = ["Its files are not there any more. What was read of them is shown."]
        found += [(sentence, "sheet--bad") for sentence in troubles[:_MOST_TROUBLES]]
        if (more := len(troubles) - _MOST_TROUBLES) > 0:
            found.append((f"And {more:,} more.", "sheet--bad"))
        return [
            [(f"   {line}" if number else f" {line}", style)]
            for text, style in found
            for number, line in enumerate(wrapped(visible(text), max(10, cells - 3)))
        ]

    def before_the_first_point(self, cells: int) -> list[Row]:
        """What is looked for."""
        if self.ended:
            return self.remarks(cells)
        if self.behind:
            words = f"Reading {visible(str(self.folder))}…"
        elif self.files:
            words = f"{self.files:,} files are there, without a number in them yet."
        else:
            words = (
                "No TensorBoard event files (*tfevents*) and no trainer_state.json under "
                f"{visible(str(self.folder))} yet. They are shown as soon as they come."
            )
        rows: list[Row] = [[(f" {line}", "sheet--value")] for line in wrapped(words, cells - 3)]
        return [*rows, *self.remarks(cells)]


def _right(told: Sequence[str]) -> str:
    return f"{' · '.join(told)} "


def watch_others(folder: Path, *, once: bool = False) -> OtherWatch:
    """Begins to read what is under `folder`; raises `RunError` where no process can be started.

    Who reads it only `once` hears of what is not whole without waiting for its rest.
    """
    return OtherWatch(folder, folder.name, ForeignReader(folder, once=once))
