"""Everything about the token under the cursor."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence

from rich.segment import Segment
from textual.strip import Strip
from textual.timer import Timer

from core.text.detail import TokenDetail
from core.text.spaces import shown
from core.text.visible import visible, width
from tui.panes.tokens.look import Look
from tui.widgets.rows import Part, RowsView

_LABEL = 13
_GLUE = "\u00a0"
_WORD = re.compile(r"[^ ]+ *| +")
_PAUSE = 0.3
"""Seconds of rest after a key in the editor until the token under the caret is looked up."""
_LONGEST = 400
"""Characters of a token, and bytes of it, that are shown."""


class TokenCard(RowsView):
    """Token, id, bytes, characters, word, and where else the vocabulary holds it; a row each.

    It follows the cursor at once; while the user types, when the hand rests, so that a key costs
    no more than the token it makes.
    """

    COMPONENT_CLASSES = {"card--name", "card--token", "card--dim"}

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._look: Look | None = None
        self._fields: tuple[tuple[str, tuple[Part, ...]], ...] = ()
        self._lines: tuple[tuple[Part, ...], ...] = ()
        self._at_rest: Timer | None = None

    def show(self, look: Look) -> None:
        """Looks up the token under the cursor of `look`."""
        self._look = look
        if self._at_rest is not None:
            self._at_rest.stop()
            self._at_rest = None
        if look.typing and self._lines:
            self._at_rest = self.set_timer(_PAUSE, self._read)
        else:
            self._read()

    def _read(self) -> None:
        look = self._look
        if look is None:
            return
        if look.position is None:
            padding = look.batch.padding
            self._fields = _of_padding(padding.token, padding.token_id) if padding else ()
        else:
            detail = look.readers.detail.read(look.encoding, look.position)
            self._fields = tuple(_fields(detail))
        self._wrap()
        self.redraw()

    def _wrap(self) -> None:
        room = max(8, self.cells - _LABEL - 1)
        self._lines = tuple(
            line for name, parts in self._fields for line in _wrapped(name, parts, room)
        )

    def on_resize(self) -> None:
        super().on_resize()
        self._wrap()

    def row_count(self) -> int:
        return len(self._lines)

    def row_key(self, index: int) -> Hashable:
        return self._lines[index]

    def row(self, index: int) -> Strip:
        return Strip([Segment(text, self.style(name)) for text, name in self._lines[index]])


def _fields(detail: TokenDetail) -> Iterator[tuple[str, tuple[Part, ...]]]:
    kind = "special" if detail.special else "added" if detail.added else ""
    kind = "unknown: the vocabulary cannot spell these characters" if detail.unknown else kind
    yield "token", ((_cut(shown(detail.token)), "card--token"), (f"  {kind}", "card--dim"))
    place = f"  position {detail.position:,}"
    place += "" if detail.word is None else f", word {detail.word:,}"
    yield "id", ((f"{detail.input_id}", ""), (place, "card--dim"))
    if detail.shares_character:
        number = detail.position - detail.group.start + 1
        places = f"positions {detail.group.start:,}–{detail.group[-1]:,}"
        whole = f" of {len(detail.group)} tokens that are one character together, {places}"
        yield "part", ((f"{number}", "card--token"), (whole, ""))
    if detail.start is not None:
        pair = "second text, " if detail.sequence == 1 else ""
        span = f"  {pair}{detail.start:,}–{detail.end:,}"
        yield "characters", ((f'"{_cut(shown(detail.characters))}"', ""), (span, "card--dim"))
        yield "UTF-8", ((_cut(detail.source_bytes) or "none", ""),)
    if detail.token_bytes != detail.source_bytes and not detail.special:
        spells = "" if detail.readable == detail.token else f'  "{_cut(shown(detail.readable))}"'
        yield "token bytes", ((_cut(detail.token_bytes), ""), (spells, "card--dim"))
    if not detail.added:
        yield "also", tuple(_variants(detail)) or (("no other case or prefix", "card--dim"),)
    near: list[Part] = []
    for neighbour in detail.neighbours:
        near += _entry(neighbour.token, neighbour.input_id)
    yield "neighbours", tuple(near)


def _variants(detail: TokenDetail) -> Iterator[Part]:
    for variant in detail.variants:
        yield from _entry(variant.token, variant.input_id)


def _entry(token: str, input_id: int) -> tuple[Part, Part]:
    """A token and its id, which stay in one row."""
    return (f"{shown(token)}{_GLUE}", ""), (f"{input_id}   ", "card--dim")


def _of_padding(token: str, token_id: int) -> tuple[tuple[str, tuple[Part, ...]], ...]:
    return (
        ("token", ((visible(token), "card--token"), ("  padding", "card--dim"))),
        ("id", ((f"{token_id:,}", ""),)),
        ("mask", (("0: the model does not attend to it", ""),)),
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _wrapped(name: str, parts: Sequence[Part], room: int) -> Iterator[tuple[Part, ...]]:
    """The parts in rows of `room` cells behind the name; they break at blanks where they can."""
    line: list[Part] = [(f" {name:<{_LABEL}}", "card--name")]
    used = 0
    for atom in _atoms(parts, room):
        if used and used + width("".join(text for text, _ in atom).rstrip()) > room:
            yield tuple(line)
            line, used = [(" " * (_LABEL + 1), "card--name")], 0
        for text, style in atom:
            kept = text if used else text.lstrip(" ")
            line.append((kept, style))
            used += width(kept)
    yield tuple(line)


def _atoms(parts: Sequence[Part], room: int) -> Iterator[list[Part]]:
    """What stays together: up to the next blank, unless that is more than a row."""
    atom: list[Part] = []
    for text, style in parts:
        for word in _words(text, room):
            if atom and width("".join(each for each, _ in atom) + word.rstrip()) > room:
                yield atom
                atom = []
            atom.append((word, style))
            if word.endswith(" "):
                yield atom
                atom = []
    yield atom


def _words(text: str, room: int) -> Iterator[str]:
    """The words of `text` with the blanks behind them; those too long for a row in stretches."""
    for found in _WORD.finditer(text):
        word = found.group()
        while width(word.rstrip()) > room:
            kept = min(len(word), room)
            while width(word[:kept]) > room:
                kept -= 1
            yield word[:kept]
            word = word[kept:]
        yield word
