"""Data that cannot be trained on is refused in a sentence that says why, and where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from datasets import Dataset

from core.data.sources import DataOptions, load_data
from core.errors import DataError


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.csv", None, "no data named"),
        ("empty.csv", "", "no rows"),
        ("only-header.csv", "text,label\n", "labels|no rows"),
        ("notes.docx", "text", "use .csv"),
        ("one.csv", "text,label\n" + "fine,1\n" * 20, "one label only"),
        ("few.csv", "text,label\nfine,1\ndull,0\n", "too few rows"),
        ("broken.parquet", "PAR1 no", "as Parquet"),
    ],
)
def test_what_cannot_be_trained_on_is_said_in_a_sentence(
    tmp_path: Path, name: str, content: str | None, said: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=said):
        load_data(str(path))


def test_a_folder_without_training_data(tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("text,label\nfine,1\n")
    said = r"no data for training: .* must be named train, such as train.csv. It has test.csv\."
    with pytest.raises(DataError, match=said):
        load_data(str(tmp_path))


def test_a_folder_of_texts_without_training_data(tmp_path: Path) -> None:
    (tmp_path / "test" / "pos").mkdir(parents=True)
    (tmp_path / "test" / "pos" / "1.txt").write_text("fine")
    with pytest.raises(DataError, match="holds no data to train on: neither files"):
        load_data(str(tmp_path))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.json"])
def test_utf_16_is_called_by_its_name(tmp_path: Path, name: str, encoding: str) -> None:
    rows = [json.dumps({"text": f"t {n}", "label": n % 2}) for n in range(20)]
    if name == "a.csv":
        rows = ["text,label", *(f"t {n},{n % 2}" for n in range(20))]
    (tmp_path / name).write_text("\n".join(rows), encoding=encoding)
    with pytest.raises(DataError, match=r"looks like UTF-16.*: iconv -f UTF-16 -t UTF-8 "):
        load_data(str(tmp_path / name), DataOptions(skip_bad_rows=True))


def test_rows_that_each_have_a_label_of_their_own_are_said_to(tmp_path: Path) -> None:
    rows = [f"t {n},{n / 7}\n" for n in range(60)]
    (tmp_path / "a.csv").write_text("text,label\n" + "".join(rows))
    with pytest.raises(DataError, match=r"each label .*: 60 rows with 60 different labels. Add"):
        load_data(str(tmp_path / "a.csv"))


def test_rows_of_files_without_lines_are_called_rows(tmp_path: Path) -> None:
    texts = [f"text {n}" if n != 5 else None for n in range(40)]
    Dataset.from_dict({"text": texts, "label": [0, 1] * 20}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match=": row 6 has no text"):
        load_data(str(tmp_path / "a.parquet"))
    array = [{"text": text, "label": n % 2} for n, text in enumerate(texts)]
    (tmp_path / "a.json").write_text(json.dumps(array, indent=1))
    with pytest.raises(DataError, match=": row 6 has no text"):
        load_data(str(tmp_path / "a.json"))


def test_a_bad_row_of_a_split_in_parts_is_named_with_its_part(tmp_path: Path) -> None:
    for part in (1, 2):
        rows = "".join(f"text {n},{n % 2}\n" for n in range(20))
        (tmp_path / f"train-{part}-of-2.csv").write_text("text,label\n" + rows)
    with (tmp_path / "train-2-of-2.csv").open("a") as file:
        file.write(",1\n")
    with pytest.raises(DataError, match=r"line 22 of train-2-of-2.csv has no text"):
        load_data(str(tmp_path))
