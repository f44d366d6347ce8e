"""`termformer classify` against transformers' own pipeline, and how it takes and gives texts."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from tests.core.models import heads
from tests.terminal.terminal import Terminal
from tests.tui.commands.command import COMMAND, ROOT, Here, run_apart

pytestmark = pytest.mark.usefixtures("folders")
LONG = "a very long one " * 200
TEXTS = ["I hate [red]this[/red]!", "One\ttwo", "", "I've been waiting for it.", LONG]
LINES = [f"The film number {n} was {'very ' * (n % 9)}dull." for n in range(40)]


def said_by_transformers(folder: Path, texts: list[str]) -> list[dict[str, Any]]:
    classifier = pipeline("text-classification", model=str(folder))
    pairs = [text.partition("\t") for text in texts]
    return [
        classifier([{"text": text, "text_pair": pair} if pair else text], truncation=True)[0]
        for text, _, pair in pairs
    ]


def test_json_has_the_promised_shape_and_the_pipelines_scores(tiny_classifier: Path) -> None:
    finished = run_apart("classify", "--json", "-m", str(tiny_classifier), *TEXTS)
    document = finished.document
    assert list(document) == ["model", "rows"]
    assert document["model"] == str(tiny_classifier)
    assert [list(row) for row in document["rows"]] == len(TEXTS) * [
        ["text", "label", "score", "logits", "probabilities"]
    ]
    assert [row["text"] for row in document["rows"]] == TEXTS
    for row, said in zip(
        document["rows"], said_by_transformers(tiny_classifier, TEXTS), strict=True
    ):
        assert row["label"] == said["label"]
        assert row["score"] == pytest.approx(said["score"], abs=1e-5)
        shares = torch.tensor(row["logits"]).softmax(-1).tolist()
        assert row["probabilities"] == pytest.approx(shares, abs=1e-6)
        assert row["score"] == max(row["probabilities"])
    assert finished.complaint == "termformer: 1 text was longer than the model takes, and cut.\n"


def test_lines_of_a_pipe_in_small_batches_sorted(tiny_classifier: Path) -> None:
    options = ("--batch-size", "3", "--sort", "score", "-m", str(tiny_classifier))
    stdin = "\n\n".join(LINES).encode()
    finished = run_apart("classify", *options, "-", "A \x1b[31mred text", stdin=stdin)
    assert (finished.code, finished.complaint) == (0, "")
    texts = [*LINES, "A ␛[31mred text"]
    said = said_by_transformers(tiny_classifier, [*LINES, "A \x1b[31mred text"])
    shown = [line.split(maxsplit=3) for line in finished.output.splitlines()]
    assert sorted(text for *_, text in shown) == sorted(texts)
    for label, score, percent, text in shown:
        theirs = said[texts.index(text)]
        assert (label, percent) == (theirs["label"], "%")
        assert float(score) == pytest.approx(100 * theirs["score"], abs=0.0051)
    scores = [float(score) for _, score, *_ in shown]
    assert scores == sorted(scores, reverse=True)


def test_a_file_of_several_labels_as_a_table(tmp_path: Path) -> None:
    """Labels that do not exclude each other are never forced through a softmax."""
    folder = heads.sequences(tmp_path / "several", 3, "multi_label_classification")
    file, table = tmp_path / "lines.txt", tmp_path / "out.csv"
    file.write_text("\n".join(LINES) + "\n")
    options = ("--sort", "certainty", "--export", str(table), "-m", str(folder))
    finished = run_apart("classify", *options, str(file))
    assert finished.code == 0
    assert finished.complaint == f"termformer: {file} is a file: its lines are read.\n"
    assert finished.output.startswith(f"{table}: 40 texts · LABEL_")
    rows = list(csv.DictReader(table.open()))
    assert sorted(row["text"] for row in rows) == sorted(LINES)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    distances = []
    for row in rows:
        shares = [float(row[f"probability LABEL_{n}"]) for n in range(3)]
        with torch.inference_mode():
            logits = model(**tokenizer(row["text"], return_tensors="pt")).logits[0]
        assert [float(row[f"logit LABEL_{n}"]) for n in range(3)] == pytest.approx(
            logits.tolist(), abs=1e-5
        )
        assert shares == pytest.approx(logits.sigmoid().tolist(), abs=1e-5)
        distances.append(min(abs(share - 0.5) for share in shares))
    assert distances == sorted(distances)

    again = run_apart("classify", *options, "--file", str(file))
    assert again.code == 1
    assert "is there already and was left as it is: --force replaces it" in again.complaint


def test_a_head_that_predicts_numbers(tmp_path: Path) -> None:
    folder = heads.sequences(tmp_path / "number", 1, "regression")
    document = tmp_path / "out.json"
    arguments = ("--export", str(document), "-m", str(folder), *LINES[:3])
    assert run_apart("classify", *arguments).code == 0
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for row in json.loads(document.read_text())["rows"]:
        with torch.inference_mode():
            [logits] = model(**tokenizer(row["text"], return_tensors="pt")).logits.tolist()
        assert row["logits"] == row["probabilities"] == pytest.approx(logits, abs=1e-5)
        assert row["score"] == row["logits"][0]


def test_what_is_nothing_or_too_much(
    termformer: Here, tmp_path: Path, tiny_classifier: Path
) -> None:
    file = tmp_path / "empty.txt"
    file.write_text("\n \n")
    model = ("-m", str(tiny_classifier))
    assert termformer("classify").code == 2
    assert termformer("classify", "a", "--file", str(file)).code == 2
    assert termformer("classify", "-", "-", *model).code == 2
    assert termformer("classify", "a", "--batch-size", "0").code == 2
    for finished, name in (
        (termformer("classify", *model, "-", stdin=b"\n\n"), "Standard input"),
        (termformer("classify", *model, str(file)), str(file)),
        (termformer("classify", *model, "--json", "--file", str(file)), str(file)),
    ):
        assert (finished.code, finished.output) == (1, "")
        assert finished.complaint.endswith(f"{name} held no sentence: nothing was done.\n")
    refused = termformer("classify", *model, "a", "--export", str(tmp_path / "out.txt"))
    assert "names no format: let the file end in .json or .csv" in refused.complaint
    hint = termformer("classify", "-m", "./nowhere", str(file), "another text")
    assert f"{file} is taken for a text among others; given alone" in hint.complaint
    for missing in ("./nowhere.txt", "nowhere.csv"):
        hint = termformer("classify", *model, missing)
        assert hint.code == 0
        assert f"There is no file {missing}: it is classified as a sentence." in hint.complaint
    assert termformer("classify", *model, "so good").complaint == ""


def test_a_reader_that_goes_away_and_ctrl_c(tiny_classifier: Path, tmp_path: Path) -> None:
    file = tmp_path / "lines.txt"
    file.write_text("\n".join(LINES * 100) + "\n")
    command = [*COMMAND, "classify", "-m", str(tiny_classifier), "--file", str(file)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout
        assert process.stderr
        assert b"The film number 0" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141
    # Without an end, so that it is still at it when ctrl+c comes.
    endless = tmp_path / "endless.txt"
    os.mkfifo(endless)
    threading.Thread(target=write_endlessly, args=(endless,), daemon=True).start()
    command = [*command[:-1], str(endless)]
    with Terminal(command, columns=80, rows=24, cwd=ROOT) as terminal:
        terminal.wait_for(lambda screen: " texts" in str(screen) or " dull." in str(screen), 60)
        terminal.press("ctrl+c")
        assert terminal.wait_for_exit(60) == 130
        assert "Traceback" not in str(terminal.screen)


def write_endlessly(pipe: Path) -> None:
    """Writes lines into `pipe` as long as somebody reads them."""
    with contextlib.suppress(BrokenPipeError), pipe.open("w") as stream:
        while True:
            stream.write("\n".join(LINES) + "\n")
