"""The steps of the experiment: which rows of numbers every sentence has, and their names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from msgspec import structs

from core.engine.protocol import ALONE, MASKED, UNMASKED, Arrangement
from tui.plan import MOST_CELLS, Plan
from tui.widgets.rows import Part

Extra = Literal["side", "further", "order", "bfloat16"]
"""What can be added to the three rows that are always there."""

_TRACK = 12
"""Cells of the slider's track."""
EXTRAS: tuple[Extra, ...] = ("side", "further", "order", "bfloat16")


@dataclass(frozen=True)
class Step:
    """One row of numbers: an arrangement of the inputs, its name, and a short one."""

    arrangement: Arrangement
    name: str
    short: str
    extra: Extra | None = None
    """Which key added it; None for the three that are always there."""

    @property
    def kind(self) -> Arrangement:
        """Its arrangement but for the numbers in it: what an older answer is found by."""
        return kind_of(self.arrangement)


def kind_of(arrangement: Arrangement) -> Arrangement:
    """`arrangement`, whatever length it pads to and whatever order it has."""
    pad_to = None if arrangement.pad_to is None else 0
    order = None if arrangement.order is None else ()
    return structs.replace(arrangement, pad_to=pad_to, order=order)


LESSON = (
    Step(ALONE, "alone", "alone"),
    Step(UNMASKED, "batch, no mask", "no mask"),
    Step(MASKED, "batch, with mask", "masked"),
)


@dataclass(frozen=True)
class Setup:
    """Which rows are shown besides the three; `further` in tokens behind the longest input."""

    side: bool = False
    further: int = 0
    order: bool = False
    bfloat16: bool = False

    def has(self, extra: Extra) -> bool:
        """Whether the rows of `extra` are shown."""
        return bool(getattr(self, extra))

    def toggled(self, extra: Extra) -> Setup:
        """The rows of `extra` shown or not, as they were not."""
        match extra:
            case "side":
                return replace(self, side=not self.side)
            case "order":
                return replace(self, order=not self.order)
            case "bfloat16":
                return replace(self, bfloat16=not self.bfloat16)
            case "further":
                return replace(self, further=0 if self.further else 1)


def steps(setup: Setup, plan: Plan, own_side: str) -> tuple[Step, ...]:
    """The rows that every input has, from top to bottom; `own_side` is the tokenizer's."""
    made = list(LESSON)
    if setup.side:
        side: Literal["left", "right"] = "left" if own_side == "right" else "right"
        other = Arrangement(padding_side=side)
        made += [
            Step(other, f"padded {side}", side, "side"),
            Step(structs.replace(other, positions="mask"), "  + position_ids", " + pos", "side"),
        ]
    if setup.further and plan.width:
        pad_to = plan.width + setup.further
        to = f"to {pad_to}"
        made += [
            Step(Arrangement(mask=False, pad_to=pad_to), f"{to}, no mask", to, "further"),
            Step(Arrangement(pad_to=pad_to), f"{to}, masked", " masked", "further"),
        ]
    if setup.order:
        order = tuple(reversed(range(plan.count)))
        made.append(Step(Arrangement(order=order), "order reversed", "order", "order"))
    if setup.bfloat16:
        made.append(Step(Arrangement(dtype="bfloat16"), "in bfloat16", "bf16", "bfloat16"))
    return tuple(made)


def most_further(plan: Plan, max_positions: int | None) -> int:
    """How far behind the longest input padding may go."""
    most = MOST_CELLS // max(1, plan.count)
    return max(0, min(most, max_positions or most) - plan.width)


def slider(setup: Setup, plan: Plan, max_positions: int | None) -> list[Part]:
    """How far padding goes between the longest input and the model's last position."""
    most = most_further(plan, max_positions)
    if not setup.further or not most:
        return []
    at = round((_TRACK - 1) * min(setup.further, most) / most)
    return [
        ("−", "legend--key"),
        (f" {plan.width:,} ", ""),
        ("━" * at, "legend--key"),
        ("●", "legend--key"),
        ("─" * (_TRACK - 1 - at), ""),
        (f" {plan.width + most:,} ", ""),
        ("+ ", "legend--key"),
    ]
