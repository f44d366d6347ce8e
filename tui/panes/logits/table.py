"""The experiment as a table: each sentence alone, in the batch without a mask, and with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from core.text.visible import fit, visible, width
from tui.panes.logits import numbers
from tui.panes.logits.columns import (
    DELTA,
    GUTTER,
    PERCENT,
    VERDICT,
    Columns,
    Group,
    plan_columns,
)
from tui.panes.logits.experiment import Shown, probabilities, size_of, winner
from tui.widgets.rows import Line, Part, RowsView

STEPS = 3
"""Rows of numbers a sentence has: alone, without the mask, with it."""


@dataclass(frozen=True)
class Experiment:
    """What the table draws. `waiting` is said where numbers are still to come."""

    rows: tuple[Shown, ...] = ()
    labels: tuple[str, ...] = ()
    problem_type: str | None = None
    left_out: str = ""
    """Why sentences after the last row are not compared; empty where none are."""
    waiting: str = ""

    @property
    def likely(self) -> bool:
        """Whether the labels have probabilities."""
        return len(self.labels) > 1 and self.problem_type != "regression"

    def longest_logit(self) -> int:
        """Cells of the longest logit there is."""
        results = (row.result for row in self.rows if row.result)
        values = [
            value
            for result in results
            for logits in (result.alone, result.padded_unmasked, result.padded_masked)
            for value in logits
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
            for label in experiment.labels[columns.first : last]:
                name = fit(visible(label), cells - 2 if group == "logits" else cells - 5)
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
            self.reveal(row * self._block + STEPS)
            self.reveal(row * self._block)

    @property
    def _block(self) -> int:
        """Rows from one sentence to the next: a blank one between them where all fit."""
        count = len(self.experiment.rows)
        spacious = count * (STEPS + 2) - 1 + bool(self.experiment.left_out) <= self.size.height
        return STEPS + 2 if spacious else STEPS + 1

    def row_count(self) -> int:
        return len(self.experiment.rows) * self._block + bool(self.experiment.left_out)

    def row(self, index: int) -> Strip:
        number, line = divmod(index, self._block)
        if number >= len(self.experiment.rows):
            left_out = fit(self.experiment.left_out, self.size.width - GUTTER)
            return Strip([Segment(" " * GUTTER + left_out, self.style("logits--waiting"))])
        shown = self.experiment.rows[number]
        if line == 0:
            return self._title(number, shown)
        return self._step(shown, line - 1) if line <= STEPS else Strip([])

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
        columns = self.columns
        holds = shown.alone_holds if step == 0 else shown.batch_holds
        name = f"{'':{GUTTER}}{columns.names[step]}".ljust(columns.name)
        parts: list[Part] = [(name, "logits--name" if holds else "logits--stale")]
        result = shown.result
        if result is not None:
            values = (result.alone, result.padded_unmasked, result.padded_masked)[step]
            apart = (0.0, result.max_abs_diff_unmasked, result.max_abs_diff_masked)[step]
            changed = f"logits--{size_of(apart)}"
            parts += self._numbers(values, result.alone, changed)
            parts += self._likeliest(values, result.alone, changed)
        used = sum(width(text) for text, _ in parts)
        parts.append((" " * max(0, columns.room - columns.tail - used), ""))
        if step == 0:
            waits = not (shown.alone_holds and shown.batch_holds)
            parts.append((f"  {self.experiment.waiting}" if waits else "", "logits--waiting"))
        elif result is not None:
            parts += self._difference(apart)
        keep = {"logits--waiting"} if step == 0 else set()
        return Strip(
            [
                Segment(text, self.style(name if holds or name in keep else "logits--stale"))
                for text, name in parts
                if text
            ]
        )

    def _numbers(self, values: Sequence[float], alone: Sequence[float], changed: str) -> list[Part]:
        """The numbers of each label, the digits that differ from `alone` in style `changed`."""
        parts: list[Part] = []
        columns = self.columns
        for group in columns.groups:
            texts = self._texts(values, group)
            references = self._texts(alone, group)
            for label in range(columns.first, min(columns.first + columns.count, len(texts))):
                text, reference = texts[label], references[label]
                start = numbers.changed_from(text, reference)
                parts += [(text[:start], ""), (text[start:], changed)]
        return parts

    def _texts(self, values: Sequence[float], group: Group) -> list[str]:
        cells = self.columns.cells[group]
        if group == "logits":
            return [numbers.logit(value).rjust(cells) for value in values]
        shares = probabilities(values, self.experiment.problem_type) or []
        return [numbers.percent(share).rjust(cells) for share in shares]

    def _likeliest(
        self, values: Sequence[float], alone: Sequence[float], changed: str
    ) -> list[Part]:
        """The likeliest label, in style `changed` where it is another one than `alone`."""
        columns = self.columns
        shares = probabilities(values, self.experiment.problem_type)
        if not columns.winner or shares is None:
            return []
        best = winner(shares)
        if best is None or best >= len(self.experiment.labels):
            return [("   no number", changed)]
        label = fit(visible(self.experiment.labels[best]), columns.winner)
        parts: list[Part] = [
            ("   ", ""),
            (label, "" if best == winner(alone) else changed),
            (" " * (columns.winner - width(label)), ""),
        ]
        if columns.percent:
            parts.append((f" {numbers.percent(shares[best]):>{PERCENT}}", ""))
        if columns.bar:
            filled, rest = numbers.bar(shares[best], columns.bar)
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
