"""Token ids, made once; a report that is true; batches of a stream."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoTokenizer

from core import paths
from core.data.pipeline import batch_data
from core.data.report import report_notes
from core.data.sources import DataOptions, load_data
from core.data.streaming import StreamedData
from core.data.tokenizing import tokenize
from core.runs.config import RunConfig
from core.runs.events import Duplicates

CONFIG = RunConfig(name="", model="tiny", data="given", batch_size=4, seed=3)


@pytest.fixture(scope="module")
def tokenizer(tiny_classifier: Path) -> Any:
    return AutoTokenizer.from_pretrained(tiny_classifier)


def _write(path: Path, texts: list[str]) -> None:
    lines = [f"{('bad', 'good')[n % 2]}\t{text}" for n, text in enumerate(texts)]
    path.write_text("\n".join(["label\ttext", *lines]) + "\n")


def test_texts_are_cut_but_their_true_length_is_known(tmp_path: Path, tokenizer: Any) -> None:
    texts = ["word " * n + f"number {n}" for n in range(20)]
    _write(tmp_path / "a.tsv", texts)
    data = load_data(str(tmp_path / "a.tsv"))
    split = tokenize(data.train, tokenizer, 12)
    for row, text in enumerate(data.train["text"]):
        whole = tokenizer(text)["input_ids"]
        assert split.lengths[row] == len(whole)
        cut = tokenizer(text, truncation=True, max_length=12)["input_ids"]
        assert split.dataset[row]["input_ids"] == cut
    assert set(split.dataset.column_names) == {"labels", *tokenizer.model_input_names}


def test_many_processes_give_what_one_gives(tmp_path: Path, tokenizer: Any) -> None:
    _write(tmp_path / "a.tsv", [f"a text, number {n}" for n in range(60)])
    train = load_data(str(tmp_path / "a.tsv")).train
    environment = os.environ
    several = tokenize(train, tokenizer, 16, num_proc=2)
    assert os.environ is environment
    for file in paths.cache_dir().rglob("tokens/*.arrow"):
        file.unlink()
    one = tokenize(train, tokenizer, 16)
    assert one.dataset[:] == several.dataset[:]
    assert np.array_equal(one.lengths, several.lengths)
    assert np.array_equal(one.digests, several.digests)


def test_what_was_tokenized_is_taken_from_the_cache(tmp_path: Path, tiny_classifier: Path) -> None:
    # One that has not been used yet: it remembers how it cut last.
    tokenizer = AutoTokenizer.from_pretrained(tiny_classifier)
    _write(tmp_path / "a.tsv", [f"a text, number {n}" for n in range(20)])
    train = load_data(str(tmp_path / "a.tsv")).train
    (file,) = {one["filename"] for one in tokenize(train, tokenizer, 16).dataset.cache_files}
    assert Path(file).is_relative_to(paths.cache_dir())
    written = Path(file).stat().st_mtime_ns
    again = tokenize(load_data(str(tmp_path / "a.tsv")).train, tokenizer, 16)
    assert {one["filename"] for one in again.dataset.cache_files} == {file}
    assert Path(file).stat().st_mtime_ns == written
    other = tokenize(train, tokenizer, 8).dataset.cache_files
    assert {one["filename"] for one in other} != {file}


def test_the_report_says_what_is_in_the_data(tmp_path: Path, tokenizer: Any) -> None:
    _write(tmp_path / "train.tsv", [*("hi " * n for n in range(1, 20)), "hi", " "])
    _write(tmp_path / "validation.tsv", ["new", "hi", "hi hi", "new too"])
    _write(tmp_path / "test.tsv", ["newer", "new"])
    data = load_data(str(tmp_path), DataOptions(skip_bad_rows=True))
    _, report = batch_data(data, CONFIG, tokenizer, 10)
    train, validation, test = report.splits
    assert [split.split for split in report.splits] == ["train", "validation", "test"]
    assert (train.rows, train.label_rows) == (20, [10, 10])
    assert (validation.rows, test.rows) == (4, 2)
    # Two special tokens around 1, 1, 2, …, 19 words.
    assert (train.shortest, train.median, train.percentile_95, train.longest) == (3, 11, 20, 21)
    assert train.truncated == 11
    assert (report.bad_rows, report.first_bad_rows[0].place) == (1, "line 22 of train.tsv")
    assert report.duplicates == [
        Duplicates(split="validation", other="train", rows=1),
        Duplicates(split="test", other="validation", rows=1),
    ]
    notes = " ".join(report_notes(report))
    assert "Text from 'text', labels from 'label'." in notes
    assert "train split that are longer than 10 tokens and were cut: 11 of 20." in notes
    assert "Rows of the test split that stand in the validation split too: 1." in notes
    assert "1; the first is line 22 of train.tsv, which has no text in 'text'." in notes


def test_pairs_are_the_same_only_where_both_sentences_are(tmp_path: Path, tokenizer: Any) -> None:
    for split, shift in (("train", 0), ("validation", 1)):
        rows = [f"premise {n},hypothesis {n + shift * (n % 2)},{n % 2}\n" for n in range(20)]
        (tmp_path / f"{split}.csv").write_text("premise,hypothesis,label\n" + "".join(rows))
    _, report = batch_data(load_data(str(tmp_path)), CONFIG, tokenizer, 16)
    assert report.duplicates == [Duplicates(split="validation", other="train", rows=10)]
    assert report.pair_column == "hypothesis"


@pytest.fixture
def streamed(tmp_path: Path, tokenizer: Any) -> StreamedData:
    """Eleven rows a pass, in another order each time."""
    _write(tmp_path / "a.tsv", [f"sample {n}" for n in range(20)])
    data = load_data(str(tmp_path / "a.tsv"))

    class Stream:
        bad_rows = 3

        def examples(self, seed: int, passed: int) -> Iterator[dict[str, Any]]:
            for n in range(11):
                yield {"text": f"row {(n * (passed + 1)) % 11} of {seed}", "label": n % 2}

    data = dataclasses.replace(data, stream=Stream())
    config = RunConfig(
        name="", model="tiny", batch_size=2, gradient_accumulation_steps=2, max_steps=9, seed=5
    )
    batched, _ = batch_data(data, config, tokenizer, 16)
    assert isinstance(batched, StreamedData)
    return batched


def _texts(streamed: StreamedData, steps: int, **position: int) -> list[list[str]]:
    found = streamed.training(0, **position)
    decode = streamed.collator.tokenizer.decode
    return [
        [
            decode(ids, skip_special_tokens=True)
            for batch in next(found)
            for ids in batch.inputs["input_ids"]
        ]
        for _ in range(steps)
    ]


def test_a_stream_that_ends_begins_anew_in_another_order(streamed: StreamedData) -> None:
    texts = [text for step in _texts(streamed, 6) for text in step]
    assert texts[:11] == [f"row {n} of 5" for n in range(11)]
    assert texts[11:22] == [f"row {2 * n % 11} of 5" for n in range(11)]
    assert streamed.steps_per_epoch == 9


def test_a_stream_is_gone_on_with_where_it_was_left(streamed: StreamedData) -> None:
    assert _texts(streamed, 2, start=4) == _texts(streamed, 6)[4:]
    rows = [row for step in list(zip(range(2), streamed.training(0, 4), strict=False)) for batch in
            step[1] for row in batch.rows]  # fmt: skip
    assert rows == list(range(16, 24))


def test_processes_share_a_streams_batches(streamed: StreamedData) -> None:
    alone = _texts(streamed, 3)
    shared = [_texts(streamed, 3, rank=rank, world_size=2) for rank in range(2)]
    for step in range(3):
        assert sorted(shared[0][step] + shared[1][step]) == sorted(alone[step])


def test_what_was_read_of_a_stream_is_counted(streamed: StreamedData) -> None:
    _texts(streamed, 2)
    _texts(streamed, 4)
    read = streamed.read_so_far(4)
    assert (read.global_step, read.rows, read.label_rows, read.bad_rows) == (4, 16, [9, 7], 3)
