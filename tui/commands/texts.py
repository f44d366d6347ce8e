"""The sentences a command works on: arguments, or one a line from standard input."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import click

from core.errors import TermformerError
from core.text.sentences import Sentence, parse_sentence
from tui.commands.outcome import complain

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
_UNDECODED = re.compile("[\udc80-\udcff]")


def texts_argument() -> _Decorator:
    """`TEXT…`, at least one."""
    return click.argument("texts", nargs=-1, required=True, metavar="TEXT…")


ABOUT_TEXTS = """\
Each TEXT is one sentence; a tab inside it makes a sentence pair. "-" reads sentences from
standard input, one a line, in UTF-8; lines without text are left out. Write -- before texts
that begin with a dash."""


def read_texts(texts: tuple[str, ...]) -> list[Sentence]:
    """The sentences that `texts` name; says on standard error what had to be replaced.

    Raises `click.UsageError` where "-" stands twice, `TermformerError` where no sentence is left.
    """
    if texts.count("-") > 1:
        raise click.UsageError('"-" can be given once: standard input is read to its end.')
    sentences: list[Sentence] = []
    for text in texts:
        if text == "-":
            sentences += _read_input()
        else:
            # Bytes of the command line that are no UTF-8 arrive as surrogates.
            if _UNDECODED.search(text):
                complain("A text is not valid UTF-8: each invalid byte is replaced by \ufffd.")
            sentences.append(parse_sentence(text))
    if not sentences:
        raise TermformerError("Standard input held no sentence: nothing was done.")
    return sentences


def _read_input() -> list[Sentence]:
    if sys.stdin.isatty():
        complain("Type sentences, one a line; ctrl+d ends.")
    data = sys.stdin.buffer.read()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
        complain("Standard input is not valid UTF-8: invalid bytes are replaced by \ufffd.")
    # Only line feeds end a line here: other separators belong to the sentence.
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    return [parse_sentence(line) for line in lines if line.strip()]
