"""Text and regular expressions sought in very many short strings, at once and in time."""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import regex  # type: ignore[import-untyped]

from core.errors import TermformerError

_LONGEST_PATTERN = 300
# What a pattern says of line ends and of what surrounds it is not the same in one joined string.
_NEEDS_LINES_APART = re.compile(r"\\[AZGzKRnrxuN0-9]|\(\?|\(\*|\n")


@dataclass(frozen=True, slots=True)
class Lines:
    """Strings, and all of them in one text, a line each, where line `i` begins at `starts[i]`.

    A string that holds a line end is left out of the text; `apart` are the places of these.
    """

    tokens: list[str]
    text: str
    starts: list[int]
    apart: list[int]

    @staticmethod
    def of(tokens: list[str]) -> Lines:
        """Joins `tokens`; a quarter of a million take some hundredths of a second."""
        apart = [place for place, token in enumerate(tokens) if "\n" in token]
        lines = list(tokens)
        for place in apart:
            lines[place] = ""
        starts = [0, *accumulate(len(line) + 1 for line in lines)][:-1]
        return Lines(tokens, "\n".join(lines), starts, apart)

    def find(self, query: str, *, prefix: bool) -> list[int]:
        """The places of the strings that hold `query`, or that begin with it; ascending."""
        if len(query) == 1 and not prefix:  # in so many that looking at each is faster
            return [place for place, token in enumerate(self.tokens) if query in token]
        holds = str.startswith if prefix else str.__contains__
        found = [place for place in self.apart if holds(self.tokens[place], query)]
        if "\n" in query:
            return found
        starts, text, sought = self.starts, self.text, f"\n{query}" if prefix else query
        if prefix and text.startswith(query) and 0 not in self.apart:
            found.append(0)
        position = text.find(sought)
        while position >= 0:
            place = bisect_right(starts, position) - (0 if prefix else 1)
            found.append(place)
            if place + 1 == len(starts):
                break
            position = text.find(sought, starts[place + 1] - prefix)
        return sorted(found) if self.apart else found


def search_lines(
    query: str, lines: Lines, ignore_case: bool, deadline: float, hits: set[int]
) -> None:
    """Adds to `hits` the places of the strings in which the pattern `query` is found.

    Raises `TermformerError` where it is no pattern, `TimeoutError` once `time.monotonic()` has
    passed `deadline`; what was found until then is in `hits`.
    """
    if query.startswith("(?i)"):
        query, ignore_case = query[4:], True
    flags = regex.VERSION0 | (regex.IGNORECASE if ignore_case else 0)
    pattern = _compiled(query, flags)
    if _NEEDS_LINES_APART.search(query):
        _search_apart(pattern, lines.tokens, range(len(lines.tokens)), deadline, hits)
        return
    _search_apart(pattern, lines.tokens, lines.apart, deadline, hits)
    # The rest of a line that has matched is passed over at once.
    whole_line = _compiled(f"(?:{query})[^\\n]*", flags | regex.MULTILINE)
    apart = set(lines.apart)
    position: int | None = 0 if lines.tokens else None
    while position is not None:
        position = _search_joined(whole_line, pattern, lines, apart, position, deadline, hits)


def _compiled(query: str, flags: int) -> Any:
    if len(query) > _LONGEST_PATTERN:
        raise TermformerError(
            f"A regular expression may have {_LONGEST_PATTERN} characters; this has {len(query)}."
        )
    try:
        return regex.compile(query, flags)
    except (regex.error, OverflowError, RecursionError) as error:
        raise TermformerError(f"{query!r} is no regular expression: {error}.") from error


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _search_apart(
    pattern: Any, tokens: list[str], places: range | list[int], deadline: float, hits: set[int]
) -> None:
    for place in places:
        if pattern.search(tokens[place], timeout=_left(deadline)):
            hits.add(place)


def _search_joined(
    whole_line: Any,
    pattern: Any,
    lines: Lines,
    apart: set[int],
    position: int,
    deadline: float,
    hits: set[int],
) -> int | None:
    """Searches from `position` to the end, or to the line behind a match of several lines."""
    starts = lines.starts
    found = whole_line.finditer(lines.text, position, timeout=_left(deadline), concurrent=True)
    for match in found:
        start, end = match.span()
        place = bisect_right(starts, start) - 1
        following = starts[place + 1] if place + 1 < len(starts) else len(lines.text) + 1
        if end < following:
            if place not in apart:
                hits.add(place)
            continue
        # The match runs over the line's end: only the line itself can say whether it matches.
        _search_apart(pattern, lines.tokens, [place], deadline, hits)
        return following if place + 1 < len(starts) else None
    return None
