"""What a key adds or leads to, named below what is shown: more than the key bar has room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.text.visible import width
from tui.widgets.rows import Part

_APART = 3
"""Cells between two offers."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A key and what it does; `on`: it did."""

    key: str
    does: str
    on: bool = False


def flow(first: str, offers: Sequence[Offer], cells: int) -> list[list[Part]]:
    """`first` and the offers as rows of at most `cells`, none of them parted.

    The parts are in `offers--key`, `offers--on` and `offers--does`.
    """
    rows: list[list[Part]] = [[(first, "offers--does")]]
    used = width(first)
    for offer in offers:
        does = f" {offer.does}{' ✓' if offer.on else ''}"
        needed = _APART + width(offer.key) + width(does)
        if used + needed > cells and used:
            rows.append([(" " * width(first), "")])
            used = width(first)
        rows[-1] += [
            (" " * _APART, ""),
            (offer.key, "offers--key"),
            (does, "offers--on" if offer.on else "offers--does"),
        ]
        used += needed
    return rows
