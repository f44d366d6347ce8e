"""The list of runs: how each fares, how far it came, how well, how large, how long ago."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from textual.strip import Strip

from core.runs.folder import list_runs
from core.runs.overview import Overviews, RunOverview
from core.runs.selection import RunSelection
from core.runs.shelf import list_trash
from core.sizes import loss_text, percent, size_of
from core.text.visible import fit, visible, width
from tui.panes.train.figures import STATUS_STYLES, rough_duration
from tui.panes.train.sheet import Row, Sheet, key_words
from tui.widgets.rows import Part

OTHERS = "Other programs' runs"
MOST = 500
"""Runs that are listed, the newest first."""
_NAME, _LONG_NAMES = 19, 130
"""Cells for names, and columns beyond which longer ones get what there is more."""
_BEST, _SIZE, _AGO = 9, 11, 13
"""Cells of columns; the last is when the last word came."""
_EXPLAINED = frozenset({"failed", "crashed", "paused", "unreadable"})
"""Whose message says more than the status does."""
_FOR_SIZE, _FOR_NOTES = 88, 104
"""Columns from which there is room for them."""
FIRST = {
    "newest": "The newest first.",
    "best": "The best accuracy first.",
    "loss": "The lowest loss first.",
    "size": "The largest first.",
}
"""What each order is."""
_LOW = 10
"""Rows of a pane below which they are for the runs, and one key alone is named."""
_KEYS = (
    ("Enter", "shows"),
    ("Space", "overlays"),
    ("R", "name"),
    ("N", "note"),
    ("T", "tag"),
    ("D", "delete"),
    ("/", "search"),
    ("S", "sort"),
    ("Z", "trash"),
)


def look_at_runs(overviews: Overviews, *, trash: bool = False) -> list[RunOverview]:
    """All runs, or those in the trash, the newest first; reads files, so call it in a thread."""
    return overviews.look((list_trash() if trash else list_runs())[:MOST])


def note_words(run: RunOverview) -> str:
    """Its tags and its note, in visible text; empty where there are none."""
    words = [*(f"#{tag}" for tag in run.notes.tags), run.notes.note]
    return visible(" ".join(filter(None, words)))


def told(run: RunOverview) -> str:
    """What is to be read of a run, visible: what its user wrote on it, else why it stands still."""
    message = run.status.message if run.status.status in _EXPLAINED else ""
    return note_words(run) or visible(message)


class RunTable(Sheet):
    """Runs with one of them marked; the pane moves the mark and says which are overlaid."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.others: Path | None = None
        """The folder of other programs' runs that is listed above all, where there is one."""
        self.selection = RunSelection()
        """Which of the runs are listed, and in which order."""
        self._all: Sequence[RunOverview] | None = None
        """None until they were read."""
        self._runs: Sequence[RunOverview] = ()
        """Those that are listed."""
        self._chosen: Path | None = None
        """The folder of the run that is marked; None for the others."""
        self._overlaid: Collection[Path] = ()
        self._trash = False
        self._name_cells = _NAME

    def forget(self, *, trash: bool) -> None:
        """Lists none until those of the trash, or the other ones, are shown."""
        self._all, self._runs, self._trash = None, (), trash
        self._show()

    def mark(self, folder: Path | None) -> None:
        """Marks the run in `folder`, now or as soon as it is listed; None: the others."""
        self._chosen = folder
        self._show()

    def show_runs(
        self,
        runs: Sequence[RunOverview],
        overlaid: Collection[Path] = (),
        *,
        trash: bool = False,
    ) -> None:
        """Shows those of `runs` that are selected; the mark stays where it is."""
        self._all, self._overlaid, self._trash = runs, overlaid, trash
        self.select(self.selection)

    def select(self, selection: RunSelection) -> None:
        """Lists the runs of `selection` in its order."""
        at = self._index
        self.selection = selection
        self._runs = selection.of(self._all or ())
        if self._chosen not in self._places and self._places:
            # The one that was there is gone: its neighbour is next.
            self._chosen = self._places[min(at, len(self._places) - 1)]
        self._show()

    def overlay(self, overlaid: Collection[Path]) -> None:
        """Marks those as overlaid."""
        self._overlaid = overlaid
        self._show()

    @property
    def chosen(self) -> RunOverview | None:
        """The run that is marked."""
        return next((run for run in self._runs if run.path == self._chosen), None)

    @property
    def marks_others(self) -> bool:
        """Whether the row of other programs' runs is marked."""
        return self._lists_others and self._chosen is None

    @property
    def _lists_others(self) -> bool:
        return self.others is not None and not self._trash

    @property
    def _places(self) -> list[Path | None]:
        """What can be marked, a row each."""
        others: list[Path | None] = [None] if self._lists_others else []
        return [*others, *(run.path for run in self._runs)]

    @property
    def _index(self) -> int:
        return self._places.index(self._chosen) if self._chosen in self._places else 0

    def move(self, rows: int) -> None:
        """Moves the mark by `rows`, as far as there are runs."""
        if places := self._places:
            self._chosen = places[max(0, min(self._index + rows, len(places) - 1))]
            self._show()

    def _show(self) -> None:
        if self._all is not None and self._places:
            # The row above it too: the first one in view is behind the heading.
            self.reveal(self._index)
            self.reveal(self._index + 1)
            self.show(self._rows_for)
        elif self._all is None:
            self.show([[("  Reading the list…", "sheet--label")]])
        elif self._all:
            words = f"  None of {len(self._all):,} has {visible(self.selection.words)!r}."
            self.show([[(words, "sheet--label")]])
        elif self._trash:
            self.show([[("  The trash is empty: Z goes back to the runs.", "sheet--label")]])
        else:
            self.show([[("  No run yet: s starts one.", "sheet--label")]])

    def row(self, index: int) -> Strip:
        """The heading stays in view."""
        return super().row(0 if index == self.top else index)

    def _rows_for(self, cells: int, rows: int) -> list[Row]:
        longest = max((width(visible(run.name)) for run in self._runs), default=0) + 1
        self._name_cells = max(_NAME, min(longest, _NAME + cells - _LONG_NAMES))
        heads = f"{'in the trash' if self._trash else 'run':<{self._name_cells}}{'status':<9}"
        heads += f"{'step':>16}{self._head('loss'):>9}{self._head('best'):>{_BEST}}"
        heads += f"{self._head('size'):>{_SIZE}}" if cells >= _FOR_SIZE else ""
        heads += f"{'ago':>{_AGO}}{'   note' if cells >= _FOR_NOTES else ''}"
        return [
            [(f"   {heads}", "sheet--label")],
            *([self._row_of_others(cells)] if self._lists_others else ()),
            *(self._row(run, cells) for run in self._runs),
        ]

    def _head(self, column: str) -> str:
        return f"▾ {column}" if column == self.selection.order else column

    def words(self) -> list[Part]:
        """What is listed, what can be done with it, and the note on the run that is marked."""
        keys: tuple[tuple[str, str], ...]
        if self.marks_others:
            keys = (("Enter", "shows them"), ("Z", "trash"))
        elif self._trash:
            keys = (("Enter", "takes it out"), ("D", "removes it for good"), ("Z", "runs"))
        elif self._runs:
            columns, rows = self.container_size
            keys = _KEYS[: 1 if rows < _LOW else -1 if columns < _FOR_SIZE else None]
        else:
            keys = _KEYS[-1:]
        words: list[Part] = []
        if sought := self.selection.words:
            found = f" {visible(sought)}: {len(self._runs):,} of {len(self._all or ()):,} "
            words += [(found, "sheet--value"), *key_words("Esc", "all")]
        for key, does in keys:
            words += key_words(key, does)
        words[-1] = (words[-1][0].rstrip(" "), "")
        if self.marks_others:
            words.append((f" · {OTHERS}: they are watched, not steered.", "sheet--value"))
        elif self.chosen is not None and (note := told(self.chosen)):
            words.append((f" · {note}", "sheet--value"))
        return words

    def _row_of_others(self, cells: int) -> Row:
        folder = str(self.others)
        name = self._named(folder.rpartition("/")[2] or folder)
        rest = f"  {OTHERS} under {visible(folder)}"
        if self.marks_others:
            row = fit(f" › {name}read-only{rest}", cells)
            return [(row + " " * max(0, cells - width(row)), "sheet--cursor")]
        return [(f"   {name}", "sheet--value"), (f"read-only{rest}", "sheet--label")]

    def _named(self, name: str) -> str:
        shown = fit(visible(name), self._name_cells - 1)
        return shown + " " * (self._name_cells - width(shown))

    def _row(self, run: RunOverview, cells: int) -> Row:
        status = run.status
        name = self._named(run.name)
        end = f" of {status.max_steps:,}" if status.max_steps else ""
        step = f"{status.global_step:,}{end}" if status.global_step else "·"
        loss = "·" if status.loss is None else loss_text(status.loss)
        best = "·" if run.best is None else percent(run.best.accuracy)
        # A long status takes a cell of the steps'.
        rest = f"{step:>{25 - max(9, len(status.status))}}{loss:>9}{best:>{_BEST}}"
        if cells >= _FOR_SIZE:
            rest += f"{'·' if run.size is None else size_of(run.size):>{_SIZE}}"
        age = status.last_event_age
        rest += f"{'·' if age is None else rough_duration(age):>{_AGO}}"
        note = f"   {told(run)}" if cells >= _FOR_NOTES else ""
        over = "+" if run.path in self._overlaid else " "
        if run.path == self._chosen:
            row = f" ›{over}{name}{status.status:<9}{rest}{note}"
            return [(row + " " * max(0, cells - width(row)), "sheet--cursor")]
        return [
            (f"  {over}", "sheet--accent"),
            (name, "sheet--value"),
            (f"{status.status:<9}", STATUS_STYLES.get(status.status, "sheet--label")),
            (rest, "sheet--label"),
            (note, "sheet--value" if note_words(run) else "sheet--label"),
        ]
