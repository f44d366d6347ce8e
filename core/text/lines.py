"""The lines of a file or a pipe of any length, a block at a time, in memory that does not grow."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from core.errors import TermformerError

BLOCK = 256 * 1024
"""Bytes read at once: thousands of sentences, enough to keep all processors busy."""
PIECE = 1024 * 1024
"""Bytes from which on a line comes in pieces."""
LONGEST = 16 * 1024 * 1024
"""Bytes of the longest line that is read whole."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines without their ends, or one piece of a line that is too long for one.

    `first_line` is the number of the first of them, from 1. `goes_on` says that the line's next
    piece is the next block, `is_piece` that this is a piece: the last one does not go on.
    `keeps_blank` lines are sentences even where they hold nothing but white space.
    """

    lines: list[str]
    first_line: int
    goes_on: bool = False
    is_piece: bool = False
    keeps_blank: bool = False

    @property
    def sentences(self) -> list[str]:
        """The lines that are sentences, or the piece of one."""
        if self.is_piece or self.keeps_blank:
            return self.lines
        return [line for line in self.lines if line.strip()]

    def line_of(self, sentence: int) -> int:
        """The number of the line of sentence `sentence` (from 0) of this block."""
        if self.is_piece or self.keeps_blank:
            return self.first_line + sentence
        numbers = (n for n, line in enumerate(self.lines, self.first_line) if line.strip())
        return next(itertools.islice(numbers, sentence, None))


class LineReader:
    """Reads UTF-8 text; only line feeds end a line, a carriage return before one belongs to it.

    Bytes that are no UTF-8 become U+FFFD; `invalid_from` is then the line of the first of them.
    `bytes_read` is how far the file was read.
    """

    def __init__(self, file: BinaryIO, *, block: int = BLOCK) -> None:
        self._file = file
        self._block = block
        self.bytes_read = 0
        self.invalid_from: int | None = None

    def blocks(self, piece: int = PIECE) -> Iterator[Block]:
        """The file from here to its end, lines longer than `piece` bytes in pieces.

        Pieces begin at white space where there is some, so that words stay whole.
        """
        number, is_piece = 1, False
        pending: list[bytes] = []
        held = 0
        while data := self._read():
            end = data.rfind(b"\n")
            if end < 0:
                pending.append(data)
                held += len(data)
                if held >= piece:
                    whole = b"".join(pending)
                    cut = _place_to_cut(whole)
                    yield Block([self._decode(whole[:cut], number)], number, True, True)
                    is_piece, pending, held = True, [whole[cut:]], len(whole) - cut
                continue
            pending.append(data[:end])
            lines = self._lines(b"".join(pending), number)
            if is_piece:
                yield Block(lines[:1], number, False, True)
                number, is_piece, lines = number + 1, False, lines[1:]
            if lines:
                yield Block(lines, number)
            number += len(lines)
            pending, held = [data[end + 1 :]], len(data) - end - 1
        if rest := b"".join(pending):
            yield Block(self._lines(rest, number), number, False, is_piece)

    def whole_lines(self, longest: int = LONGEST) -> Iterator[Block]:
        """The file from here to its end; a line over `longest` bytes raises `TermformerError`."""
        for block in self.blocks(longest):
            if block.is_piece:
                raise TermformerError(
                    f"Line {block.first_line:,} is longer than {longest:,} bytes, too long "
                    "to show token by token: cut it, or count its tokens with --count."
                )
            yield block

    def _read(self) -> bytes:
        data = self._file.read(self._block)
        if not self.bytes_read:
            self.bytes_read = len(data)
            # A mark alone is no end of the file.
            return data.removeprefix(_BYTE_ORDER_MARK) or self._file.read(self._block)
        self.bytes_read += len(data)
        return data

    def _lines(self, data: bytes, number: int) -> list[str]:
        text = self._decode(data, number)
        if "\r" in text:
            return [line.removesuffix("\r") for line in text.split("\n")]
        return text.split("\n")

    def _decode(self, data: bytes, number: int) -> str:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            if self.invalid_from is None:
                self.invalid_from = number + data.count(b"\n", 0, error.start)
            return data.decode("utf-8", "replace")


def _place_to_cut(data: bytes) -> int:
    """Before the last white space, or else before the last character, which may not be whole."""
    found = max(data.rfind(b" "), data.rfind(b"\t"))
    if found > 0:
        return found
    place = len(data) - 1
    while place > len(data) - 4 and data[place] & 0xC0 == 0x80:
        place -= 1
    return place
