"""A stretch of a sentence that is too long to be taken apart whole."""

from __future__ import annotations

from dataclasses import dataclass

from core.text.encoding import Encoding
from core.text.options import EncodeOptions
from core.text.sentences import Sentence
from tui.panes.tokens.look import Look

LONGEST = 1_000
"""Characters that are taken apart at a time: they take some hundredths of a second."""
QUICK = 400
"""Characters that may be taken apart between a key and its frame."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A sentence, or the part of one of its texts from character `start` on.

    `note` says which part it is; it is empty where nothing was left out. `special` is whether
    special tokens are added.
    """

    sentence: Sentence
    start: int
    sequence: int
    note: str
    special: bool

    @property
    def quick(self) -> bool:
        """Whether it may be taken apart between a key and its frame."""
        return len(str(self.sentence)) <= QUICK

    def encode(self, look: Look) -> Encoding:
        """What the tokenizer makes of it."""
        if not self.note:
            return look.whole
        encoding = look.readers.tokenizer.encode(self.sentence)
        if self.special:
            return encoding
        plain = EncodeOptions(padding="none", add_special_tokens=False)
        return look.readers.tokenizer.arrange((encoding,), plain).encodings[0]

    def position(self, look: Look, encoding: Encoding) -> int | None:
        """Where the token under the cursor is in `encoding`, which was made of this excerpt."""
        if encoding is look.encoding or look.position is None:
            return look.position
        if look.encoding.sequence_ids[look.position] is None:
            return None
        sequence, character = look.place
        if self.note:
            return encoding.token_at(character - self.start) if sequence == self.sequence else None
        shift = len(self.sentence.text) + 1 if sequence else 0
        return encoding.token_at(character + shift)


def excerpt(look: Look) -> Excerpt:
    """The sentence under the cursor, or what of it surrounds the cursor.

    Neighbouring places give the same excerpt, so that moving does not take it apart anew.
    """
    sentence, special = look.sentence, look.options.add_special_tokens
    if len(str(sentence)) <= LONGEST:
        return Excerpt(sentence, 0, 0, "", special)
    sequence, character = look.place
    text = (sentence.text_pair or "") if sequence else sentence.text
    step = LONGEST // 2
    start = max(0, character // step * step - step // 2)
    end = min(len(text), start + LONGEST)
    # A cut inside a word would make tokens that the whole text does not have.
    if start:
        start = _after_space(text, start, min(character, start + step // 4))
    note = f"characters {start:,}–{end:,} of {len(text):,}, taken by themselves"
    return Excerpt(Sentence(text[start:end]), start, sequence, note, special)


def _after_space(text: str, start: int, last: int) -> int:
    """The first beginning of a word from `start` to `last`; `start` where there is none."""
    for place in range(start, last):
        if text[place].isspace():
            return place
    return start
