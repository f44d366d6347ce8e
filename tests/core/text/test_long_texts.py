"""A text of megabytes is encoded while other threads, the screen's among them, go on."""

from __future__ import annotations

import threading
import time

from core.text.sentences import Sentence
from core.text.tokenizer import TextTokenizer
from tests.core.text.conftest import Kind
from tests.core.text.kinds import sentences


def test_other_threads_run_while_a_long_text_is_encoded(kinds: dict[str, Kind]) -> None:
    tokenizer = kinds["wordpiece-uncased"].ours
    text = " ".join(sentences()) * 8
    # On a busy machine this thread may sleep through one encoding, and hardly through all.
    assert any(turns_beside(tokenizer, text) > 10 for _ in range(50))


def turns_beside(tokenizer: TextTokenizer, text: str) -> int:
    """How often this thread takes its turn while another one encodes `text`."""
    encoded = threading.Event()
    lengths: list[int] = []

    def encode() -> None:
        lengths.append(len(tokenizer.encode(Sentence(text))))
        encoded.set()

    threading.Thread(target=encode).start()
    turns = 0
    while not encoded.is_set():
        time.sleep(0.001)
        turns += 1
    assert lengths[0] > len(text) / 10
    return turns
