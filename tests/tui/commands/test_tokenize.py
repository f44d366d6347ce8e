"""`termformer tokenize` gives what AutoTokenizer gives."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from core.checkpoints import packaged_encoder
from tests.tui.commands.command import COMMAND, ROOT, Here, run_apart

KEYS = [
    "text",
    "text_pair",
    "tokens",
    "input_ids",
    "token_type_ids",
    "attention_mask",
    "special_tokens_mask",
    "offset_mapping",
    "decoded",
]
COURSE = ["I've been waiting for a HuggingFace course my whole life.", "I hate this so much!"]
HOSTILE = [
    "[red]I[/red] [CLS] [bold",
    "\x1b[31mred\x1b[0m and \x07\x00 NUL",
    "\u202eright to left\u202c",
    "日本語 é e\u0301 👩\u200d👩\u200d👧 \u2028 x",
    "",
]


@pytest.fixture(scope="module")
def reference() -> Any:
    return AutoTokenizer.from_pretrained(packaged_encoder())


def expected(reference: Any, texts: list[str], **options: Any) -> list[dict[str, Any]]:
    pairs = [text.partition("\t")[::2] for text in texts]
    if any("\t" in text for text in texts):
        encoded = reference(
            [pair if "\t" in text else pair[0] for text, pair in zip(texts, pairs, strict=True)],
            return_special_tokens_mask=True,
            return_offsets_mapping=True,
            **options,
        )
    else:
        encoded = reference(
            texts, return_special_tokens_mask=True, return_offsets_mapping=True, **options
        )
    return [
        {
            "text": pairs[row][0],
            "text_pair": pairs[row][1] if "\t" in texts[row] else None,
            "tokens": reference.convert_ids_to_tokens(ids),
            "input_ids": ids,
            "token_type_ids": encoded["token_type_ids"][row],
            "attention_mask": encoded["attention_mask"][row],
            "special_tokens_mask": encoded["special_tokens_mask"][row],
            "offset_mapping": [list(span) for span in encoded["offset_mapping"][row]],
            "decoded": reference.decode(ids),
        }
        for row, ids in enumerate(encoded["input_ids"])
    ]


@pytest.mark.parametrize(
    ("texts", "arguments", "options"),
    [
        (COURSE, [], {"padding": "longest"}),
        (COURSE, ["--padding", "none"], {"padding": False}),
        (
            COURSE,
            ["--padding", "max_length", "--max-length", "20"],
            {"padding": "max_length", "max_length": 20},
        ),
        (
            COURSE,
            ["--truncation", "--max-length", "7"],
            {"padding": "longest", "truncation": True, "max_length": 7},
        ),
        (
            COURSE,
            ["--padding", "max_length", "--max-length", "10"],
            {"padding": "max_length", "max_length": 10},
        ),
        (["A question?\tAn answer.", "One\ttwo\tthree"], [], {"padding": "longest"}),
        (HOSTILE, [], {"padding": "longest"}),
    ],
    ids=[
        "longest",
        "none",
        "max_length",
        "truncation",
        "longer than max_length",
        "pairs",
        "hostile",
    ],
)
def test_json_is_what_auto_tokenizer_says(
    termformer: Here,
    reference: Any,
    texts: list[str],
    arguments: list[str],
    options: dict[str, Any],
) -> None:
    document = termformer("tokenize", "--json", *arguments, "--", *texts).document

    assert list(document) == ["model", "shape", "sequences"]
    assert document["model"] == "mini"
    assert all(list(sequence) == KEYS for sequence in document["sequences"])
    rows = expected(reference, texts, **options)
    assert document["sequences"] == rows
    widths = {len(row["input_ids"]) for row in rows}
    assert document["shape"] == ([len(rows), *widths] if len(widths) == 1 else None)


def test_the_course_sentence_has_the_vocabulary_s_ids(termformer: Here) -> None:
    document = termformer("tokenize", "--json", "I love hugging face!").document
    assert document["sequences"][0]["input_ids"][1:-1] == [1045, 2293, 17662, 2227, 999]


def test_a_folder_s_tokenizer_is_read_through_the_engine_where_it_must(
    termformer: Here, tiny_classifier: Path, reference: Any
) -> None:
    document = termformer("tokenize", "--json", "-m", str(tiny_classifier), *COURSE).document
    assert document["model"] == str(tiny_classifier)
    assert document["sequences"] == expected(reference, COURSE, padding="longest")


def test_standard_input_holds_one_sentence_a_line(termformer: Here) -> None:
    finished = termformer(
        "tokenize", "--json", "first", "-", "last", stdin=b"one\r\n\n  \na\tpair\nno end"
    )
    texts = [(row["text"], row["text_pair"]) for row in finished.document["sequences"]]
    assert texts == [
        ("first", None),
        ("one", None),
        ("a", "pair"),
        ("no end", None),
        ("last", None),
    ]
    assert finished.complaint == ""


def test_other_line_separators_belong_to_the_sentence(termformer: Here) -> None:
    text = "one\u2028still one\x0bstill\x85one"
    finished = termformer("tokenize", "--json", "-", stdin=text.encode() + b"\n")
    assert [row["text"] for row in finished.document["sequences"]] == [text]


def test_invalid_utf8_is_replaced_and_said() -> None:
    finished = run_apart("tokenize", "--json", b"caf\xe9", "-", stdin=b"\xff\xfe ok\n")
    assert [row["text"] for row in finished.document["sequences"]] == [
        "caf\ufffd",
        "\ufffd\ufffd ok",
    ]
    assert finished.complaint.count("not valid UTF-8") == 2


def test_plain_text_carries_no_escapes_and_no_markup_is_lost(termformer: Here) -> None:
    finished = termformer("tokenize", "--", *HOSTILE)
    assert finished.code == 0
    assert "[red]I[/red] [CLS] [bold" in finished.output
    assert "␛[31mred␛[0m and ␇␀ NUL" in finished.output
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028]", finished.output)
    assert not any(line.endswith(" ") for line in finished.output.splitlines())


def test_plain_text_says_each_token_once(termformer: Here) -> None:
    lines = termformer("tokenize", "I love hugging face!").output.splitlines()
    assert lines[0] == "mini · 1 sentence · shape [1, 7] · 7 tokens · 0 padding"
    assert lines[2] == "1  I love hugging face!"
    rows = [line.split() for line in lines[4:]]
    assert rows[3] == ["3", "hugging", "17662", "0", "1", "0", "7–14", "hugging"]
    assert len(rows) == 7


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        ([], 2, "Missing argument"),
        (["--padding", "shortest", "x"], 2, "shortest"),
        (["--max-length", "0", "x"], 2, "0"),
        (["-", "-"], 2, "once"),
        (["-"], 1, "held no sentence"),
        (["--truncation", "--max-length", "1", "x"], 1, "too short"),
        (["-m", "./nowhere", "x"], 1, "no model named './nowhere'"),
        (["-m", "\x1b[31mred", "x"], 1, "There is no model"),
    ],
)
def test_what_cannot_be_done_is_said_on_stderr(
    termformer: Here, arguments: list[str], code: int, reason: str
) -> None:
    finished = termformer("tokenize", "--json", *arguments)
    assert finished.code == code
    assert finished.output == ""
    assert reason in finished.complaint
    assert "\x1b" not in finished.complaint
    assert "Traceback" not in finished.complaint
    if code == 1:
        assert finished.complaint.count("\n") == 1


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    """As `head` does: far more is written than a pipe holds, and nobody reads it."""
    process = subprocess.Popen(
        [*COMMAND, "tokenize", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin and process.stdout and process.stderr
    process.stdin.write(b"A sentence that makes a line for each of its tokens.\n" * 3000)
    process.stdin.close()
    process.stdout.readline()
    process.stdout.close()
    complaint = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 141
    assert complaint == b""
