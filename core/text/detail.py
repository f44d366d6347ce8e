"""Everything about one token: its bytes, its characters, its place in the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

from core.text.encoding import Encoding
from core.text.spelling import Spelling, spelling_of
from core.text.tokenizer import TextTokenizer

_NEIGHBOURS = 3
_SPACE_MARKS = frozenset("▁Ġ")
_LONGEST_GROUP = 64
"""A character that is more than so many tokens is grouped no further."""


@dataclass(frozen=True, slots=True)
class Variant:
    """Another entry with the same letters: in another case, with another mark before it, or both.

    `mark` is what stands before its letters: `##`, `Ġ`, `▁` or nothing.
    """

    token: str
    input_id: int
    mark: str
    other_case: bool


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An entry whose id is near."""

    input_id: int
    token: str


@dataclass(frozen=True, slots=True)
class TokenDetail:
    """One token of an encoding.

    `start` and `end` are characters of its text (number `sequence`, 0 or 1), `characters` are
    those, `source_bytes` their UTF-8 in hex; all None or empty for a token that stands for no
    text. `token_bytes` are the bytes that the vocabulary's entry spells. `group` are the positions
    of the tokens that share a character with this one, itself among them; a single one as a rule.
    """

    position: int
    token: str
    input_id: int
    sequence: int | None
    word: int | None
    start: int | None
    end: int | None
    characters: str
    source_bytes: str
    token_bytes: str
    readable: str
    special: bool
    added: bool
    unknown: bool
    group: range
    variants: tuple[Variant, ...]
    neighbours: tuple[Neighbour, ...]

    @property
    def shares_character(self) -> bool:
        """Whether this token is only a part of a character."""
        return len(self.group) > 1


class DetailReader:
    """Looks up the tokens of one tokenizer's encodings."""

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self._tokenizer = tokenizer
        self._backend = tokenizer.backend
        self._spelling: Spelling = spelling_of(tokenizer.backend)
        self._added = {
            number: token.special
            for number, token in tokenizer.backend.get_added_tokens_decoder().items()
        }

    def read(self, encoding: Encoding, position: int) -> TokenDetail:
        """The token at `position`; costs a few lookups, whatever the size of the vocabulary."""
        token, input_id = encoding.tokens[position], encoding.input_ids[position]
        sequence = encoding.sequence_ids[position]
        start, end = (None, None) if sequence is None else encoding.span(position)
        characters = encoding.source(position)
        added = input_id in self._added
        spelled = self._backend.id_to_token(input_id) or token
        unknown = (
            input_id == self._tokenizer.unknown_token_id
            and sequence is not None
            and characters.strip() != self._tokenizer.unknown_token
        )
        return TokenDetail(
            position=position,
            token=token,
            input_id=input_id,
            sequence=sequence,
            word=encoding.word_ids[position],
            start=start,
            end=end,
            characters=characters,
            source_bytes=characters.encode("utf-8").hex(" "),
            token_bytes=self._spelling.token_bytes(spelled, added).hex(" "),
            readable=spelled if added else self._spelling.readable(spelled),
            special=self._added.get(input_id, False),
            added=added,
            unknown=unknown,
            group=shared_group(encoding, position),
            variants=() if added else self._variants(spelled),
            neighbours=self._neighbours(input_id),
        )

    def _variants(self, token: str) -> tuple[Variant, ...]:
        letters, _ = self._spelling.bare(token)
        found: dict[int, Variant] = {}
        for mark in dict.fromkeys(("", self._spelling.space, self._spelling.inside)):
            for cased in dict.fromkeys(self._cases(letters)):
                candidate = mark + cased
                input_id = self._backend.token_to_id(candidate)
                if input_id is not None and candidate != token:
                    found.setdefault(input_id, Variant(candidate, input_id, mark, cased != letters))
        return tuple(found.values())

    def _cases(self, letters: str) -> tuple[str, ...]:
        """The letters as they are, lower, upper, and with a capital first one.

        The letters of a byte-level vocabulary stand for bytes: case is that of the text they spell.
        """
        if not self._spelling.byte_level:
            return (
                letters,
                letters.lower(),
                letters.upper(),
                letters[:1].upper() + letters[1:].lower(),
            )
        text = self._spelling.readable(letters)
        cases = text.lower(), text.upper(), text[:1].upper() + text[1:].lower()
        return letters, *map(self._spelling.spelled, cases)

    def _neighbours(self, input_id: int) -> tuple[Neighbour, ...]:
        near = range(max(0, input_id - _NEIGHBOURS), input_id + _NEIGHBOURS + 1)
        tokens = ((number, self._backend.id_to_token(number)) for number in near)
        return tuple(
            Neighbour(number, token)
            for number, token in tokens
            if token is not None and number != input_id
        )


def shared_group(encoding: Encoding, position: int) -> range:
    """The neighbouring tokens that came from one character that the one at `position` is part of.

    Byte-level pieces of an emoji are such a group; so are two tokens of a ligature taken apart.
    """
    first = last = position
    while first > 0 and last - first < _LONGEST_GROUP and share_character(encoding, first - 1):
        first -= 1
    while (
        last + 1 < len(encoding)
        and last - first < _LONGEST_GROUP
        and share_character(encoding, last)
    ):
        last += 1
    return range(first, last + 1)


def parts_of_characters(encoding: Encoding, start: int, stop: int) -> list[bool]:
    """For each token from `start` to `stop`: whether it shares a character with the one before.

    As `share_character` says of the one before, each token looked at once.
    """
    sequences, tokens = encoding.sequence_ids, encoding.tokens
    found = []
    before = encoding.span(start - 1) if start else (0, 0)
    for position in range(start, stop):
        here = encoding.span(position)
        found.append(
            max(before[0], here[0]) < min(before[1], here[1])
            and position > 0
            and sequences[position] is not None
            and sequences[position] == sequences[position - 1]
            and tokens[position - 1] not in _SPACE_MARKS
        )
        before = here
    return found


def share_character(encoding: Encoding, position: int) -> bool:
    """Whether the tokens at `position` and behind it are parts of one character.

    A lone mark of a space (▁, Ġ) that was put before the text is no part of its first character.
    """
    sequence = encoding.sequence_ids[position]
    if position + 1 >= len(encoding) or sequence is None:
        return False
    if encoding.sequence_ids[position + 1] != sequence or encoding.tokens[position] in _SPACE_MARKS:
        return False
    (start, end), (following, after) = encoding.span(position), encoding.span(position + 1)
    return max(start, following) < min(end, after)
