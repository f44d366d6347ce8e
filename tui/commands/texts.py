"""The sentences a command works on: arguments, a file, or one a line from standard input."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from core.errors import TermformerError
from core.text.lines import Block, LineReader
from core.text.sentences import Sentence, parse_sentence
from core.typed_paths import exists, is_dir
from tui.commands.outcome import complain

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
_Read = Callable[[LineReader], Iterator[Block]]
_PATH = re.compile(r"\S*/\S*|\S+\.(txt|csv|tsv|md|jsonl?)")
_UNDECODED = re.compile("[\udc80-\udcff]")


def texts_argument(*, required: bool = True, metavar: str = "") -> _Decorator:
    """`TEXT…`, at least one where it is `required`; `metavar` is how help writes it."""
    metavar = metavar or ("TEXT…" if required else "[TEXT…]")
    return click.argument("texts", nargs=-1, required=required, metavar=metavar)


def named_file(text: str) -> Path | None:
    """The file, or pipe, that `text` names; None where it is but a text."""
    path = Path(text)
    return path if text != "-" and exists(path) and not is_dir(path) else None


def looks_like_a_path(text: str) -> bool:
    """Whether `text`, which names no file, may have been meant to."""
    return _PATH.fullmatch(text) is not None


ABOUT_TEXTS = """\
Each TEXT is one sentence; a tab inside it makes a sentence pair. "-" reads sentences from
standard input, one a line, in UTF-8; lines without text are left out. Write -- before texts
that begin with a dash."""


class Source:
    """Texts of the command line, "-" among them read when it is reached, or a file.

    `size` is how many bytes there are to read; None where nobody knows.
    """

    def __init__(self, texts: tuple[str, ...], file: Path | None = None) -> None:
        if texts.count("-") > 1:
            raise click.UsageError('"-" can be given once: standard input is read to its end.')
        self._texts = texts
        self._file = file
        self._reader: LineReader | None = None
        self.size = file.stat().st_size if file is not None and file.is_file() else None

    @property
    def is_stream(self) -> bool:
        """Whether it may be of any length."""
        return self._file is not None or "-" in self._texts

    @property
    def name(self) -> str:
        """What is read, in words."""
        return "Standard input" if self._file is None else str(self._file)

    @property
    def bytes_read(self) -> int:
        """How far the file, or standard input, was read."""
        return self._reader.bytes_read if self._reader else 0

    def blocks(self) -> Iterator[Block]:
        """All lines; those longer than `core.text.lines.PIECE` bytes in pieces."""
        return self._read(LineReader.blocks)

    def sentences(self) -> Iterator[Sentence]:
        """All sentences; raises `TermformerError` at a line too long to be held whole."""
        for block in self._read(LineReader.whole_lines):
            yield from map(parse_sentence, block.sentences)

    def nothing_there(self) -> TermformerError:
        """The error of a command that found no sentence."""
        return TermformerError(f"{self.name} held no sentence: nothing was done.")

    def _read(self, read: _Read) -> Iterator[Block]:
        if self._file is not None:
            try:
                with self._file.open("rb") as file:
                    yield from self._decoded(LineReader(file), read)
            except OSError as error:
                raise TermformerError(
                    f"{self._file} could not be read: {error.strerror or error}."
                ) from error
        for number, text in enumerate(self._texts, 1):
            if text != "-":
                # Bytes of the command line that are no UTF-8 arrive as surrogates.
                if _UNDECODED.search(text):
                    complain("A text is not valid UTF-8: each invalid byte is replaced by \ufffd.")
                yield Block([str(parse_sentence(text))], number, keeps_blank=True)
                continue
            if sys.stdin.isatty():
                complain("Type sentences, one a line; ctrl+d ends.")
            yield from self._decoded(LineReader(sys.stdin.buffer), read)

    def _decoded(self, reader: LineReader, read: _Read) -> Iterator[Block]:
        """What `read` reads; says once where something had to be replaced."""
        self._reader = reader
        told = False
        for block in read(reader):
            if reader.invalid_from is not None and not told:
                told = True
                complain(
                    f"{self.name} is not valid UTF-8 from line {reader.invalid_from:,} on: "
                    "invalid bytes are replaced by \ufffd."
                )
            yield block


def read_texts(texts: tuple[str, ...]) -> list[Sentence]:
    """The sentences that `texts` name; says on standard error what had to be replaced.

    Raises `click.UsageError` where "-" stands twice, `TermformerError` where no sentence is left.
    """
    source = Source(texts)
    sentences = list(source.sentences())
    if not sentences:
        raise source.nothing_there()
    return sentences
