"""Numbers as text, so that decimal points stand below each other."""

from __future__ import annotations

import math

LOGIT_DECIMALS = 4
_BEHIND = LOGIT_DECIMALS + 1


def logit(value: float) -> str:
    """`-3.3464`: always four decimals, so that right-aligned ones align at the point."""
    if not math.isfinite(value):
        return str(value) + " " * _BEHIND
    text = f"{value:.{LOGIT_DECIMALS}f}"
    return text if len(text) <= 12 else f"{value:.4e}"


def percent(share: float) -> str:
    """`99.95 %`, or `nan   %`."""
    return f"{share * 100:.2f} %" if math.isfinite(share) else f"{share}    %"


def difference(value: float) -> str:
    """`0.334`, `2e-07`, `0`: three digits of what can be seen, one of what is rounding."""
    if value == 0 or not math.isfinite(value):
        return f"{value:.0f}"
    return f"{value:.0e}" if value < 1e-3 else f"{value:#.3g}".rstrip(".")


def at_point(text: str, whole: int) -> str:
    """`text` moved right so that its whole part ends after `whole` cells."""
    digits = len(text) - len(text.lstrip("0123456789"))
    return " " * max(0, whole - digits) + text


def changed_from(text: str, reference: str) -> int:
    """The first character in which `text`, as long as `reference`, differs; its length if none."""
    same = (a == b for a, b in zip(text, reference, strict=False))
    return next((index for index, equal in enumerate(same) if not equal), len(text))


def bar(share: float, cells: int) -> tuple[str, str]:
    """`share` (0 to 1) of `cells` as a heavy line, to half a cell, and the rest as a thin one."""
    halves = round(max(0.0, min(1.0, share)) * cells * 2) if math.isfinite(share) else 0
    full, half = divmod(halves, 2)
    return "━" * full + "╸" * half, "─" * (cells - full - half)


def same_label(same: int, count: int) -> str:
    """For how many of `count` sentences two models gave one label, as the start of a sentence."""
    if count == 1:
        return "The same label" if same else "Another label"
    every = "both sentences" if count == 2 else f"all {count} sentences"
    if same in {0, count}:
        return f"{'The same' if same else 'Another'} label for {every}"
    return f"The same label for {same} of {count} sentences"


def tolerance(value: float) -> str:
    """`1e-5`, as it is written by hand."""
    mantissa, _, exponent = f"{value:.0e}".partition("e")
    return f"{mantissa}e{int(exponent)}"
