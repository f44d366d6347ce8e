"""`termformer compare` against the model called directly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from core.engine.protocol import Compared, ComparedRow, ModelInfo
from tests.terminal.terminal import Terminal
from tests.tui.commands.command import COMMAND, ROOT, Finished, Here, run_apart
from tui.commands import compare

TEXTS = ["I've been waiting for a [red]course[/red] my whole life.", "I hate it!", "One\ttwo"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The module's runs of the engine share a cache."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERMFORMER_CACHE_DIR", str(home / "cache"))
        patch.setenv("TERMFORMER_STATE_DIR", str(home / "state"))
        yield


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
        terminal.wait_for("importing torch", 60)
        assert terminal.wait_for_exit(60) == 0
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


def broken(problem_type: str | None = None) -> Compared:
    """What the engine says of a broken checkpoint: numbers that are none."""
    nan, inf = float("nan"), float("inf")
    row = ComparedRow("a", None, [nan, 1.0], [inf, 1.0], [nan, 1.0], inf, nan)
    info = ModelInfo("broken", "", "", "", 1, ["A", "B"], problem_type, None, "right")
    return Compared(0, info, [("a", None)], [[1, 2]], [[1, 1]], [row], 0.0)


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
        assert terminal.wait_for_exit(30) == 130
        assert "Traceback" not in str(terminal.screen)


def test_probabilities_follow_the_kind_of_model() -> None:
    labels = ["A", "B", "C"]
    assert compare._prediction([0.0, 0.0, 3.0], labels, None) == "C 90.94 %"
    assert compare._prediction([0.0, 0.0, 3.0], labels, "multi_label_classification") == "C 95.26 %"
    assert compare._prediction([0.3], ["A"], "regression") == ""
    assert compare._prediction([1e4, -1e4], ["A", "B"], None) == "A 100.00 %"
    assert compare._prediction([-1e4, -2e4], labels[:2], "multi_label_classification") == "A 0.00 %"
