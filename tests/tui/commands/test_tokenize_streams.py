"""`termformer tokenize` on files and pipes of any length."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.text.kinds import sentences
from tests.terminal.terminal import Terminal
from tests.tui.commands.command import COMMAND, ROOT, Here, run_apart

LINES = sentences()


def test_a_stream_is_padded_batch_by_batch_and_json_has_a_line_for_each(
    termformer: Here, tmp_path: Path
) -> None:
    file = tmp_path / "sentences.txt"
    file.write_text("\n\n".join(LINES[:7]) + "\n")
    finished = termformer("tokenize", "--json", "--batch-size", "3", "--file", str(file))
    documents = [json.loads(line) for line in finished.output.splitlines()]
    texts = [[row["text"] for row in document["sequences"]] for document in documents]
    assert texts == [LINES[:3], LINES[3:6], LINES[6:7]]
    for part, document in zip(texts, documents, strict=True):
        alone = termformer("tokenize", "--json", "--", *part).document
        assert document == alone
    plain = termformer("tokenize", "--batch-size", "3", "--file", str(file)).output
    assert plain.count("mini · 3 sentences") == 2
    assert f"\n7  {LINES[6]}\n" in plain


def test_counts_are_those_of_the_tokens_shown(termformer: Here, tmp_path: Path) -> None:
    file = tmp_path / "sentences.txt"
    text = "\r\n".join([*LINES, "", "a pair\tof texts", "日本 😀"])
    file.write_bytes(text.encode())
    shown = termformer("tokenize", "--json", "--padding", "none", "--file", str(file)).document
    lengths = [len(row["input_ids"]) for row in shown["sequences"]]
    arguments = ["--count", "--json", "--max-length", "20", "--file", str(file)]
    counts = termformer("tokenize", *arguments).document
    (model,) = counts["models"]
    assert counts["complete"] is True
    assert counts["lines"] == len(LINES) + 3
    assert counts["sentences"] == len(lengths)
    assert counts["words"] == len(text.split())
    assert model["tokens"] == sum(lengths)
    assert model["over_limit"] == sum(length > 20 for length in lengths)
    assert model["lengths"]["longest"] == model["longest"]["tokens"] == max(lengths)
    assert model["unknown"] == sum(row["input_ids"].count(100) for row in shown["sequences"])
    plain = termformer("tokenize", "--count", "--file", str(file)).output
    assert f"{sum(lengths):,}" in plain


def test_several_models_are_counted_in_one_pass(termformer: Here) -> None:
    models = ["-m", "mini", "-m", "mini-base"]
    counts = termformer("tokenize", "--count", "--json", *models, "-", stdin=b"one\ntwo\n").document
    assert [model["tokens"] for model in counts["models"]] == [6, 6]


def test_nothing_to_count_is_said(termformer: Here) -> None:
    finished = termformer("tokenize", "--count", "--json", "-", stdin=b"\n \n")
    assert finished.code == 1
    assert finished.complaint == "termformer: Standard input held no sentence: nothing was done.\n"


def test_broken_utf8_in_a_stream_is_said_once_with_its_line(
    termformer: Here, tmp_path: Path
) -> None:
    file = tmp_path / "latin1.txt"
    file.write_bytes(b"fine\n" * 4 + b"caf\xe9\n" * 200_000)
    finished = termformer("tokenize", "--count", "--json", "--file", str(file))
    assert finished.complaint.count("\n") == 1
    assert "not valid UTF-8 from line 5 on" in finished.complaint
    assert finished.document["characters"] == 16 + 4 * 200_000


_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak_kilobytes(*arguments: str) -> int:
    """The most memory that the command ever held, in 1024 bytes."""
    finished = subprocess.run(
        [sys.executable, "-c", _PEAK, *COMMAND, "tokenize", *arguments],
        capture_output=True,
        check=True,
        cwd=ROOT,
    )
    return int(finished.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["count", "batches", "one line"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, how: str) -> None:
    arguments = {"batches": ["--json", "--padding", "none"]}.get(how, ["--count"])
    text = (" " if how == "one line" else "\n").join(LINES)
    peaks = []
    for megabytes in {"count": (1, 5), "batches": (0.5, 1.5), "one line": (3, 7)}[how]:
        file = tmp_path / f"{megabytes}.txt"
        with file.open("w") as written:
            while written.tell() < megabytes * 1_000_000:
                written.write(text + (" " if how == "one line" else "\n"))
        peaks.append(peak_kilobytes(*arguments, "--file", str(file)))
    small, large = peaks
    assert large < small * 1.15 + 8_000, peaks


def interrupted(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """What a command says after ctrl+c; one that comes just before a read may need another."""
    for _ in range(12):
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError("ctrl+c does not end it")


def test_ctrl_c_keeps_what_was_counted(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [*COMMAND, "tokenize", "--count", "--json", "-"],
        stdin=read_end,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    os.close(read_end)
    with os.fdopen(write_end, "wb") as pipe:
        for _ in range(60_000):
            pipe.write(b"I hate this so much!\n")
        pipe.flush()
        # All was taken but for what a pipe holds: the command now waits for more.
        output, complaint = interrupted(process)
    assert process.returncode == 130, complaint
    counts = json.loads(output)
    assert counts["complete"] is False
    assert 10_000 < counts["sentences"] < 60_000
    assert counts["models"][0]["tokens"] == 8 * counts["sentences"]
    assert b"Interrupted" in complaint
    assert f"up to line {counts['lines']:,}".encode() in complaint


def test_a_reader_of_json_lines_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    file = tmp_path / "sentences.txt"
    file.write_text("\n".join(LINES * 20))
    with subprocess.Popen(
        [*COMMAND, "tokenize", "--json", "--file", file],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdout and process.stderr
        json.loads(process.stdout.readline())
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


def test_progress_is_drawn_on_a_terminal_alone(tmp_path: Path) -> None:
    file = tmp_path / "sentences.txt"
    file.write_text("\n".join(LINES * 40))
    with Terminal([*COMMAND, "tokenize", "--count", "--file", file], cwd=ROOT) as terminal:
        assert terminal.wait_for_exit(60) == 0
        assert b"MB/s" in terminal.output
        assert "MB/s" not in str(terminal.screen)
        assert "16,000" in str(terminal.screen)
    assert run_apart("tokenize", "--count", "--file", str(file)).complaint == ""
