"""`termformer compare` against the model called directly."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from core.engine.protocol import (
    LESSON,
    Arranged,
    ArrangedRow,
    Compared,
    ModelInfo,
    Postprocess,
)
from tests.terminal.terminal import Terminal
from tests.tui.commands.command import COMMAND, ROOT, Finished, Here, run_apart
from tui.commands import compare

TEXTS = ["I've been waiting for a [red]course[/red] my whole life.", "I hate it!", "One\ttwo"]


@pytest.fixture(scope="module")
def compared(folders: None, tiny_classifier: Path) -> Finished:
    return run_apart("compare", "--json", "--model", str(tiny_classifier), *TEXTS)


@pytest.fixture(scope="module")
def direct(tiny_classifier: Path) -> dict[str, Any]:
    model = AutoModelForSequenceClassification.from_pretrained(tiny_classifier).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny_classifier)
    inputs: list[Any] = [*TEXTS[:2], ("One", "two")]
    batch = tokenizer(inputs, padding=True, return_tensors="pt")
    without = {key: rows for key, rows in batch.items() if key != "attention_mask"}
    with torch.inference_mode():
        return {
            "batch": batch,
            "alone": [
                model(**tokenizer([each], return_tensors="pt")).logits[0].tolist()
                for each in inputs
            ],
            "padded_unmasked": model(**without).logits.tolist(),
            "padded_masked": model(**batch).logits.tolist(),
        }


def test_json_has_the_promised_shape(compared: Finished, tiny_classifier: Path) -> None:
    document = compared.document
    assert list(document) == ["model", "labels", "input_ids", "attention_mask", "rows"]
    assert document["model"] == str(tiny_classifier)
    assert document["labels"] == ["NEGATIVE", "POSITIVE"]
    assert [list(row) for row in document["rows"]] == 3 * [
        [
            "text",
            "alone",
            "padded_unmasked",
            "padded_masked",
            "max_abs_diff_unmasked",
            "max_abs_diff_masked",
        ]
    ]
    assert [row["text"] for row in document["rows"]] == TEXTS
    assert compared.complaint == ""


def test_logits_are_those_of_the_model_called_directly(
    compared: Finished, direct: dict[str, Any]
) -> None:
    document = compared.document
    assert document["input_ids"] == direct["batch"]["input_ids"].tolist()
    assert document["attention_mask"] == direct["batch"]["attention_mask"].tolist()
    for name in ("alone", "padded_unmasked", "padded_masked"):
        for row, logits in zip(document["rows"], direct[name], strict=True):
            assert row[name] == pytest.approx(logits, abs=1e-5)


def test_the_mask_makes_padding_harmless(compared: Finished) -> None:
    longest, *padded = compared.document["rows"]
    assert longest["max_abs_diff_unmasked"] <= 1e-5
    assert all(row["max_abs_diff_masked"] <= 1e-5 for row in (longest, *padded))
    assert all(row["max_abs_diff_unmasked"] > 1e-3 for row in padded)


def test_a_terminal_shows_a_table_and_what_the_engine_does(
    folders: None, tiny_classifier: Path, private_folders: Path
) -> None:
    command = [*COMMAND, "compare", "-m", str(tiny_classifier), *TEXTS]
    with Terminal(command, columns=80, rows=40, cwd=ROOT) as terminal:
        assert terminal.wait_for_exit(120) == 0
        assert b"importing torch" in terminal.output
        screen = str(terminal.screen)
    assert "importing torch" not in screen
    assert "[red]course[/red]" in screen
    assert re.search(r"padded, no mask .* (NEGATIVE|POSITIVE) [\d.]+ % .* differs", screen)
    assert re.search(r"padded, with mask .* equal", screen)


def test_what_is_no_classifier_or_not_there_is_one_sentence(
    folders: None, termformer: Here, tmp_path: Path
) -> None:
    nowhere = termformer("compare", "-m", "./nowhere", "a", "b")
    (tmp_path / "empty").mkdir()
    empty = termformer("compare", "-m", str(tmp_path / "empty"), "a", "b")
    for finished in (nowhere, empty):
        assert finished.code == 1
        assert finished.output == ""
        assert finished.complaint.count("\n") == 1
        assert "Traceback" not in finished.complaint
    assert "./nowhere" in nowhere.complaint
    assert termformer("compare").code == 2


def broken() -> Compared:
    """What the engine says of a broken checkpoint: numbers that are none."""
    nan, inf = float("nan"), float("inf")
    info = ModelInfo("broken", "", "", "", 1, ["A", "B"], None, None, "right")
    results = [
        Arranged(arrangement, [ArrangedRow([1, 2], [1, 1], None, logits, [nan, nan], apart)], 0.0)
        for arrangement, logits, apart in zip(
            LESSON, ([nan, 1.0], [inf, 1.0], [nan, 1.0]), (0.0, inf, nan), strict=True
        )
    ]
    return Compared(0, info, [("a", None)], results, 0.0)


def test_numbers_that_are_not_finite_are_null(
    termformer: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.commands.engine.ask_engine", lambda _: broken())
    (row,) = termformer("compare", "--json", "a").document["rows"]
    assert row["alone"] == [None, 1.0]
    assert row["max_abs_diff_unmasked"] is None
    assert row["max_abs_diff_masked"] is None
    lines = termformer("compare", "a").output
    assert lines.count("not finite") == 2
    assert "nothing differs" not in lines.lower()


def test_ctrl_c_while_the_engine_loads_ends_without_a_traceback(
    folders: None, tiny_classifier: Path
) -> None:
    command = [*COMMAND, "compare", "-m", str(tiny_classifier), *TEXTS]
    with Terminal(command, columns=80, rows=24, cwd=ROOT) as terminal:
        terminal.wait_for("importing torch", 60)
        terminal.press("ctrl+c")
        assert terminal.wait_for_exit(60) == 130
        assert "Traceback" not in str(terminal.screen)


@pytest.mark.parametrize(
    ("postprocess", "shares", "said"),
    [
        ("softmax", [0.04, 0.05, 0.91], "C 91.00 %"),
        ("sigmoid", [0.5, 0.5, 0.95], "C 95.00 %"),
        ("none", [0.3, 0.1, 0.2], ""),
        ("softmax", [1.0], ""),
    ],
)
def test_a_guess_is_made_where_there_are_probabilities(
    postprocess: Postprocess, shares: list[float], said: str
) -> None:
    labels = ["A", "B", "C"][: len(shares)]
    info = ModelInfo("m", "", "", "", 1, labels, None, None, "right", postprocess=postprocess)
    assert compare._prediction(ArrangedRow([], [], None, shares, shares, 0.0), info) == said


def test_ids_as_the_course_types_them(folders: None, tiny_classifier: Path) -> None:
    ids = "[[200, 200, 200], [200, 200]]"
    chosen = ("--padding-side", "left", "--pad-to", "5")
    finished = run_apart("compare", "--json", "-m", str(tiny_classifier), "--ids", ids, *chosen)
    document = finished.document
    assert document["input_ids"] == [[0, 0, 200, 200, 200], [0, 0, 0, 200, 200]]
    assert document["attention_mask"] == [[0, 0, 1, 1, 1], [0, 0, 0, 1, 1]]
    assert [row["text"] for row in document["rows"]] == ["[200, 200, 200]", "[200, 200]"]
    model = AutoModelForSequenceClassification.from_pretrained(tiny_classifier).eval()
    with torch.inference_mode():
        alone = model(torch.tensor([[200, 200]])).logits[0]
        unmasked = model(torch.tensor(document["input_ids"])).logits[1]
    assert document["rows"][1]["alone"] == pytest.approx(alone.tolist(), abs=1e-5)
    assert document["rows"][1]["padded_unmasked"] == pytest.approx(unmasked.tolist(), abs=1e-5)
    short = run_apart("compare", "-m", str(tiny_classifier), "--ids", ids, "--pad-to", "2")
    assert "padded to" not in short.output
    assert "--pad-to 2 changed nothing: the longest row has 3 tokens." in short.complaint


def test_ids_that_are_none(termformer: Here, folders: None, tiny_classifier: Path) -> None:
    assert termformer("compare", "--ids", "[[1]]", "a text").code == 2
    typed = termformer("compare", "--ids", '[[200, "x"]]')
    assert typed.code == 1
    assert "Row 1, entry 2" in typed.complaint
    unknown = run_apart("compare", "-m", str(tiny_classifier), "--ids", "[[200], [30522]]")
    assert unknown.code == 1
    assert "Row 2, entry 1: there is no id 30522" in unknown.complaint
    assert "30,522 ids" in unknown.complaint
