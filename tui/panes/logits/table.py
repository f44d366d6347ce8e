"""The experiment as a table: under each sentence a row of numbers for every step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from core.engine.protocol import ArrangedRow, Postprocess
from core.text.visible import fit, visible, width
from tui.panes.logits.columns import (
    DELTA,
    GUTTER,
    PERCENT,
    VERDICT,
    Columns,
    Group,
    plan_columns,
    short_names,
)
from tui.panes.logits.experiment import Shown, size_of, winner
from tui.panes.logits.steps import Step
from tui.widgets import numbers
from tui.widgets.offers import Offer, flow
from tui.widgets.rows import Line, Part, RowsView

_WAITING = "logits--waiting"


@dataclass(frozen=True)
class Experiment:
    """What the table draws. `waiting` is said where numbers are still to come."""

    rows: tuple[Shown, ...] = ()
    steps: tuple[Step, ...] = ()
    labels: tuple[str, ...] = ()
    postprocess: Postprocess = "softmax"
    left_out: str = ""
    """Why sentences after the last row are not compared; empty where none are."""
    waiting: str = ""
    offers: Sequence[Offer] = ()
    """What stands below the last row."""
    typing: bool = False

    @property
    def likely(self) -> bool:
        """Whether the labels have probabilities."""
        return bool(self.labels) and self.postprocess != "none"

    def longest_logit(self) -> int:
        """Cells of the longest logit there is."""
        values = [
            value
            for row in self.rows
            for figures in row.figures
            for value in (figures.result.logits if figures.result else ())
            if math.isfinite(value)
        ]
        ends = (min(values), max(values)) if values else ()
        return max((len(numbers.logit(value)) for value in ends), default=0)


class LogitsHeading(Line):
    """The names of the columns."""

    COMPONENT_CLASSES = {"logits--label", "logits--group"}

    def show_columns(self, columns: Columns, experiment: Experiment) -> None:
        """Names the columns, labels by the model's own names."""
        what = columns.groups[0] if len(columns.groups) == 1 else ""
        if GUTTER + len(what) > columns.name:
            what = ""
        parts: list[Part] = [(f"{'':{GUTTER}}{what}".ljust(columns.name), "")]
        last = columns.first + columns.count
        for group in columns.groups if experiment.labels else ():
            cells = columns.cells[group]
            names = short_names(experiment.labels, cells - 2 if group == "logits" else cells - 5)
            for name in names[columns.first : last]:
                shown = name if group == "logits" else f"P({name})"
                parts.append((" " * (cells - width(shown)) + shown, "logits--label"))
        if columns.winner:
            parts.append(("   most likely", ""))
        used = sum(width(text) for text, _ in parts)
        tail = "  Δ to alone" if columns.delta else ""
        parts.append((" " * (columns.room - columns.tail - used) + tail, ""))
        self.show(parts)


