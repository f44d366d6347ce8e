"""What a vocabulary's list is asked for: the matches of a search, or one of the views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.text.vocabulary import Found, SearchMode, Vocabulary

View = Literal["search", "special", "unused", "longest"]
MODES: tuple[SearchMode, ...] = ("text", "prefix", "id", "regex")
_SECONDS = 0.6
"""What a regular expression may take; the next search waits for it, keys do not."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is listed: the matches of a search, or one of the views."""

    query: str = ""
    mode: SearchMode = "text"
    any_case: bool = False
    view: View = "search"

    @property
    def is_all(self) -> bool:
        """Whether that is every entry."""
        return self.view == "search" and not self.query

    def answer(self, vocabulary: Vocabulary) -> Found:
        """The places it asks for; for a thread. Raises `TermformerError`."""
        if self.view == "special":
            return Found(vocabulary.special_places)
        if self.view == "unused":
            return Found(vocabulary.unused_places)
        if self.view == "longest":
            return Found(vocabulary.longest_places)
        if not self.query:
            return Found(range(len(vocabulary)))
        return vocabulary.search(self.query, self.mode, ignore_case=self.any_case, seconds=_SECONDS)
