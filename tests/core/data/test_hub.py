"""Data by its name on the Hub: fetched, streamed, and refused in a sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.hub_server import GATED, PATIENT, HubServer

# Each name is loaded in a process of its own, since the Hub's address is read once.
LOAD = """
import itertools, json, sys
from core.data.sources import DataOptions, load_data
from core.data.hub_stream import stream_data
from core.errors import DataError
answers = []
for asked in sys.argv[1:]:
    name, _, how = asked.partition(" ")
    try:
        options = DataOptions(skip_bad_rows="skip" in how)
        if "stream" not in how:
            data = load_data(name, options)
            passes = []
        else:
            data = stream_data(name, options, lambda *_: None)
            passes = [
                [row["text"] for row in data.stream.examples(7, number)] for number in (0, 0, 1)
            ]
        answers.append({
            "labels": data.labels, "notes": data.notes, "passes": passes, "bad": data.bad_rows,
            **{split: rows["text"][:] for split, rows in data.splits().items()},
        })
    except DataError as error:
        answers.append({"error": str(error)})
print(json.dumps(answers))
"""
SUBSETS = """---
configs:
- config_name: easy
  data_files: train.csv
- config_name: hard
  data_files: train.csv
---
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    """What a process that can reach the Hub says of several names."""
    folder = tmp_path_factory.mktemp("hub")
    rows = [f"text {n},{n % 2}\n" for n in range(1500)]
    for name, files in {
        "plain": {"train.csv": rows[:40], "test.csv": rows[40:60]},
        "subsets": {"train.csv": rows[:40], "README.md": [SUBSETS]},
        "large": {"train.csv": [*rows, ",1\n"]},
        "gated": {"train.csv": rows[:40]},
    }.items():
        (folder / name).mkdir()
        for file, lines in files.items():
            header = ["text,label\n"] if file.endswith(".csv") else []
            (folder / name / file).write_text("".join([*header, *lines]))
    asked = [
        "someone/plain", "someone/subsets", "someone/subsets:hard", "someone/gated",
        "someone/none", "someone/large stream", "someone/large stream skip",
    ]  # fmt: skip
    with HubServer() as hub:
        for name in ("plain", "subsets", "large"):
            hub.add(f"datasets/someone/{name}", folder / name)
        hub.add("datasets/someone/gated", folder / "gated", GATED)
        environment = {
            **os.environ,
            **PATIENT,
            "HF_ENDPOINT": hub.url,
            "HF_HUB_OFFLINE": "0",
            "HF_HOME": str(folder / "home"),
            "TERMFORMER_CACHE_DIR": str(folder / "cache"),
        }
        done = subprocess.run(
            [sys.executable, "-c", LOAD, *asked],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=300,
        )
    yield dict(zip(asked, json.loads(done.stdout), strict=True))


def test_hub_data_is_fetched_with_its_splits(answers: dict[str, dict[str, Any]]) -> None:
    plain = answers["someone/plain"]
    assert plain["test"] == [f"text {n}" for n in range(40, 60)]
    assert sorted([*plain["train"], *plain["validation"]]) == sorted(f"text {n}" for n in range(40))


def test_of_several_subsets_one_is_to_be_named(answers: dict[str, dict[str, Any]]) -> None:
    assert answers["someone/subsets"]["error"] == (
        "someone/subsets comes in several (easy, hard): name one, as in someone/subsets:easy."
    )
    assert answers["someone/subsets:hard"]["labels"] == ["0", "1"]


def test_what_cannot_be_fetched_is_said_in_a_sentence(answers: dict[str, dict[str, Any]]) -> None:
    assert "is gated: ask for access" in answers["someone/gated"]["error"]
    assert "no data named 'someone/none'" in answers["someone/none"]["error"]


def test_streamed_rows_are_shuffled_and_never_those_of_validation(
    answers: dict[str, dict[str, Any]],
) -> None:
    streamed = answers["someone/large stream skip"]
    first, again, second = streamed["passes"]
    assert first == again != second
    assert sorted(first) == sorted(second) == sorted(f"text {n}" for n in range(1000, 1500))
    assert first != sorted(first)
    assert streamed["validation"] == [f"text {n}" for n in range(1000)]


def test_a_bad_row_ends_a_stream_unless_it_may_be_left_out(
    answers: dict[str, dict[str, Any]],
) -> None:
    assert "has no text in 'text'" in answers["someone/large stream"]["error"]
    assert answers["someone/large stream skip"]["bad"] == 1
