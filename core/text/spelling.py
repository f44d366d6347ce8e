"""How a vocabulary spells text: bytes as letters, ▁ for a space, ## inside a word."""

from __future__ import annotations

import re
from dataclasses import dataclass

import tokenizers

_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")


def _byte_alphabet() -> dict[str, int]:
    """GPT-2's letter for each byte: itself where Latin-1 prints it, else one from U+0100 on.

    Source: `bytes_to_unicode` in the code published with GPT-2.
    """
    printed = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(printed)]
    letters = {chr(byte): byte for byte in printed}
    return letters | {chr(0x100 + place): byte for place, byte in enumerate(others)}


_BYTES = _byte_alphabet()
_LETTERS = {byte: letter for letter, byte in _BYTES.items()}
_TO_LATIN_1 = dict.fromkeys(range(256), "\uffff") | {
    ord(letter): chr(byte) for letter, byte in _BYTES.items()
}


@dataclass(frozen=True, slots=True)
class Spelling:
    """The marks that one vocabulary uses.

    `inside` goes before a piece that continues a word (`##`), `space` stands for the space before
    a word (`Ġ`, `▁`), `end` closes a word (`</w>`); each is empty where the vocabulary has none.
    """

    byte_level: bool
    inside: str
    space: str
    end: str

    def bare(self, token: str) -> tuple[str, str]:
        """`token` without its mark before it, and that mark."""
        for mark in (self.inside, self.space):
            if mark and token.startswith(mark) and token != mark:
                return token[len(mark) :], mark
        return token, ""

    def token_bytes(self, token: str, added: bool = False) -> bytes:
        """The UTF-8 bytes that `token` stands for; a part of a character where it is one.

        An `added` token is spelled as it is written.
        """
        if fallback := _BYTE_TOKEN.fullmatch(token):
            return bytes.fromhex(fallback.group(1))
        if self.byte_level and not added:
            try:
                return token.translate(_TO_LATIN_1).encode("latin-1")
            except UnicodeEncodeError:
                return token.encode("utf-8", "replace")
        if not added:
            token = token.removeprefix(self.inside) if token != self.inside else token
            token = token.removesuffix(self.end) if token != self.end else token
            token = token.replace("▁", " ") if self.space == "▁" else token
        return token.encode("utf-8", "replace")

    def spelled(self, text: str) -> str:
        """`text` in the letters of a byte-level vocabulary; the inverse of `readable`."""
        return "".join(_LETTERS[byte] for byte in text.encode("utf-8", "replace"))

    def readable(self, token: str) -> str:
        """`token` as the text it stands for; itself where that is no whole text."""
        if self.byte_level:
            try:
                return token.translate(_TO_LATIN_1).encode("latin-1").decode("utf-8")
            except UnicodeError:
                return token
        return token.replace("▁", " ") if self.space == "▁" else token


def spelling_of(backend: tokenizers.Tokenizer) -> Spelling:
    """Finds out from the tokenizer's parts how its vocabulary spells."""
    parts = (backend.normalizer, backend.pre_tokenizer, backend.decoder)
    state = b"".join(part.__getstate__() for part in parts if part is not None)
    byte_level = b'"ByteLevel"' in state
    metaspace = b'"Metaspace"' in state or "▁".encode() in state
    model = backend.model
    return Spelling(
        byte_level,
        getattr(model, "continuing_subword_prefix", None) or "",
        "Ġ" if byte_level else "▁" if metaspace else "",
        getattr(model, "end_of_word_suffix", None) or "",
    )
