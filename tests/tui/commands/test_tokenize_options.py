"""Every option of `termformer tokenize`: what it shows, and what does not go together."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from core.checkpoints import AS_IS, packaged_encoder, tokenizer_cache
from tests.core.text.kinds import KINDS
from tests.tui.commands.command import Here

TEXTS = ["I've been waiting for a HuggingFace course my whole life.", "I hate this so much!"]
PAIRS = ["Which course is it?\tThe one of Hugging Face, I think.", "Who\tme"]


@pytest.fixture(scope="module")
def reference() -> Any:
    return AutoTokenizer.from_pretrained(packaged_encoder())


@pytest.fixture
def unigram(tmp_path: Path) -> Path:
    """A folder whose tokenizer the engine has looked at before."""
    folder = tmp_path / "unigram"
    KINDS["unigram"]().save_pretrained(folder)
    cached = tokenizer_cache(folder)
    cached.mkdir(parents=True)
    (cached / AS_IS).touch()
    return folder


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["--padding-side", "left"], {"padding": True, "padding_side": "left"}),
        (["--no-special-tokens"], {"padding": True, "add_special_tokens": False}),
        (
            ["--truncation", "only_second", "--max-length", "9"],
            {"padding": True, "truncation": "only_second", "max_length": 9},
        ),
        (
            ["--truncation", "--max-length", "8", "--return-overflowing-tokens", "--stride", "2"],
            {
                "padding": True,
                "truncation": True,
                "max_length": 8,
                "stride": 2,
                "return_overflowing_tokens": True,
            },
        ),
    ],
    ids=["side", "no special", "only second", "windows"],
)
def test_options_mean_what_they_mean_to_auto_tokenizer(
    termformer: Here, reference: Any, arguments: list[str], options: dict[str, Any]
) -> None:
    texts = PAIRS if "only_second" in arguments else TEXTS
    document = termformer("tokenize", "--json", *arguments, "--", *texts).document
    inputs = [tuple(text.split("\t")) if "\t" in text else text for text in texts]
    expected = dict(reference(inputs, return_offsets_mapping=True, **options))
    assert document.get("overflow_to_sample_mapping") == expected.pop(
        "overflow_to_sample_mapping", None
    )
    for name, rows in expected.items():
        shown = [row[name] for row in document["sequences"]]
        assert shown == json.loads(json.dumps(rows)), name


@pytest.mark.parametrize("text", ["off the record", "only_second\tof all"])
def test_a_bare_truncation_leaves_the_text_alone(termformer: Here, text: str) -> None:
    document = termformer("tokenize", "--json", "--max-length", "4", "--truncation", text).document
    (sequence,) = document["sequences"]
    assert sequence["text"] == text.partition("\t")[0]
    assert len(sequence["input_ids"]) == 4


def test_the_only_word_there_is_is_the_text(termformer: Here) -> None:
    arguments = ["--json", "--max-length", "4", "--truncation", "word"]
    document = termformer("tokenize", *arguments).document
    assert [each["text"] for each in document["sequences"]] == ["word"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--stride", "3"], "--stride does nothing without --truncation"),
        (["--return-overflowing-tokens"], "does nothing without --truncation"),
        (["--truncation", "--stride", "3"], "without --return-overflowing-tokens"),
        (["--max-length", "3"], "--max-length does nothing without"),
        (["--truncation", "off", "--max-length", "3"], "--max-length does nothing without"),
        (["--padding", "none", "--padding-side", "left"], "does nothing with --padding none"),
        (["--count", "--padding", "none"], "With --count, --padding does nothing"),
        (["--stages", "--no-special-tokens"], "With --stages, --no-special-tokens does nothing"),
        (["-m", "mini", "-m", "mini-base", "--truncation"], "With several --model, --truncation"),
        (["--stages", "--count"], "do not go together"),
        (["--code", "--export", "x.json"], "do not go together"),
        (["-m", "mini", "-m", "mini-base", "--export", "x.json"], "do not go together"),
        (["--force"], "does nothing without it"),
        (["--batch-size", "3"], "--batch-size cuts what is read"),
        (["--file", __file__], "not both"),
        (["--truncation", "foo"], "'foo' is not one of 'longest_first', 'only_first'"),
    ],
)
def test_what_contradicts_or_does_nothing_is_one_usage_error(
    termformer: Here, arguments: list[str], reason: str
) -> None:
    finished = termformer("tokenize", *arguments, "--", "a text")
    assert finished.code == 2
    assert finished.output == ""
    assert reason in finished.complaint
    assert finished.complaint.count("Error") == 1


def test_windows_are_told_apart(termformer: Here) -> None:
    arguments = ["--truncation", "--max-length", "5", "--return-overflowing-tokens"]
    output = termformer("tokenize", *arguments, "one two three four", "ok").output
    assert "2 sentences · 3 windows" in output.splitlines()[0]
    assert "1 · window 2 of 2  one two three four" in output
    assert "2  ok" in output


def test_stages_show_each_part_and_the_way_back(termformer: Here) -> None:
    output = termformer("tokenize", "--stages", "Héllo HuggingFace").output
    lines = {line[:10].strip(): line[12:] for line in output.splitlines()}
    assert lines["normalized"].startswith("hello huggingface")
    assert "hello │ hugging ##face" in lines["tokens"]
    assert "[CLS] hello hugging ##face [SEP]" in lines["completed"]
    assert "case" in output
    assert "accents" in output
    document = termformer("tokenize", "--stages", "--json", "Héllo\tyou").document
    first, second = document["sentences"][0]["texts"]
    assert first["normalized"] == "hello"
    assert [token["token"] for piece in second["pieces"] for token in piece["tokens"]] == ["you"]
    assert document["components"]["model"] == "WordPiece"
    assert first["round_trip"]["differences"][0]["reasons"] == ["case", "accents"]


def test_several_models_stand_side_by_side(termformer: Here, unigram: Path) -> None:
    models = ["-m", "mini", "-m", str(unigram)]
    document = termformer("tokenize", "--json", *models, TEXTS[0]).document
    assert document["models"] == ["mini", str(unigram)]
    (sentence,) = document["sentences"]
    theirs = AutoTokenizer.from_pretrained(unigram)(TEXTS[0])
    assert sentence["sides"][1]["input_ids"] == theirs.input_ids
    assert sentence["sides"][1]["counts"]["tokens"] == len(theirs.input_ids)
    assert "".join(segment["text"] for segment in sentence["segments"]) == TEXTS[0].replace(" ", "")
    assert any(segment["differs"] for segment in sentence["segments"])
    output = termformer("tokenize", *models, *TEXTS).output
    assert "differs" in output
    assert "characters per token" in output


@pytest.mark.parametrize("name", ["tokens.json", "tokens.csv", "tokens.HTML"])
def test_export_writes_the_format_of_its_ending(
    termformer: Here, tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    finished = termformer("tokenize", "--export", str(file), *TEXTS)
    assert finished.code == 0
    assert "2 sentences · shape [2, 16]" in finished.output
    written = file.read_text()
    assert written[0] == {"json": "{", "csv": "r", "html": "<"}[name[7:].lower()]
    assert "17662" in written
    again = termformer("tokenize", "--export", str(file), "other")
    assert again.code == 1
    assert "--force replaces it" in again.complaint
    assert file.read_text() == written
    report = termformer("tokenize", "--json", "--force", "--export", str(file), "other").document
    assert report["shape"] == [1, 3]
    assert "other" in file.read_text()
    assert [path.name for path in tmp_path.glob("*tokens*")] == [name]


def test_export_of_another_ending_or_of_too_much_writes_nothing(
    termformer: Here, tmp_path: Path
) -> None:
    file = tmp_path / "tokens.txt"
    assert "names no format" in termformer("tokenize", "--export", str(file), "x").complaint
    finished = termformer(
        "tokenize", "--batch-size", "2", "--export", str(file.with_suffix(".csv")), "-",
        stdin=b"a\nb\nc\n",
    )  # fmt: skip
    assert finished.code == 1
    assert "larger --batch-size" in finished.complaint
    assert not list(tmp_path.glob("tokens*"))


@pytest.mark.slow
def test_code_prints_what_the_same_command_shows(termformer: Here, unigram: Path) -> None:
    """The snippets run in one fresh interpreter; what they print is compared with `--json`."""
    arguments = ["-m", str(unigram), "--truncation", "--max-length", "9", *TEXTS]
    shown = termformer("tokenize", "--json", *arguments).document
    batch = termformer("tokenize", "--code", *arguments).output
    sides = ["-m", "mini", "-m", str(unigram), TEXTS[1]]
    compared = termformer("tokenize", "--json", *sides).document
    code = termformer("tokenize", "--code", "--json", *sides).document["code"]
    code = f"{batch}\nbatch = dict(inputs)\n{code}\nimport json\n"
    code += "print(json.dumps([batch, all_tokens]))"
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    inputs, all_tokens = json.loads(finished.stdout.splitlines()[-1])
    for name, rows in inputs.items():
        assert rows == [row[name] for row in shown["sequences"]], name
    assert all_tokens == [side["tokens"] for side in compared["sentences"][0]["sides"]]
