"""tokenize → convert_tokens_to_ids → decode, and where what comes back is not what went in."""

from __future__ import annotations

import difflib
import itertools
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from core.text.tokenizer import TextTokenizer

Reason = Literal[
    "case", "accents", "spaces", "unknown", "control characters", "compatibility", "composition",
    "lost", "other",
]  # fmt: skip
_LONGEST = 2_000
"""Parts of a text that are compared one by one; finding the best match takes their square."""


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
        (f"{re.escape(unknown)}|" if unknown else "") + r"[^\W_][\w\u0300-\u036f]*|\s+|.", re.DOTALL
    )
    before, after = parts.findall(text), parts.findall(decoded)
    found = []
    starts = [0, *itertools.accumulate(map(len, before))]
    decoded_starts = [0, *itertools.accumulate(map(len, after))]
    for i, j, k, m in _changes(before, after):
        reasons = _reasons("".join(before[i:j]), "".join(after[k:m]), unknown)
        found.append(
            Difference(starts[i], starts[j], decoded_starts[k], decoded_starts[m], reasons)
        )
    return found


def _changes(before: list[str], after: list[str]) -> list[tuple[int, int, int, int]]:
    """The ranges of parts that differ; one for all of them where the texts are long."""
    shorter = min(len(before), len(after))
    head = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    room = shorter - head
    tail = next((i for i in range(room) if before[-1 - i] != after[-1 - i]), room)
    first, second = before[head : len(before) - tail], after[head : len(after) - tail]
    if max(len(first), len(second)) > _LONGEST:
        return [(head, head + len(first), head, head + len(second))]
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    return [
        (head + i, head + j, head + k, head + m)
        for kind, i, j, k, m in matcher.get_opcodes()
        if kind != "equal"
    ]


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
