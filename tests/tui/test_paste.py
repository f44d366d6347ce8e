"""Pastes arrive whole, as Textual itself would have them, however the terminal cuts them up."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser

from tui.paste import PasteParser

START, END = "\x1b[200~", "\x1b[201~"
PIECES = st.sampled_from(
    [
        START + "some text ~ of 日本" + END,
        START + END,
        START + "\x00\nlines\t\r" + END,
        START + "a \x1b[ in it" + END,
        "keys~",
        "\x1b[A",
        "\x1b[3~",
        "\x1b[I",
        "\x1b[<0;3;4M",
        "é",
    ]
)


def parsed(parser: XTermParser, chunks: list[str]) -> list[str]:
    messages = itertools.chain.from_iterable(list(parser.feed(chunk)) for chunk in chunks)
    return [repr(message) for message in messages]


@settings(max_examples=300, deadline=None)
@given(pieces=st.lists(PIECES, max_size=6), data=st.data())
def test_what_is_parsed_is_what_textual_parses(pieces: list[str], data: st.DataObject) -> None:
    sent = "".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=4)))
    chunks = [sent[a:b] for a, b in itertools.pairwise([0, *cuts, len(sent)]) if a < b]
    assert parsed(PasteParser(), chunks) == parsed(XTermParser(), chunks)


@pytest.mark.parametrize("size", [1, 4096, 10**7])
def test_a_long_paste_is_one_event(size: int) -> None:
    text = "I hate this so much! " * (2_000 if size == 1 else 50_000)
    sent = f"{START}{text}{END}x"
    chunks = [sent[place : place + size] for place in range(0, len(sent), size)]
    parser = PasteParser()
    messages = [message for chunk in chunks for message in parser.feed(chunk)]
    paste, key = messages
    assert isinstance(paste, events.Paste)
    assert paste.text == text
    assert isinstance(key, events.Key)
