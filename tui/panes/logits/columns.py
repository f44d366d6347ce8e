"""Which columns there is room for, and how wide they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from core.text.visible import fit, visible, width
from tui.panes.logits.steps import Step

Group = Literal["logits", "probabilities"]

GUTTER = 4
_AS_ALWAYS = (len("batch, with mask"), len("no mask"))
"""Cells of the names that are always there, long and short: columns do not move for less."""
DELTA = 10
VERDICT = 8
"""`differs`, and a blank before it."""
PERCENT = len("100.00 %")
_LOGIT = 8
_LONGEST_LABEL, _SHORT_LABEL = 14, 9
_BAR = (8, 30)
WIDEST = 132
"""Cells beyond which a row is no wider: the eye has to follow it."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A row's columns from left to right; each group shows `count` labels from `first` on.

    `winner` is the cells of the likeliest label's name, 0 without that column; `percent` says
    whether its percentage stands beside it, `bar` how many cells its bar takes; `delta` whether the
    difference is shown as a number. `room` is the cells of the whole row.
    """

    short: bool
    """Whether the steps go by their short names."""
    name: int
    groups: tuple[Group, ...]
    cells: dict[Group, int]
    first: int
    count: int
    winner: int
    percent: bool
    bar: int
    delta: bool
    room: int

    @property
    def tail(self) -> int:
        """Cells of the difference and the verdict."""
        return (DELTA if self.delta else 0) + VERDICT


def plan_columns(
    room: int,
    labels: Sequence[str],
    *,
    emphasis: Group,
    first: int,
    longest_logit: int,
    likely: bool,
    steps: Sequence[Step] = (),
) -> Columns:
    """Shares `room` cells: a name, labels, the likeliest one, difference and verdict.

    One group of numbers is `emphasis`; both are shown, and bars, where they fit whole. `likely`:
    the model's labels have probabilities. `longest_logit` is the cells of the longest one. Where
    not all labels fit, names and labels are short, to leave room for more of them.
    """
    room = min(room, WIDEST)
    longest = min(_LONGEST_LABEL, max((width(visible(label)) for label in labels), default=0))
    group = emphasis if likely else "logits"

    def share(names: Sequence[str], label: int, *, short: bool) -> Columns:
        name = GUTTER + max([_AS_ALWAYS[short], *map(len, names)])
        cells: dict[Group, int] = {
            "logits": max(_LOGIT, label, longest_logit) + 2,
            "probabilities": max(PERCENT, label + 3) + 2,
        }
        return _share(room, len(labels), longest, cells, group, first, likely, name, short)

    if room >= 64:
        columns = share([step.name for step in steps], longest, short=False)
        if columns.count >= len(labels):
            return columns
    return share([step.short for step in steps], min(longest, _SHORT_LABEL), short=True)


def _share(
    room: int,
    labels: int,
    longest: int,
    cells: dict[Group, int],
    group: Group,
    first: int,
    likely: bool,
    name: int,
    short: bool,
) -> Columns:
    """As `plan_columns`, for `labels` labels, the likeliest one shown in `longest` cells."""
    delta = room >= 50
    rest = room - name - VERDICT - (DELTA if delta else 0)
    every = {each: cells[each] * labels for each in cells}
    named = 3 + longest
    # Of one label alone none is the likeliest.
    winner = labels > 1 and likely and rest >= named + 1 + PERCENT + cells[group]
    named = named if labels > 1 else 0
    # With all probabilities in sight, that of the likeliest label need not stand there twice.
    all_shares = group == "probabilities" and rest >= named + every[group]
    both = (winner or labels == 1) and likely and rest >= named + sum(every.values())
    percent = winner and not (all_shares or both)
    groups: tuple[Group, ...] = ("logits", "probabilities") if both else (group,)
    rest -= (named if winner else 0) + (1 + PERCENT if percent else 0)
    count = max(1, min(labels, rest // sum(cells[each] for each in groups)))
    rest -= sum(cells[each] for each in groups) * count + 4
    bar = min(_BAR[1], rest) if winner and rest >= _BAR[0] else 0
    return Columns(
        short,
        name,
        groups,
        cells,
        max(0, min(first, labels - count)),
        count,
        longest if winner else 0,
        percent,
        bar,
        delta,
        room,
    )


@lru_cache(maxsize=8)
def short_names(labels: tuple[str, ...], cells: int) -> tuple[str, ...]:
    """The labels in so many cells each; those that would look alike keep both of their ends."""
    whole = [visible(label) for label in labels]
    cut = [fit(name, cells) for name in whole]
    alike = {name for name, times in Counter(cut).items() if times > 1}
    return tuple(
        _ends(name, cells) if short in alike and short != name else short
        for name, short in zip(whole, cut, strict=True)
    )


def _ends(name: str, cells: int) -> str:
    end = name[len(name) - cells // 2 :]
    while width(end) > cells // 2:
        end = end[1:]
    return fit(name, cells - width(end)) + end
