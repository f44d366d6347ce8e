"""Sends the cells of a region that is to be repainted, and none to the left of it.

Textual cuts a partial update at the right end of the region, but begins it where the widget begins
(Textualize/textual#5625). A chart whose last column changed would be sent whole.
"""

from __future__ import annotations

from typing import Any, cast

from rich.console import Console
from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
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
    """A compositor whose partial updates are `CellsUpdate`s, for which only what is sent is drawn.

    Textual asks every widget between the first and the last changed row for all its rows, those
    that stand hidden behind others included; a key that changes two distant widgets would pay for
    the whole screen.
    """

    def render_partial_update(self) -> CellsUpdate | None:
        """What is to be repainted; None where nothing is."""
        if not self._dirty_regions:
            return None
        height = self.size.height
        spans = [span for span in self._regions_to_spans(self._dirty_regions) if span[0] < height]
        self._dirty_regions.clear()
        chops: list[dict[int, Strip | None]] = [{} for _ in range(height)]
        ends: list[list[int]] = [[] for _ in range(height)]
        missing: dict[int, set[int]] = {}
        for y, x1, x2 in spans:
            cuts = self.cuts[y]
            if y not in missing:
                missing[y], chops[y], ends[y] = set(), dict.fromkeys(cuts[:-1]), cuts[1:]
            between = zip(cuts, ends[y], strict=False)
            missing[y].update(cut for cut, end in between if cut < x2 and x1 < end)
        self._fill(chops, missing)
        return CellsUpdate(cast("Any", chops), spans, ends)

    def _fill(self, chops: list[dict[int, Strip | None]], missing: dict[int, set[int]]) -> None:
        """Draws the `missing` pieces, by row the cells that they begin at, the front widgets first.

        A widget none of whose cells is missing any more is not asked.
        """
        for widget, (region, clip) in self.visible_widgets.items():
            left, top, cells, rows = region.intersection(clip)
            wanted = [
                y
                for y in range(top, top + rows)
                if y in missing and any(left <= cut < left + cells for cut in missing[y])
            ]
            if not wanted:
                continue
            first = wanted[0]
            crop = Region(left - region.x, first - region.y, cells, wanted[-1] - first + 1)
            strips = widget.render_lines(crop)
            for y in wanted:
                inside = [cut for cut in self.cuts[y] if left <= cut <= left + cells]
                pieces = strips[y - first].divide([cut - left for cut in inside[1:]])
                for cut, piece in zip(inside, pieces, strict=False):
                    if cut in missing[y]:
                        missing[y].discard(cut)
                        chops[y][cut] = piece
                if not missing[y]:
                    del missing[y]
            if not missing:
                return


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
