"""The single rows around the panes: the status line, the tabs and the key bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from core.sizes import count_of, counted, percent
from core.text.encoding import Batch
from core.text.visible import fit, fit_end, visible, width
from tui.widgets.rows import Line, Part, RowsView

if TYPE_CHECKING:
    from tui.bench import ModelState

_SHORTEST_NAME = 12
"""Cells of a model's name that the words behind it leave."""


class StatusLine(Line):
    """The program's name, the model and the run that is watched."""

    DEFAULT_CSS = """
    StatusLine {
        background: $panel;
        color: $foreground 70%;
        .bar--name { color: $accent; text-style: bold; }
        .bar--strong { color: $foreground; }
        .bar--problem { color: $error; }
    }
    """
    COMPONENT_CLASSES = {"bar--name", "bar--strong", "bar--problem"}
    _spare: Sequence[Part] = ()
    """What is left out where there is no room, the first of them first."""

    def show_model(self, model: ModelState, run_note: str) -> None:
        """The model at the left, `run_note` at the right."""
        words: list[Part] = [(" Termformer ", "bar--name"), (" ", "")]
        words.append((visible(model.name), "bar--strong"))
        self._spare = ()
        if model.ended:
            words.append((" · engine ended", "bar--problem"))
            again = f", restarting: {model.stage}…" if model.stage else ""
            words.append((visible(again or ", restarts when needed"), ""))
        elif model.status == "loading":
            words.append((f" · {visible(model.stage)}…", ""))
            if model.total:
                words.append((f" {percent((model.done or 0) / model.total, 0)}", ""))
        elif model.status == "failed":
            words.append((" · not loaded", "bar--problem"))
        elif model.info is not None:
            self._spare = (
                (f" · {count_of(model.info.parameters)} parameters", ""),
                (" · ready", ""),
            )
            words += self._spare
        self.show(words, [(f"{run_note} ", "")] if run_note else [])

    def left_parts(self, room: int) -> Sequence[Part]:
        """The model's name gives way, from its beginning; where that is too little, the rest."""
        if sum(width(text) for text, _ in self._left) <= room:
            return self._left
        program, blank, (name, style), *status = self._left
        least = min(width(name), _SHORTEST_NAME)
        taken = sum(width(text) for text, _ in (program, blank, *status))
        for part in self._spare:
            if taken + least <= room:
                break
            status.remove(part)
            taken -= width(part[0])
        return (program, blank, (fit_end(name, max(least, room - taken)), style), *status)


class SummaryRule(Line):
    """A rule under the editor that says what the batch is."""

    DEFAULT_CSS = """
    SummaryRule {
        color: $foreground 60%;
        .rule--line { color: $foreground 25%; }
        .rule--strong { color: $foreground; }
    }
    """
    COMPONENT_CLASSES = {"rule--line", "rule--strong"}

    def show_batch(self, batch: Batch, *, behind: int, waiting: int) -> None:
        """Says what `batch` is.

        `behind` characters are still being encoded; `waiting` sentences have no tokenizer yet.
        """
        rows = len(batch.encodings)
        words = [
            counted(
                len(set(batch.overflow_to_sample_mapping or range(rows))) or waiting, "sentence"
            )
        ]
        if waiting and not rows:
            words.append("no tokenizer yet")
        else:
            words.append(counted(batch.token_count, "token"))
        if batch.shape is None:
            words.append("ragged")
        elif rows:
            words.append(f"{batch.padding_count:,} padding ({percent(batch.padding_share, 0)})")
            words.append(f"shape [{batch.shape[0]}, {batch.shape[1]}]")
        if behind:
            words.append(f"encoding {behind:,} characters…")
        self.show([(" · ".join(words), "")])

    def row(self, index: int) -> Strip:
        """The words near the left end, so that a change of them is a change of few cells."""
        room = max(0, self.size.width - 4)
        words = [(fit(text, room), name) for text, name in self._left]
        rule = "─" * (room - sum(width(text) for text, _ in words))
        parts = [("──", "rule--line"), (" ", ""), *words, (" ", ""), (rule, "rule--line")]
        return Strip([Segment(text, self.style(name)) for text, name in parts])


class Tabs(RowsView):
    """The panes by name, the shown one marked; a click chooses.

    Where there is no room for all names, only the shown one's stands beside its number.
    """

    DEFAULT_CSS = """
    Tabs {
        height: 1;
        color: $foreground 55%;
        .tabs--active { color: $accent; text-style: bold underline; }
        .tabs--key { color: $foreground 35%; }
    }
    """
    COMPONENT_CLASSES = {"tabs--active", "tabs--key"}

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._titles: Sequence[str] = ()
        self._active = 0

    def show_titles(self, titles: Sequence[str]) -> None:
        """Names the tabs."""
        self._titles = titles
        self.redraw()

    def activate(self, index: int) -> None:
        """Marks tab `index`."""
        self._active = index
        self.redraw()

    def row_count(self) -> int:
        return 1

    def row(self, index: int) -> Strip:
        segments = []
        for number, title in enumerate(self._shown()):
            name = "tabs--active" if number == self._active else ""
            blank = "  " if title else ""
            segments += [
                Segment(f" {number + 1} ", self.style("tabs--key")),
                Segment(title, self.style(name)),
                Segment(blank, self.style()),
            ]
        return Strip(segments)

    def on_click(self, event: events.Click) -> None:
        """Chooses the tab under the mouse."""
        cells = 0
        for number, title in enumerate(self._shown()):
            cells += _tab_cells(title)
            if event.x < cells:
                self.post_message(self.Chosen(number))
                return

    def _shown(self) -> Sequence[str]:
        if sum(map(_tab_cells, self._titles)) - 2 <= self.size.width:
            return self._titles
        return [title if n == self._active else "" for n, title in enumerate(self._titles)]


def _tab_cells(title: str) -> int:
    return width(title) + (5 if title else 3)


class KeyBar(RowsView):
    """The mode and up to six keys of what has the focus; F1 and ctrl+p are always there."""

    DEFAULT_CSS = """
    KeyBar {
        height: 1;
        background: $panel;
        color: $foreground 70%;
        .keys--key { color: $accent; }
        .keys--typing { background: $foreground 20%; color: $foreground; text-style: bold; }
        .keys--acting { background: $accent; color: $background; text-style: bold; }
    }
    """
    COMPONENT_CLASSES = {"keys--key", "keys--typing", "keys--acting"}
    _ALWAYS = (("F1", "help"), ("^p", "palette"))

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._typing = True
        self._keys: Sequence[tuple[str, str]] = ()

    def show_keys(self, *, typing: bool, keys: Sequence[tuple[str, str]]) -> None:
        """`keys` are (key, what it does), the most useful first; six fit at the most."""
        self._typing, self._keys = typing, keys
        self.redraw()

    def row_count(self) -> int:
        return 1

    def row(self, index: int) -> Strip:
        mode, name = (" TYPE ", "keys--typing") if self._typing else (" KEYS ", "keys--acting")
        segments = [Segment(mode, self.style(name))]
        room = self.size.width - len(mode)
        room -= sum(width(key) + len(does) + 3 for key, does in self._ALWAYS)
        shown = []
        for key, does in self._keys[:6]:
            taken = width(key) + width(does) + 3
            if taken > room:
                break
            room -= taken
            shown.append((key, does))
        for key, does in (*shown, *self._ALWAYS):
            segments += [
                Segment(f"  {key}", self.style("keys--key")),
                Segment(fit(f" {does}", self.size.width), self.style()),
            ]
        return Strip(segments)
