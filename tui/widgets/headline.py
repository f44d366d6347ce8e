"""A few rows of words above the table: what is to be seen, or what to do."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.strip import Strip

from core.text.visible import fit, width
from tui.widgets.rows import Part, RowsView

Paragraph = Sequence[Part]
_INDENT = 1
_MOST_ROWS = 4
"""Rows of one word."""


class Headline(RowsView):
    """Paragraphs of parts, wrapped at blanks; one that does not fit whole is left out.

    The first one is always there, cut where it must be.
    """

    DEFAULT_CSS = """
    Headline {
        color: $foreground 80%;
        .headline--strong { color: $foreground; text-style: bold; }
        .headline--number { color: $error; text-style: bold; }
        .headline--good { color: $success; text-style: bold; }
        .headline--quiet { color: $foreground 50%; }
        .headline--problem { color: $error; }
        .headline--key { color: $accent; }
        .headline--bar { color: $accent; }
        .headline--track { color: $foreground 25%; }
    }
    """
    COMPONENT_CLASSES = {
        "headline--strong",
        "headline--number",
        "headline--quiet",
        "headline--good",
        "headline--problem",
        "headline--key",
        "headline--bar",
        "headline--track",
    }

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._paragraphs: Sequence[Paragraph] = ()
        self._dim = False

    def show(self, paragraphs: Sequence[Paragraph], *, dim: bool = False) -> None:
        """Says `paragraphs`; `dim`: they may no longer hold."""
        self._paragraphs, self._dim = paragraphs, dim
        self.redraw()

    @property
    def rows_needed(self) -> int:
        """Rows that all of the words take."""
        return sum(len(wrap(paragraph, self._cells)) for paragraph in self._paragraphs)

    def row_count(self) -> int:
        return self.size.height

    @property
    def _cells(self) -> int:
        return max(8, self.size.width - 2 * _INDENT)

    def row(self, index: int) -> Strip:
        rows = self._rows()
        parts = rows[index] if index < len(rows) else []
        dim = self.style("headline--quiet")
        return Strip(
            [
                Segment(" " * _INDENT, self.style()),
                *(Segment(text, dim if self._dim else self.style(name)) for text, name in parts),
            ]
        )

    def _rows(self) -> list[list[Part]]:
        cells, height = self._cells, self.size.height
        rows: list[list[Part]] = []
        for number, paragraph in enumerate(self._paragraphs):
            wrapped = wrap(paragraph, cells)
            if number and len(rows) + len(wrapped) > height:
                break
            rows += wrapped
        if len(rows) > height > 0:
            text, name = rows[height - 1][-1]
            room = cells - sum(width(before) for before, _ in rows[height - 1][:-1])
            rows[height - 1][-1] = (fit(f"{text.rstrip()} …", room), name)
            del rows[height:]
        return rows


def wrap(paragraph: Paragraph, cells: int) -> list[list[Part]]:
    """Breaks `paragraph` at blanks into rows of at most `cells`.

    A word that is longer, as the path of a file, goes on in the next rows; at last it is cut.
    """
    rows: list[list[Part]] = [[]]
    used = 0
    for word in _words(paragraph):
        needed = width("".join(text for text, _ in word).rstrip(" "))
        if used + needed > cells and used:
            rows.append([])
            used = 0
        for text, name in word:
            piece = fit(text if used else text.lstrip(" "), _MOST_ROWS * cells)
            if used + width(piece) > cells:
                piece = piece.rstrip(" ")
            while used + width(piece) > cells:
                head = _beginning(piece, cells - used) or piece[: not used]
                rows[-1].append((head, name))
                rows.append([])
                piece, used = piece[len(head) :], 0
            used += width(piece)
            rows[-1].append((piece, name))
    return [row for row in rows if row] or [[]]


def _beginning(text: str, cells: int) -> str:
    """As much of `text` as `cells` cells hold."""
    kept = text[:cells]
    while width(kept) > cells:
        kept = kept[:-1]
    return kept


def _words(paragraph: Paragraph) -> list[list[Part]]:
    """Runs of parts up to and with a blank: what stands on one row."""
    words: list[list[Part]] = [[]]
    for text, name in paragraph:
        pieces = text.split(" ")
        for number, piece in enumerate(pieces):
            blank = number < len(pieces) - 1
            if piece or blank:
                words[-1].append((piece + " " * blank, name))
            if blank:
                words.append([])
    return [word for word in words if word]
