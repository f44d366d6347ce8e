"""Every snippet, run in a fresh interpreter, gives exactly what is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.text.code import batch_code, side_by_side_code, stages_code, steps_code, token_code
from core.text.detail import DetailReader
from core.text.options import EncodeOptions
from core.text.round_trip import round_trip
from core.text.sentences import Sentence
from core.text.stages import StageReader
from tests.core.snippets.interpreter import run_all
from tests.core.text.conftest import Kind
from tests.core.text.test_options import fields

TEXT = 'He said: "the\\film" \x1b[31m\u202e 🦒  é Ends.'
ADDED = "A [SEP] Termformer <mask> Yesterday </s> film"
PAIRS = [Sentence("the film"), Sentence(TEXT, "and <mask> its pair"), Sentence("I loved it " * 9)]
CALLS = [
    EncodeOptions(),
    EncodeOptions(padding="none"),
    EncodeOptions(padding="max_length", max_length=70, padding_side="left"),
    EncodeOptions(truncation="longest_first", max_length=9, return_overflowing_tokens=True),
    EncodeOptions(truncation=True, max_length=14, stride=2, add_special_tokens=False),
    EncodeOptions(truncation="only_first", max_length=60, padding_side="right"),
]


@pytest.mark.filterwarnings("ignore")
def test_every_snippet_gives_what_is_shown(kinds: dict[str, Kind]) -> None:
    snippets: list[tuple[str, dict[str, Any]]] = []
    for kind in kinds.values():
        checkpoint, tokenizer = str(kind.folder), kind.ours
        for text in (TEXT, ADDED):
            trip = round_trip(tokenizer, text)
            shown: dict[str, Any] = {
                "tokens": trip.tokens, "ids": trip.input_ids, "decoded_string": trip.decoded
            }  # fmt: skip
            snippets.append((steps_code(checkpoint, text), shown))
            stages = StageReader(tokenizer).read(Sentence(text))
            (only,) = stages.texts
            shown = {
                "normalized": only.normalized,
                "pieces": [piece.text for piece in only.pieces],
                "tokens": [[token.token for token in piece.tokens] for piece in only.pieces],
                "ids": only.input_ids,
            }
            snippets.append((stages_code(checkpoint, stages), shown))
        for options in CALLS:
            batch = tokenizer.encode_batch(PAIRS, options)
            shown = {"inputs": fields(batch)}
            snippets.append((batch_code(checkpoint, tokenizer, PAIRS, options), shown))
        encoding = tokenizer.encode(PAIRS[1])
        shown = {
            "token": encoding.tokens[5],
            "token_id": encoding.input_ids[5],
            "start": encoding.offset_mapping[5][0],
            "word": encoding.word_ids[5],
        }
        detail = DetailReader(tokenizer).read(encoding, 5)
        shown |= {
            "characters": detail.characters,
            "neighbours": [each.token for each in detail.neighbours],
        }
        snippets.append((token_code(checkpoint, PAIRS[1], detail), shown))
    three = [kinds[name] for name in ("wordpiece-cased", "unigram", "byte-level")]
    code = side_by_side_code([str(kind.folder) for kind in three], PAIRS[1])
    snippets.append((code, {"all_tokens": [kind.ours.encode(PAIRS[1]).tokens for kind in three]}))
    for (snippet, shown), (values, printed) in zip(snippets, run_all(snippets), strict=True):
        assert values == json.loads(json.dumps(shown)), snippet
        assert printed.strip()
        assert all(line.isprintable() for line in snippet.splitlines()), snippet


def test_options_left_alone_are_not_written(kinds: dict[str, Kind]) -> None:
    tokenizer = kinds["wordpiece-cased"].ours
    code = batch_code("bert", tokenizer, [Sentence("Hi!")], EncodeOptions())
    assert '    "Hi!",\n' in code
    assert "    padding=True,\n" in code
    for name in ("truncation", "max_length", "stride", "padding_side", "add_special_tokens"):
        assert name not in code
