"""A page of shapes as SVG, and as PNG by Pillow."""

from __future__ import annotations

import io
from html import escape
from itertools import cycle

from core.text.visible import visible
from tui.panes.train.scene import PAPER, WIDTH, Line, Scene

_SHARP = 2
"""Pixels of a PNG for each unit: legible on paper and projectors."""


def as_svg(scene: Scene) -> str:
    """Text that any browser draws; no scripts, no fonts of its own."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {scene.height}" '
        f'width="{WIDTH}" height="{scene.height}" font-family="Helvetica, Arial, sans-serif">',
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
    ]
    for line in scene.lines:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in line.points)
        dashes = f' stroke-dasharray="{" ".join(map(str, line.dashes))}"' if line.dashes else ""
        fill = line.colour if line.filled else "none"
        parts.append(
            f'<polyline points="{points}" fill="{fill}" stroke="{line.colour}" '
            f'stroke-width="{line.width:g}" stroke-linejoin="round"{dashes}/>'
        )
    parts += [
        f'<text x="{words.x:.1f}" y="{words.y:.1f}" font-size="{words.size}" '
        f'fill="{words.colour}" text-anchor="{words.anchor}">'
        f"{escape(visible(words.text))}</text>"
        for words in scene.words
    ]
    return "\n".join([*parts, "</svg>\n"])


def as_png(scene: Scene) -> bytes:
    """The same as a picture, two pixels for each unit."""
    from PIL import Image, ImageDraw, ImageFont  # imported when first needed

    image = Image.new("RGB", (WIDTH * _SHARP, scene.height * _SHARP), PAPER)
    draw = ImageDraw.Draw(image)
    for line in scene.lines:
        width = max(1, round(line.width * _SHARP))
        if line.filled:
            draw.polygon([(x * _SHARP, y * _SHARP) for x, y in line.points], line.colour)
        for piece in _dashed(line):
            draw.line(
                [(x * _SHARP, y * _SHARP) for x, y in piece], line.colour, width, joint="curve"
            )
    anchors = {"start": "ls", "middle": "ms", "end": "rs"}
    for words in scene.words:
        font = ImageFont.load_default(words.size * _SHARP)
        place = words.x * _SHARP, words.y * _SHARP
        text = visible(words.text)
        draw.text(place, text, words.colour, font, anchors[words.anchor])
    output = io.BytesIO()
    image.save(output, "PNG", optimize=True)
    return output.getvalue()


def _dashed(line: Line) -> list[list[tuple[float, float]]]:
    """The line in the pieces that are drawn."""
    if not line.dashes:
        return [list(line.points)]
    lengths = cycle(line.dashes)
    left, drawn = float(next(lengths)), True
    pieces: list[list[tuple[float, float]]] = []
    piece = [line.points[0]]
    for (x0, y0), (x1, y1) in zip(line.points, line.points[1:], strict=False):
        whole = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        done = 0.0
        while whole - done > left:
            done += left
            share = done / whole
            here = x0 + (x1 - x0) * share, y0 + (y1 - y0) * share
            if drawn:
                pieces.append([*piece, here])
            piece = [here]
            drawn, left = not drawn, float(next(lengths))
        left -= whole - done
        if drawn:
            piece.append((x1, y1))
    if drawn and len(piece) > 1:
        pieces.append(piece)
    return pieces
