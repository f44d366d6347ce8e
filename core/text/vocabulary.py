"""A vocabulary to look through: by text, by prefix, by id, by regular expression."""

from __future__ import annotations

import heapq
import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import tokenizers

from core.errors import TermformerError
from core.text.patterns import Lines, search_lines
from core.text.spelling import Spelling, spelling_of
from core.text.tokenizer import TextTokenizer

SearchMode = Literal["text", "prefix", "id", "regex"]

UNUSED = re.compile(
    r"\[unused_?\d+\]|<unused_?\d+>|<extra_id_\d+>|madeupword\d+|<\|reserved_special_token_\d+\|>"
    r"|<\|extra_\d+\|>|<SPECIAL_\d+>|<unk\d+>"
)
"""How entries are named that are kept free for a use that never came."""
LONGEST = 100
"""Entries that the list of the longest has."""
_PRINTED = re.compile("[!-~]+")
_IDS = re.compile(r"#?(\d{1,12})(?:\s*[-–…]\s*(\d{1,12}))?")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `special` ones mark structure, `added` ones came after the model's training."""

    input_id: int
    token: str
    special: bool
    added: bool
    unused: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The places of the entries that match, the best first.

    A search that used up its time is not `complete`: there may be more.
    """

    places: Sequence[int]
    complete: bool = True


class Vocabulary:
    """All entries of one tokenizer, in the order of their ids. Immutable.

    Reading 250,000 entries takes some tenths of a second: make it in a thread. Other threads run
    meanwhile; the library's own `get_vocab` would hold the interpreter's lock throughout.
    """

    def __init__(self, tokenizer: TextTokenizer) -> None:
        backend = tokenizer.backend
        decoder = backend.get_added_tokens_decoder()
        by_id = _in_order(backend, max(decoder, default=0))
        self.ids = [number for number, _ in by_id]
        """Ascending; not always without gaps."""
        self.tokens = [token for _, token in by_id]
        """The token of each of `ids`."""
        self.spelling: Spelling = spelling_of(backend)
        self._added = frozenset(decoder)
        self._special = frozenset(number for number, token in decoder.items() if token.special)

    def __len__(self) -> int:
        return len(self.ids)

    def index_of(self, input_id: int) -> int | None:
        """The place of an id among the entries; None where no entry has it."""
        place = bisect_left(self.ids, input_id)
        return place if place < len(self.ids) and self.ids[place] == input_id else None

    def entry(self, place: int) -> Entry:
        """The entry at `place`, from 0."""
        number, token = self.ids[place], self.tokens[place]
        return Entry(
            number,
            token,
            number in self._special,
            number in self._added,
            UNUSED.fullmatch(token) is not None,
        )

    def entries(self, start: int, count: int) -> tuple[Entry, ...]:
        """As many as `count` entries from `start` on."""
        return tuple(map(self.entry, range(max(0, start), min(len(self), start + count))))

    def search(
        self,
        query: str,
        mode: SearchMode = "text",
        *,
        ignore_case: bool = False,
        seconds: float = 1.0,
    ) -> Found:
        """The entries that match `query`.

        "text" and "prefix" look at the token as it is spelled and as it reads, and put whole
        matches first, then beginnings. "id" takes a number or a range ("100-120"). "regex" stops
        after `seconds`. Raises `TermformerError` for what is no number or no regular expression.
        """
        if mode == "id":
            return Found(self._by_id(query))
        if not query:
            return Found(range(len(self)))
        if mode == "regex":
            return self._by_regex(query, ignore_case, seconds)
        if ignore_case:
            query, spelled, read = query.lower(), *self._lower
        else:
            spelled, read = self._spelled, self._read
        begun = set(spelled.find(query, prefix=True))
        if read is not spelled:
            begun.update(read.find(query, prefix=True), read.find(f" {query}", prefix=True))
        whole = {
            place for place in begun if query in (spelled.tokens[place], read.tokens[place].strip())
        }
        ranked = [*sorted(whole), *sorted(begun - whole)]
        if mode == "text":
            hits = set(spelled.find(query, prefix=False))
            # Printed ASCII is spelled as itself everywhere: one look is enough.
            if read is not spelled and (ignore_case or not _PRINTED.fullmatch(query)):
                hits.update(read.find(query, prefix=False))
            ranked += sorted(hits - begun)
        return Found(ranked)

    @cached_property
    def special_places(self) -> tuple[int, ...]:
        """The places of the entries that mark structure, and of all others that were added."""
        places = map(self.index_of, sorted(self._added))
        return tuple(place for place in places if place is not None)

    @cached_property
    def unused_places(self) -> tuple[int, ...]:
        """The places of entries kept free for a use that never came ("[unused7]")."""
        return tuple(i for i, token in enumerate(self.tokens) if UNUSED.fullmatch(token))

    @cached_property
    def longest_places(self) -> tuple[int, ...]:
        """The places of the entries that read longest, in characters; the lower id first."""
        readable = self._readable
        longest = heapq.nlargest(LONGEST, range(len(self)), key=lambda i: (len(readable[i]), -i))
        return tuple(longest)

    @cached_property
    def _readable(self) -> list[str]:
        if not (self.spelling.byte_level or self.spelling.space):
            return self.tokens
        return list(map(self.spelling.readable, self.tokens))

    @cached_property
    def _lower(self) -> tuple[Lines, Lines]:
        spelled = Lines.of([token.lower() for token in self.tokens])
        if self._readable is self.tokens:
            return spelled, spelled
        return spelled, Lines.of([token.lower() for token in self._readable])

    def _by_id(self, query: str) -> range:
        first, last = id_range(query)
        return range(bisect_left(self.ids, first), bisect_right(self.ids, last))

    def _by_regex(self, query: str, ignore_case: bool, seconds: float) -> Found:
        hits: set[int] = set()
        deadline = time.monotonic() + seconds
        places = {id(spelled.tokens): spelled for spelled in (self._spelled, self._read)}
        for lines in places.values():
            try:
                search_lines(query, lines, ignore_case, deadline, hits)
            except TimeoutError:
                return Found(sorted(hits), complete=False)
        return Found(sorted(hits))

    @cached_property
    def _spelled(self) -> Lines:
        return Lines.of(self.tokens)

    @cached_property
    def _read(self) -> Lines:
        return self._spelled if self._readable is self.tokens else Lines.of(self._readable)


def id_range(query: str) -> tuple[int, int]:
    """The first and the last id that `query` asks for; raises `TermformerError`."""
    asked = _IDS.fullmatch(query.strip())
    if asked is None:
        raise TermformerError(f"{query!r} is no id: write a number, or a range like 100-120.")
    first = int(asked.group(1))
    return first, int(asked.group(2)) if asked.group(2) else first


def _in_order(backend: tokenizers.Tokenizer, last_added: int) -> list[tuple[int, str]]:
    """(id, token) of all entries, by id."""
    count = backend.get_vocab_size(True)
    last = max(count - 1, last_added)
    if last < 2 * count:
        numbered = ((number, backend.id_to_token(number)) for number in range(last + 1))
        found = [(number, token) for number, token in numbered if token is not None]
        if len(found) == count:
            return found
    # Ids far apart, or one id for two tokens.
    return sorted((number, token) for token, number in backend.get_vocab(True).items())
