"""The texts with what the pipeline says of each, one a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from core.engine.protocol import Postprocess, Task
from core.text.visible import fit, visible, width
from tui.panes.pipeline.answers import Item
from tui.widgets import numbers
from tui.widgets.rows import Part, RowsView, gutter_for

_LABEL = (8, 20)
_SCORE = len("100.00 %")
_BAR = (8, 24)
_CERTAIN = len("  least certain ")
_TICK = 2
_WIDEST = 132
"""Cells beyond which a row is no wider: the eye has to follow it."""


@dataclass(frozen=True)
class Listed:
    """What the table draws: `order` are places of `items`, `current` and `least` too."""

    items: Sequence[Item] = ()
    order: Sequence[int] = ()
    current: int = 0
    least: int | None = None
    task: Task | None = None
    postprocess: Postprocess = "softmax"
    labels: Sequence[str] = field(default_factory=tuple)


class ResultsTable(RowsView):
    """Draws only the rows in view, so that ten thousand cost no more than ten."""

    COMPONENT_CLASSES = {
        "results--current",
        "results--number",
        "results--title",
        "results--stale",
        "results--fill",
        "results--track",
        "results--good",
        "results--bad",
        "results--mark",
    }

    class Clicked(Message):
        """A text was clicked."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row
            """Counted from the top of the table."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._listed = Listed()
        self._label = _LABEL[0]

    def show(self, listed: Listed, *, follow: bool) -> None:
        """Draws `listed`; `follow`: with the current text in view."""
        self._listed = listed
        longest = max((width(visible(label)) for label in listed.labels), default=_LABEL[0])
        self._label = max(_LABEL[0], min(_LABEL[1], longest))
        if listed.task != "text-classification" or listed.postprocess == "none":
            self._label = _LABEL[1]
        if follow and listed.current in listed.order:
            self.reveal(listed.order.index(listed.current))
        self.redraw()

    def row_count(self) -> int:
        return len(self._listed.order)

    def row(self, index: int) -> Strip:
        listed = self._listed
        place = listed.order[index]
        item = listed.items[place]
        here = place == listed.current
        gutter = gutter_for(len(listed.items))
        answer = self._answer(item)
        marked = [("  least certain", "results--mark")] if place == listed.least else []
        bar = self._bar(item)
        tick = self._tick(item)
        used = 1 + gutter + sum(width(text) for text, _ in (*answer, *bar))
        room = max(6, self._room - used - _TICK - 2 - (_CERTAIN if self.spacious else 0))
        title = fit(visible(str(item.sentence)[: room + 1]), room)
        parts: list[Part] = [
            ("›" if here else " ", "results--current"),
            (f"{place + 1:>{gutter - 1}} ", "results--current" if here else "results--number"),
            (title + " " * (room - width(title)), "results--title" if here else ""),
            ("  ", ""),
            *answer,
            *bar,
            tick,
            *(marked if self.spacious else []),
        ]
        if marked and not self.spacious:
            parts[-1] = (" ?", "results--mark")
        keep = {"results--current", "results--number", "results--title"}
        return Strip(
            [
                Segment(text, self.style(name if item.holds or name in keep else "results--stale"))
                for text, name in parts
                if text
            ]
        )

    @property
    def _room(self) -> int:
        return min(self.cells, _WIDEST)

    @property
    def spacious(self) -> bool:
        """Whether the marks stand there as words."""
        return self._room >= 100

    def _answer(self, item: Item) -> list[Part]:
        """The label and its score, whatever these are for the task."""
        said, listed = item.classified, self._listed
        if said and listed.postprocess == "none" and len(said.logits) > 1:
            values = "  ".join(numbers.logit(value).strip() for value in said.logits)
            cells = self._label + 1 + _SCORE
            return [(fit(values, cells).rjust(cells), "")]
        label, score = _brief(item, listed)
        shown = fit(visible(label), self._label)
        return [(shown + " " * (self._label - width(shown)), ""), (f" {score:>{_SCORE}}", "")]

    def _bar(self, item: Item) -> list[Part]:
        listed = self._listed
        cells = min(_BAR[1], self._room // 6)
        if listed.task != "text-classification" or listed.postprocess == "none":
            return []
        if cells < _BAR[0] or not item.classified:
            return [(" " * (cells + 2), "")] if cells >= _BAR[0] else []
        filled, rest = numbers.bar(item.classified.score, cells)
        return [("  ", ""), (filled, "results--fill"), (rest, "results--track")]

    @staticmethod
    def _tick(item: Item) -> Part:
        if item.truncated:
            return " ✂", "results--mark"
        if item.check is None:
            return "  ", ""
        if item.check.problem:
            return " –", "results--number"
        return (" ✓", "results--good") if item.check.agrees else (" ≠", "results--bad")

    def on_click(self, event: events.Click) -> None:
        """Makes the text under the mouse the current one."""
        row = self.top + event.y
        if row < self.row_count():
            self.post_message(self.Clicked(row))


def _brief(item: Item, listed: Listed) -> tuple[str, str]:
    """The answer in two words."""
    said = item.classified
    if said is not None:
        if listed.postprocess == "none":
            return said.label, numbers.logit(said.score)
        return said.label, numbers.percent(said.score)
    if item.row is None:
        return "…", ""
    if listed.task == "token-classification":
        entities = item.row.entities
        found = ", ".join(dict.fromkeys(each.label for each in entities))
        count = len(entities)
        return found or "no entity", f"{count} found" if count else ""
    if not item.row.masks:
        return "no mask", ""
    best = item.row.masks[0].candidates[0]
    return best.label, numbers.percent(best.score)
