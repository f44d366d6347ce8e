"""From the editor's lines to their tokens: at once where they are short, else in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.dom import DOMNode

from core.text.encoding import Encoding
from core.text.sentences import SentenceLine
from tui.document import Document, EncodingCache, Missing

if TYPE_CHECKING:
    from core.text.tokenizer import TextTokenizer

AT_ONCE = 20_000
"""Characters that are encoded between a key and its frame; more go to a thread."""
_PATIENCE = 0.01
"""Seconds that a key waits for the thread, which begins at once unless all are busy."""


class LiveEncoder:
    """Encodes what is new in `lines()` and hands on the document; its tokenizer may be changed."""

    def __init__(
        self,
        owner: DOMNode,
        lines: Callable[[], tuple[SentenceLine, ...]],
        show: Callable[[Document], None],
    ) -> None:
        self._owner = owner
        self._lines = lines
        self._show = show
        self._cache: EncodingCache | None = None
        self._busy = False
        self._shown = Document()

    @property
    def tokenizer(self) -> TextTokenizer | None:
        """What texts are encoded with; None until one was read."""
        return self._cache.tokenizer if self._cache else None

    def use(self, tokenizer: TextTokenizer) -> None:
        """Encodes with `tokenizer` from now on."""
        self._cache = EncodingCache(tokenizer)
        self.encode()

    def encode(self) -> None:
        """Shows the tokens of the lines before it returns, or how many characters they wait for."""
        if self._cache is None:
            return
        lines = self._lines()
        missing = self._cache.missing(lines)
        characters = sum(map(self._cache.fresh_characters, missing))
        if characters <= AT_ONCE:
            self._hand_on(self._cache.document(lines))
            return
        if not self._busy:
            self._busy = True
            first = _begin(self._cache, missing[0])
            rest = self._encode_in_thread(self._cache, first, missing[1:])
            self._owner.run_worker(rest, group="encode")
        self._hand_on(replace(self._shown, behind=characters))

    def _hand_on(self, document: Document) -> None:
        self._shown = document
        self._show(document)

    async def _encode_in_thread(
        self, cache: EncodingCache, first: asyncio.Future[Encoding], others: list[Missing]
    ) -> None:
        """Encodes long texts while keys go on; what was typed meanwhile comes next."""
        try:
            cache.hold(await first)
            for each in others:
                if cache is not self._cache:
                    break  # another tokenizer came into force
                cache.hold(await _begin(cache, each))
        finally:
            self._busy = False
        self.encode()


def _begin(cache: EncodingCache, missing: Missing) -> asyncio.Future[Encoding]:
    """Encodes what is `missing` in a thread that is at work when this returns.

    It would have to wait for the interpreter's lock else, until the frame that comes next is drawn.
    """
    begun = threading.Event()

    def work() -> Encoding:
        begun.set()
        return cache.encode(missing)

    encoding = asyncio.get_running_loop().run_in_executor(None, work)
    begun.wait(_PATIENCE)
    return encoding
