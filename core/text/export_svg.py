"""The tokens of a batch as a picture: one SVG file that needs nothing else."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass

from core.text.encoding import Batch
from core.text.visible import fit, visible, width

_COLUMNS = 110
"""Terminal cells that a row of chips takes."""
_CELL, _LINE, _MARGIN = 9, 26, 24
"""Pixels: a cell of 15 px monospace type, from row to row, around the picture."""
_STYLE = """
text { font: 15px ui-monospace, Menlo, Consolas, monospace; fill: #1c1c1c; white-space: pre; }
.of { fill: #666; } .paper { fill: #fff; }
.a { fill: #cfe3ff; } .b { fill: #ffe3c2; }
.s { fill: none; stroke: #999; } .p { fill: none; stroke: #bbb; stroke-dasharray: 3 2; }
@media (prefers-color-scheme: dark) {
text { fill: #eee; } .of { fill: #aaa; } .paper { fill: #16181d; }
.a { fill: #1f3a5f; } .b { fill: #5a3d1a; } }
"""


@dataclass(frozen=True, slots=True)
class _Chip:
    """A token as it is drawn: `visible` text, the class of its box, how many cells it takes."""

    text: str
    kind: str
    cells: int


def to_svg(batch: Batch, model: str) -> str:
    """A picture of every row: its sentence, and under it the tokens in two tints.

    Special tokens have a border, padding a dashed one. The text is text, never markup; the
    picture holds no script and asks for nothing from elsewhere. Colours follow the viewer's theme.
    """
    shape = "ragged" if batch.shape is None else f"shape {list(batch.shape)}"
    summary = f"{batch.token_count:,} tokens · {batch.padding_count:,} padding · {shape}"
    lines: list[str] = [_words(0, f"{model} · {summary}")]
    for row, encoding in enumerate(batch.encodings):
        lines.append("")
        lines.append(_words(len(lines), str(encoding.sentence)))
        for chips in _broken(_chips(batch, row)):
            lines.append("".join(_drawn(len(lines), chips)))
    across, down = _COLUMNS * _CELL + 2 * _MARGIN, len(lines) * _LINE + 2 * _MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{across}" height="{down}" '
        f'viewBox="0 0 {across} {down}">'
    )
    paper = f'<rect class="paper" width="{across}" height="{down}"/>'
    title = f"<title>Tokens · {_safe(model)}</title>"
    body = "\n".join(filter(None, lines))
    return f"{head}\n{title}\n<style>{_STYLE}</style>\n{paper}\n{body}\n</svg>\n"


def _chips(batch: Batch, row: int) -> Iterator[_Chip]:
    special = batch.encodings[row].special_tokens_mask
    for cell in batch.cells(row):
        if cell.position is None:
            kind = "p"
        else:
            kind = "s" if special[cell.position] else "ab"[cell.position % 2]
        text = fit(visible(cell.token), _COLUMNS - 1)
        yield _Chip(text, kind, max(1, width(text)) + 1)


def _broken(chips: Iterator[_Chip]) -> Iterator[list[_Chip]]:
    """The chips in rows of at most `_COLUMNS` cells."""
    line: list[_Chip] = []
    used = 0
    for chip in chips:
        if line and used + chip.cells > _COLUMNS:
            yield line
            line, used = [], 0
        line.append(chip)
        used += chip.cells
    yield line


def _drawn(line: int, chips: list[_Chip]) -> Iterator[str]:
    x, y = _MARGIN, _MARGIN + line * _LINE
    for chip in chips:
        across = chip.cells * _CELL - 3
        yield f'<rect class="{chip.kind}" x="{x}" y="{y}" width="{across}" height="21" rx="3"/>'
        yield _text(x + 3, y, chip.text, across - 6, "token")
        x += chip.cells * _CELL


def _words(line: int, text: str) -> str:
    shown = fit(visible(text), _COLUMNS)
    return _text(_MARGIN, _MARGIN + line * _LINE, shown, width(shown) * _CELL, "of")


def _text(x: int, y: int, text: str, across: int, kind: str) -> str:
    """A text as wide as it is in a terminal, whichever typeface the viewer has."""
    length = f' textLength="{across}" lengthAdjust="spacingAndGlyphs"' if text else ""
    return f'<text class="{kind}" x="{x}" y="{y + 16}"{length}>{_safe(text)}</text>'


def _safe(text: str) -> str:
    shown = html.escape(visible(text), quote=True)
    # XML knows no such characters, escaped or not.
    return shown.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
