"""The tensors of one sequence below each other, a column a token, from one token on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.text.visible import fit, width
from tui.widgets.rows import Part

_INDENT = 3
_WIDEST = 14
"""Cells of a column at the most."""


def tensor_rows(
    tensors: Sequence[tuple[str, Sequence[str]]],
    style: Callable[[str, int], str],
    left: int,
    cells: int,
    *,
    name: int,
    gap: int,
) -> list[list[Part]]:
    """A row for each of `tensors`, (its name, a `visible` value for each token).

    Column `left` comes first, `name` cells from the edge, `gap` cells between columns; `style` says
    how a tensor's value at a place is drawn. ‹ and › stand where there is more.
    """
    length = len(tensors[0][1])
    left = max(0, min(left, length - 1))
    before = "‹" if left else " "
    rows: list[list[Part]] = [
        [(f"{'':{_INDENT}}{each:<{name - _INDENT - 1}}{before}", "lines--name")]
        for each, _ in tensors
    ]
    room, place = cells - name, left
    while place < length:
        needed = min(_WIDEST, max(width(values[place]) for _, values in tensors)) + gap
        if needed > room - (place < length - 1):
            break
        room -= needed
        for parts, (each, values) in zip(rows, tensors, strict=True):
            text = fit(values[place], needed - gap)
            parts.append((" " * (needed - width(text)) + text, style(each, place)))
        place += 1
    if place < length:
        for parts in rows:
            parts.append(("›", "lines--name"))
    return rows
