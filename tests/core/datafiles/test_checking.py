"""What a run's data must be before the run is made; the worker's own words, at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.data.sources import DataOptions, load_data
from core.datafiles.checking import check_data
from core.errors import DataError
from core.runs.config import RunConfig


def _config(data: Path | str, **values: Any) -> RunConfig:
    return RunConfig(name="", model="x", data=str(data), **values)


def _rows(path: Path) -> None:
    rows = [{"text": f"text {n}", "label": n % 2} for n in range(40)]
    match path.suffix:
        case ".jsonl":
            path.write_text("\n".join(map(json.dumps, rows)))
        case ".json":
            path.write_text(json.dumps(rows, indent=1))
        case suffix:
            mark = "," if suffix == ".csv" else "\t"
            lines = [f"{row['text']}{mark}{row['label']}" for row in rows]
            path.write_text("\n".join([f"text{mark}label", *lines]))


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl"])
def test_columns_of_text_files_are_looked_at(tmp_path: Path, name: str) -> None:
    _rows(tmp_path / name)
    check_data(_config(tmp_path / name, text_column="text"))
    for column in ("text_column", "label_column", "pair_column"):
        with pytest.raises(DataError, match=f"{name} has no column 'x'; it has 'text', 'label'"):
            check_data(_config(tmp_path / name, **{column: "x"}))


def test_a_folder_of_texts_has_two_columns(tmp_path: Path) -> None:
    for label in ("neg", "pos"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.txt").write_text("a text")
    check_data(_config(tmp_path))
    with pytest.raises(DataError, match="has no column 'stars'"):
        check_data(_config(tmp_path, label_column="stars"))


def test_a_split_in_parts_is_looked_at_through_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "train-0-of-2.jsonl").write_text('{"body": "one"}\n')
    (tmp_path / "train-1-of-2.jsonl").write_text('{"body": "two", "stars": 1}\n')
    check_data(_config(tmp_path, label_column="stars"))


def test_labels_are_looked_at_where_all_rows_are_seen(tmp_path: Path) -> None:
    data = tmp_path / "a.csv"
    _rows(data)
    check_data(_config(data, label_names=["bad", "good"]))
    with pytest.raises(DataError, match=r"3 names were given for 2 labels \(0, 1\)"):
        check_data(_config(data, label_names=["a", "b", "c"]))
    data.write_text("text,label\n" + "fine,1\n" * 1000)
    with pytest.raises(DataError, match="has one label only"):
        check_data(_config(data))
    data.write_text("text,label\n" + "fine,1\n" * 1001)
    check_data(_config(data, label_names=["a", "b", "c"]))


def test_bad_rows_are_the_workers_to_name(tmp_path: Path) -> None:
    data = tmp_path / "a.csv"
    data.write_text("text,label\nfine,1\n,0\n")
    check_data(_config(data))
    with pytest.raises(DataError, match="has one label only"):
        check_data(_config(data, skip_bad_rows=True))
    data.write_text("text,label\n,1\n,0\n")
    check_data(_config(data, skip_bad_rows=True))


@pytest.mark.parametrize("name", ["reviews", "imdb", "owner/name", "owner/name.csv", "a:subset"])
def test_what_may_be_on_the_hub_is_the_workers_to_judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    check_data(_config(name))


@pytest.mark.parametrize("name", ["a.json", "a.parquet"])
def test_what_takes_long_to_read_is_the_workers_to_judge(tmp_path: Path, name: str) -> None:
    _rows(tmp_path / name)
    check_data(_config(tmp_path / name, text_column="x"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("/nowhere/a.csv", "no such file or folder"),
        ("./nowhere", "no such file or folder"),
        ("~nobody-at-all/x", "no such file or folder"),
        ("nowhere.csv", "no such file"),
        ("here/nowhere.jsonl", "no such file"),
        ("a/b/c", "give 'reviews', a file"),
        ("a\x00b", "null byte"),
        ("here", "holds no data to train on"),
        ("notes.docx", "use .csv"),
        ("empty.csv", "holds no rows"),
        ("header.csv", "holds no rows"),
        ("folder/test.csv", "no such file"),
        ("tests", "no data for training"),
    ],
)
def test_what_is_refused_is_refused_in_the_workers_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("here", "folder", "tests"):
        (tmp_path / folder).mkdir()
    (tmp_path / "notes.docx").write_text("text")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "header.csv").write_text("text,label\n")
    _rows(tmp_path / "tests" / "test.csv")
    with pytest.raises(DataError, match=said) as early:
        check_data(_config(name))
    with pytest.raises(DataError) as late:
        load_data(name, DataOptions())
    assert str(early.value) == str(late.value)


def test_what_cannot_be_opened_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'xxx.*File name too long"):
        check_data(_config("x" * 300))
    (tmp_path / "a.csv").symlink_to(tmp_path / "a.csv")
    with pytest.raises(DataError, match=r"a\.csv"):
        check_data(_config(tmp_path / "a.csv"))


def test_what_is_not_on_the_hub_is_not_streamed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="so it cannot be streamed"):
        check_data(_config(tmp_path, stream=True, max_steps=2))
    check_data(_config("owner/name", stream=True, max_steps=2))
