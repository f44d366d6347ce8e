"""From the editor's lines to their tokens: at once where they are short, else in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.dom import DOMNode

from core.text.sentences import SentenceLine
from tui.document import Document, EncodingCache

if TYPE_CHECKING:
    from core.text.tokenizer import TextTokenizer

AT_ONCE = 20_000
"""Characters that are encoded between a key and its frame; more go to a thread."""


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
        characters = sum(len(str(sentence)) for sentence in self._cache.missing(lines))
        if characters <= AT_ONCE:
            self._hand_on(self._cache.document(lines))
            return
        self._hand_on(replace(self._shown, behind=characters))
        if not self._busy:
            self._busy = True
            self._owner.run_worker(self._encode_in_thread(self._cache, lines), group="encode")

    def _hand_on(self, document: Document) -> None:
        self._shown = document
        self._show(document)

    async def _encode_in_thread(
        self, cache: EncodingCache, lines: tuple[SentenceLine, ...]
    ) -> None:
        """Encodes long texts while keys go on; what was typed meanwhile comes next."""
        try:
            for sentence in cache.missing(lines):
                if cache is not self._cache:
                    break  # another tokenizer came into force
                cache.hold(await asyncio.to_thread(cache.tokenizer.encode, sentence))
        finally:
            self._busy = False
        self.encode()
