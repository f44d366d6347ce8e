"""Sends the cells of a region that is to be repainted, and none to the left of it.

Textual cuts a partial update at the right end of the region, but begins it where the widget begins
(Textualize/textual#5625). A chart whose last column changed would be sent whole.
"""

from __future__ import annotations

from rich.console import Console
from textual._compositor import ChopsUpdate, Compositor
from textual.strip import Strip

from core.text.visible import width


class CellsUpdate(ChopsUpdate):
    """A partial update that is cut at both ends."""

    def render_segments(self, console: Console) -> str:
        """The update as it is written to the terminal."""
        sequences = []
        for y, x1, x2 in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= x2 or end <= x1:
                    continue
                start = _boundary(strip, x1 - x) if x < x1 else 0
                shown = strip.crop(start, min(end, x2) - x)
                sequences += [f"\x1b[{y + 1};{x + start + 1}H", shown.render(console)]
        return "".join(sequences)


class CellsCompositor(Compositor):
    """A compositor whose partial updates are `CellsUpdate`s."""

    def render_partial_update(self) -> CellsUpdate | None:
        """What is to be repainted; None where nothing is."""
        update = super().render_partial_update()
        if update is None:
            return None
        return CellsUpdate(update.chops, update.spans, update.chop_ends)


def _boundary(strip: Strip, cell: int) -> int:
    """The last cell up to `cell` at which a character begins: none may be cut in two."""
    text = strip.text
    if text.isascii() or len(text) == strip.cell_length == width(text):
        return cell
    begins = 0
    for character in text:
        after = begins + width(character)
        if after > cell:
            break
        begins = after
    return begins
