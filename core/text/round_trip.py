"""tokenize → convert_tokens_to_ids → decode, and where what comes back is not what went in."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from core.text.tokenizer import TextTokenizer

Reason = Literal[
    "case", "accents", "spaces", "unknown", "control characters", "compatibility", "composition",
    "lost", "other",
]  # fmt: skip
_AHEAD = 32
"""Words looked at, in both texts together, for the place where they meet again."""
_MISSED = 64
"""Words in a row without such a place, after which the rest is one difference."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`original[start:end]` came back as `decoded[decoded_start:decoded_end]`, and why."""

    start: int
    end: int
    decoded_start: int
    decoded_end: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """The course's three steps on one text, no special tokens added; `differences` in order.

    `strays` are the positions of tokens whose id is not the one that encoding the text at once
    gives: an added token that took the spaces beside it, which the vocabulary does not hold.
    """

    text: str
    tokens: tuple[str, ...]
    input_ids: tuple[int, ...]
    decoded: str
    differences: tuple[Difference, ...]
    strays: tuple[int, ...] = ()


def round_trip(tokenizer: TextTokenizer, text: str) -> RoundTrip:
    """Takes `text` to tokens, ids and back, as the methods of a transformers tokenizer do.

    A token that the vocabulary does not hold takes the id of the unknown token.
    """
    # Not the library's `encode`: that one holds the interpreter's lock, for seconds on long lines.
    (encoding,) = tokenizer.backend.encode_batch([text], add_special_tokens=False)
    tokens, ids = encoding.tokens, encoding.ids
    unknown_id = tokenizer.unknown_token_id
    if unknown_id is None:
        converted = ids
    else:
        held = map(tokenizer.backend.token_to_id, tokens)
        converted = [unknown_id if token_id is None else token_id for token_id in held]
    decoded = tokenizer.decode(converted)
    return RoundTrip(
        text,
        tuple(tokens),
        tuple(converted),
        decoded,
        tuple(_differences(text, decoded, tokenizer.unknown_token)),
        tuple(i for i, pair in enumerate(zip(ids, converted, strict=True)) if pair[0] != pair[1]),
    )


def _differences(text: str, decoded: str, unknown: str | None) -> list[Difference]:
    if text == decoded:
        return []
    parts = re.compile(
        (f"{re.escape(unknown)}|" if unknown else "")
        + r"[^\W_][\w\u0300-\u036f\u00ad\u200b-\u200f]*|\s+|.",
        re.DOTALL,
    )
    before, after = parts.findall(text), parts.findall(decoded)
    starts = [0, *itertools.accumulate(map(len, before))]
    decoded_starts = [0, *itertools.accumulate(map(len, after))]
    found = []
    for i, j, k, m in _changes(before, after, unknown):
        span, decoded_span = (starts[i], starts[j]), (decoded_starts[k], decoded_starts[m])
        if text[slice(*span)] != decoded[slice(*decoded_span)]:
            reasons = _reasons(text[slice(*span)], decoded[slice(*decoded_span)], unknown)
            found.append(Difference(*span, *decoded_span, reasons))
    return found


def _changes(
    before: list[str], after: list[str], unknown: str | None
) -> list[tuple[int, int, int, int]]:
    """The ranges of parts that differ, those beside one another as one.

    White space is looked at between the words beside it: most tokenizers treat it alike everywhere.
    """
    words = [place for place, part in enumerate(before) if not part.isspace()]
    others = [place for place, part in enumerate(after) if not part.isspace()]
    pairs = _same_words(
        [_bare(before[i]) for i in words],
        [_bare(after[k]) for k in others],
        None if unknown is None else _bare(unknown),
    )
    changes: list[tuple[int, int, int, int]] = []

    def add(i: int, j: int, k: int, m: int) -> None:
        while i < j and k < m and before[i] == after[k]:
            i, k = i + 1, k + 1
        while i < j and k < m and before[j - 1] == after[m - 1]:
            j, m = j - 1, m - 1
        if i == j and k == m:
            return
        if changes and changes[-1][1] == i and changes[-1][3] == k:
            i, _, k, _ = changes.pop()
        changes.append((i, j, k, m))

    i = k = 0
    for word, other in pairs:
        j, m = words[word], others[other]
        add(i, j, k, m)
        add(j, j + 1, m, m + 1)
        i, k = j + 1, m + 1
    add(i, len(before), k, len(after))
    return changes


def _same_words(
    before: list[str], after: list[str], unknown: str | None
) -> Iterator[tuple[int, int]]:
    """The places of words that both have, in order; where they part, the nearest that meet again.

    Where none meet, an `unknown` word is one for one.

    In time that grows with the texts, whatever they hold: the order is kept on the way to ids and
    back, so that the nearest is nearly always the best.
    """
    i = k = missed = 0
    while i < len(before) and k < len(after) and missed < _MISSED:
        if before[i] == after[k]:
            yield i, k
            i, k, missed = i + 1, k + 1, 0
            continue
        ahead = (
            (i + first, k + steps - first)
            for steps in range(1, _AHEAD)
            for first in range(steps + 1)
            if i + first < len(before) and k + steps - first < len(after)
        )
        meeting = next((at for at in ahead if before[at[0]] == after[at[1]]), None)
        if meeting is not None:
            i, k = meeting
            continue
        if after[k] == unknown:
            yield i, k
        else:
            missed += 1
        i, k = i + 1, k + 1


@functools.lru_cache(4096)
def _bare(part: str) -> str:
    """What a tokenizer leaves of a word as a rule: no case, no accents."""
    if part.isascii():
        return part.lower()
    return _without_control(_without_accents(unicodedata.normalize("NFKC", part).lower()))


def _without_control(text: str) -> str:
    return "".join(each for each in text if unicodedata.category(each) not in {"Cc", "Cf", "Co"})


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(each for each in decomposed if unicodedata.category(each) != "Mn")


# From what changes a text least to what changes it most.
_MADE_EQUAL: dict[Reason, Callable[[str], str]] = {
    "spaces": lambda text: "".join(text.split()),
    "case": str.lower,
    "composition": lambda text: unicodedata.normalize("NFC", text),
    "control characters": _without_control,
    "accents": _without_accents,
    "compatibility": lambda text: unicodedata.normalize("NFKC", text),
}


@functools.lru_cache(4096)
def _reasons(before: str, after: str, unknown: str | None) -> tuple[Reason, ...]:
    """The fewest changes that, made to both, make them equal."""
    if unknown and unknown in after and unknown not in before:
        return ("unknown",)
    for count in range(1, len(_MADE_EQUAL) + 1):
        for reasons in itertools.combinations(_MADE_EQUAL, count):
            first, second = before, after
            for reason in reasons:
                first, second = _MADE_EQUAL[reason](first), _MADE_EQUAL[reason](second)
            if first == second:
                return reasons
    return ("lost",) if not after else ("other",)
