"""Pastes of megabytes taken at once: Textual's parser looks at every character of them."""

from __future__ import annotations

from collections.abc import Iterable

from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.message import Message

_ESCAPE = "\x1b"


class PasteParser(XTermParser):
    """Hands the parser the text inside a paste in one piece instead of character by character.

    Without it a megabyte takes a second before the app hears of it, and keys wait as long.
    """

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._pasting = False
        self._recent = ""

    def feed(self, data: str) -> Iterable[Message]:
        """Parses what the terminal sent; yields keys, pastes and reports."""
        if not data:
            yield from super().feed(data)
        place = 0
        while place < len(data):
            if self._pasting and self._awaiting.timeout is None:
                # No escape sequence is under way: all up to the next one is the paste's text.
                end = data.find(_ESCAPE, place)
                end = len(data) if end < 0 else end
                if end > place:
                    self._awaiting = self._gen.send(data[place:end])
                    place = end
                    continue
            end = data.find("~", place) + 1 or len(data)  # what begins or ends a paste ends so
            piece = data[place:end]
            yield from super().feed(piece)
            self._recent = (self._recent + piece)[-len(BRACKETED_PASTE_START) :]
            if self._recent == BRACKETED_PASTE_START:
                self._pasting = True
            elif self._recent == BRACKETED_PASTE_END:
                self._pasting = False
            place = end


def take_pastes_at_once() -> None:
    """Lets the app's terminal driver parse with `PasteParser`; to be called before it runs."""
    from textual.drivers import linux_driver

    linux_driver.XTermParser = PasteParser  # type: ignore[attr-defined]