class LogitsTable(RowsView):
    """Every sentence with its three rows; what no longer holds is dim."""

    COMPONENT_CLASSES = {
        "logits--current",
        "logits--number",
        "logits--title",
        "logits--fact",
        "logits--name",
        "logits--stale",
        "logits--waiting",
        "logits--fill",
        "logits--track",
        "logits--equal",
        "logits--slight",
        "logits--clear",
        "logits--large",
        "offers--key",
        "offers--does",
        "offers--on",
    }

    class Clicked(Message):
        """A sentence was clicked."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.experiment = Experiment()
        self.columns = plan_columns(
            80, (), emphasis="logits", first=0, longest_logit=0, likely=False
        )
        self._current = 0

    def show(self, experiment: Experiment, columns: Columns, current: int, *, follow: bool) -> None:
        """Draws `experiment` with sentence `current` marked; `follow`: and in view."""
        self.experiment, self.columns, self._current = experiment, columns, current
        if follow:
            self.show_sentence(current)
        self.redraw()

    def show_sentence(self, row: int) -> None:
        """Scrolls so far that all of sentence `row` is in view, its title first of all."""
        count = len(self.experiment.rows)
        if row >= count:
            self.reveal(self.row_count() - 1)
        else:
            self.reveal(row * self._block + self._steps)
            self.reveal(row * self._block)

    @property
    def _steps(self) -> int:
        return len(self.experiment.steps)

    @property
    def _block(self) -> int:
        """Rows from one sentence to the next: a blank one between them where all fit."""
        count = len(self.experiment.rows)
        spacious = count * (self._steps + 2) - 1 + bool(self.experiment.left_out)
        return self._steps + (2 if spacious <= self.size.height else 1)

    @property
    def _tail(self) -> Sequence[Sequence[Part]]:
        """What stands below the last sentence."""
        rows: list[Sequence[Part]] = []
        if self.experiment.left_out:
            rows.append([(self.experiment.left_out, "logits--waiting")])
        if self.experiment.offers and self.experiment.rows:
            # Without the blank row behind the last block, one of its own.
            rows += [] if self._block > self._steps + 1 else [[]]
            first = "Esc, then" if self.experiment.typing else "More:"
            rows += flow(first, self.experiment.offers, self.columns.room - GUTTER - 1)
        return rows

    def row_count(self) -> int:
        return len(self.experiment.rows) * self._block + len(self._tail)

    def row(self, index: int) -> Strip:
        number, line = divmod(index, self._block)
        if number >= len(self.experiment.rows):
            parts = self._tail[index - len(self.experiment.rows) * self._block]
            texts = [Segment(text, self.style(name)) for text, name in parts]
            return Strip([Segment(" " * GUTTER, self.style()), *texts])
        shown = self.experiment.rows[number]
        if line == 0:
            return self._title(number, shown)
        return self._step(shown, line - 1) if line <= self._steps else Strip([])

    def _title(self, number: int, shown: Shown) -> Strip:
        current = number == self._current
        fact = f"{shown.length:,} token{'' if shown.length == 1 else 's'}"
        if shown.padding:
            fact += f" + {shown.padding:,} padding ░"
        cells = self.columns.room - 1
        room = max(8, cells - GUTTER - width(fact) - 2)
        sentence = shown.sentence
        text = sentence.text[: room + 1]
        if sentence.text_pair is not None:
            text = f"{text}\t{sentence.text_pair[: room + 1]}"
        title = fit(visible(text), room)
        gap = max(2, cells - GUTTER - width(title) - width(fact))
        return Strip(
            [
                Segment(
                    f"{'›' if current else ' '}{number + 1:>2} ",
                    self.style("logits--current" if current else "logits--number"),
                ),
                Segment(title, self.style("logits--title" if current else "")),
                Segment(" " * gap, self.style()),
                Segment(fact, self.style("logits--fact")),
            ]
        )

    # --- a row of numbers -----------------------------------------------------------------

    def _step(self, shown: Shown, step: int) -> Strip:
        columns, figures = self.columns, shown.figures[step]
        holds = figures.holds
        called = figures.step.short if columns.short else figures.step.name
        name = f"{'':{GUTTER}}{called}".ljust(columns.name)
        parts: list[Part] = [(name, "logits--name" if holds else "logits--stale")]
        result, alone = figures.result, shown.alone
        if figures.problem:
            room = columns.room - columns.name - 2
            parts.append((f"  {fit(visible(figures.problem), room)}", "logits--waiting"))
        elif result is not None and alone is not None:
            changed = f"logits--{size_of(result.max_abs_diff)}"
            parts += self._numbers(result, alone, changed)
            parts += self._likeliest(result, alone, changed)
        used = sum(width(text) for text, _ in parts)
        parts.append((" " * max(0, columns.room - columns.tail - used), ""))
        if step == 0:
            parts.append((f"  {self.experiment.waiting}" if not shown.holds else "", _WAITING))
        elif result is not None:
            parts += self._difference(result.max_abs_diff)
        keep = {_WAITING} if step == 0 else set()
        return Strip(
            [
                Segment(text, self.style(name if holds or name in keep else "logits--stale"))
                for text, name in parts
                if text
            ]
        )

    def _numbers(self, result: ArrangedRow, alone: ArrangedRow, changed: str) -> list[Part]:
        """The numbers of each label, the digits that differ from `alone` in style `changed`."""
        parts: list[Part] = []
        columns = self.columns
        for group in columns.groups:
            texts = self._texts(result, group)
            references = self._texts(alone, group)
            last = min(columns.first + columns.count, len(texts), len(references))
            for label in range(columns.first, last):
                text, reference = texts[label], references[label]
                start = numbers.changed_from(text, reference)
                parts += [(text[:start], ""), (text[start:], changed)]
        return parts

    def _texts(self, result: ArrangedRow, group: Group) -> list[str]:
        cells = self.columns.cells[group]
        if group == "logits":
            return [numbers.logit(value).rjust(cells) for value in result.logits]
        return [numbers.percent(share).rjust(cells) for share in result.probabilities]

    def _likeliest(self, result: ArrangedRow, alone: ArrangedRow, changed: str) -> list[Part]:
        """The likeliest label, in style `changed` where it is another one than `alone`."""
        columns = self.columns
        if not columns.winner:
            return []
        best = winner(result.probabilities)
        if best is None or best >= len(self.experiment.labels):
            return [("   no number", changed)]
        label = short_names(self.experiment.labels, columns.winner)[best]
        parts: list[Part] = [
            ("   ", ""),
            (label, "" if best == winner(alone.logits) else changed),
            (" " * (columns.winner - width(label)), ""),
        ]
        share = result.probabilities[best]
        if columns.percent:
            parts.append((f" {numbers.percent(share):>{PERCENT}}", ""))
        if columns.bar:
            filled, rest = numbers.bar(share, columns.bar)
            parts += [("  ", ""), (filled, "logits--fill"), (rest, "logits--track")]
        return parts

    def _difference(self, apart: float) -> list[Part]:
        style = f"logits--{size_of(apart)}"
        text = numbers.at_point(numbers.difference(apart), 3).ljust(DELTA)
        shown = text if self.columns.delta else ""
        return [(shown, style), (verdict(apart).ljust(VERDICT), style)]

    def on_click(self, event: events.Click) -> None:
        """Makes the sentence under the mouse the current one."""
        row = (self.top + event.y) // self._block
        if row < len(self.experiment.rows):
            self.post_message(self.Clicked(row))


def verdict(difference: float) -> str:
    """The word for a difference."""
    if math.isnan(difference):
        return "NaN"
    return "equal" if size_of(difference) == "equal" else "differs"
