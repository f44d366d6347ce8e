"""Datasets by name: what is read is what was written, and bad rows are named."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from datasets import ClassLabel, Dataset, DatasetDict
from pyarrow import ipc

from core import paths
from core.data.sources import DataOptions, TrainingData, load_data
from core.datafiles.columns import ColumnChoice, Columns
from core.errors import DataError
from core.runs.config import REVIEWS

HOSTILE = [
    'He said "fine" and left',
    '"Quoted" at first',
    '"',
    "comma, semicolon; tab-less",
    "NA",
    "null",
    "[red]markup[/red] \x1b[31m and \x00",
    "naïve 日本語 🤗 \u202eright to left",
    "'single' ``ticks''",
    "line\u2028separator and \x0b \x0c \x85 too",
]


def _rows(count: int = 40) -> list[tuple[str, int]]:
    return [(f"{HOSTILE[n % len(HOSTILE)]} {n}", n % 2) for n in range(count)]


def _all(data: TrainingData) -> Counter[tuple[str, int]]:
    splits = [data.train, data.validation, *([data.test] if data.test else [])]
    return Counter(
        (text, label)
        for split in splits
        for text, label in zip(split["text"], split["label"], strict=True)
    )


def _csv(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *_rows()])


def _tsv(path: Path) -> None:
    lines = ["text\tlabel", *(f"{text}\t{label}" for text, label in _rows())]
    path.write_bytes("\n".join(lines).encode() + b"\n")


def _json_lines(path: Path) -> None:
    lines = [json.dumps({"text": text, "label": label}) for text, label in _rows()]
    path.write_text("\n".join(lines))


def _parquet(path: Path) -> None:
    texts, labels = zip(*_rows(), strict=True)
    Dataset.from_dict({"text": texts, "label": labels}).to_parquet(path)


@pytest.mark.parametrize(
    ("name", "write"),
    [("a.csv", _csv), ("a.tsv", _tsv), ("a.jsonl", _json_lines), ("a.parquet", _parquet)],
)
def test_every_format_gives_back_what_was_written(
    tmp_path: Path,
    name: str,
    write,
) -> None:
    write(tmp_path / name)
    data = load_data(str(tmp_path / name))
    assert _all(data) == Counter(_rows())
    assert data.labels == ["0", "1"]


def test_reviews_are_read_as_they_stand_in_their_files() -> None:
    data = load_data(REVIEWS)
    folder = Path(__import__("core.data").data.__file__).with_name("reviews")
    assert data.labels == ["NEGATIVE", "POSITIVE"]
    for split in ("train", "validation", "test"):
        lines = (folder / f"{split}.tsv").read_text(encoding="utf-8").split("\n")
        expected = [tuple(line.split("\t")) for line in lines if line]
        read = getattr(data, split)
        pairs = zip(read["label"], read["text"], strict=True)
        assert [(str(label), text) for label, text in pairs] == expected


def test_a_split_is_made_the_same_way_each_time_and_holds_every_label(tmp_path: Path) -> None:
    _csv(tmp_path / "a.csv")
    first, second = (load_data(str(tmp_path / "a.csv")) for _ in range(2))
    assert first.test is not None
    assert second.test is not None
    assert (len(first.train), len(first.validation), len(first.test)) == (32, 4, 4)
    for split in ("train", "validation", "test"):
        assert getattr(first, split)["text"] == getattr(second, split)["text"]
        assert set(getattr(first, split)["label"]) == {0, 1}
    assert not set(first.train["text"]) & set(first.test["text"])


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "".join(f"old {n},{n % 2}\n" for n in range(20)))
    load_data(str(path))
    path.write_text("text,label\n" + "".join(f"new and longer {n},{n % 2}\n" for n in range(20)))
    assert all(text.startswith("new") for text in load_data(str(path)).train["text"])


def test_a_folder_with_splits(tmp_path: Path) -> None:
    _csv(tmp_path / "train.csv")
    _json_lines(tmp_path / "dev.jsonl")
    (tmp_path / "README.md").touch()
    data = load_data(str(tmp_path))
    assert (len(data.train), len(data.validation), data.test) == (40, 40, None)


def test_label_names_of_a_hugging_face_parquet_file(tmp_path: Path) -> None:
    dataset = Dataset.from_dict({"text": [f"text {n}" for n in range(40)], "label": [0, 1] * 20})
    dataset = dataset.cast_column("label", ClassLabel(names=["neg", "pos"]))
    dataset.to_parquet(tmp_path / "a.parquet")
    assert load_data(str(tmp_path / "a.parquet")).labels == ["neg", "pos"]


def test_sentence_pairs(tmp_path: Path) -> None:
    rows = [f"premise {n},hypothesis {n},{('no', 'yes')[n % 2]}\n" for n in range(40)]
    (tmp_path / "a.csv").write_text("premise,hypothesis,label\n" + "".join(rows))
    data = load_data(str(tmp_path / "a.csv"))
    assert data.labels == ["no", "yes"]
    example = data.train[0]
    assert example["text"].replace("premise", "hypothesis") == example["text_pair"]


def test_a_tsv_without_a_header(tmp_path: Path) -> None:
    rows = [f"{('bad', 'good')[n % 2]}\ta film, number {n}\n" for n in range(40)]
    (tmp_path / "a.tsv").write_text("".join(rows))
    data = load_data(str(tmp_path / "a.tsv"))
    assert data.labels == ["bad", "good"]
    assert sum(_all(data).values()) == 40


def test_bad_rows_are_named_with_their_lines_and_counted(tmp_path: Path) -> None:
    good = [f"fine {n},{n % 2}".encode() for n in range(10)]
    bad = [b"no label,", b",1", b"one cell", b"\xff\xfe,1", b'"two\nlines",', b"again,", b",0"]
    path = tmp_path / "a.csv"
    path.write_bytes(b"\n".join([b"text,label", *good, *bad, *good]))
    with pytest.raises(DataError) as caught:
        load_data(str(path))
    message = str(caught.value)
    assert message.startswith("a.csv has 7 rows")
    assert "line 12 has no label in 'label'" in message
    assert "line 13 has no text in 'text'" in message
    assert "line 14 has 1 cell where 2 are expected" in message
    assert "line 15 is not UTF-8" in message
    assert "line 16 has no label" in message
    assert "line 18" not in message
    assert "; and 2 more. " in message
    assert "--skip-bad-rows" in message
    # Where none is good, leaving bad ones out is no way.
    path.write_text("text,label\n,1\n,0\n")
    with pytest.raises(DataError, match="That is every row") as caught:
        load_data(str(path))
    assert "--skip-bad-rows" not in str(caught.value)


def test_bad_rows_are_left_out_on_request_and_named_all_the_same(tmp_path: Path) -> None:
    good = [f"fine {n},{n % 2}".encode() for n in range(20)]
    bad = [b"no label,", b"\xff\xfe,1", b" ,1"]
    path = tmp_path / "a.csv"
    path.write_bytes(b"\n".join([b"text,label", *good[:10], *bad, *good[10:]]))
    data = load_data(str(path), DataOptions(skip_bad_rows=True))
    assert sum(map(len, data.splits().values())) == 20
    assert data.bad_rows == 3
    assert [(row.where, row.line) for row in data.first_bad_rows] == [
        ("a.csv", line) for line in (12, 13, 14)
    ]


def test_rows_of_which_none_is_good_are_refused_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\n,1\n,0\n")
    with pytest.raises(DataError, match="2 rows that cannot"):
        load_data(str(tmp_path / "a.csv"), DataOptions(skip_bad_rows=True))


def test_values_of_the_wrong_type_are_said_to_be_so(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"t {n}", "label": n % 2}) for n in range(20)]
    lines[2:2] = ['{"text": ["a"], "label": 1}', '{"text": "a", "label": [1]}']
    lines[4:4] = ['{"text": "half \\ud83d", "label": 1}', '{"text": "a"}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    with pytest.raises(DataError) as caught:
        load_data(str(tmp_path / "a.jsonl"))
    assert "line 3 has a list instead of text in 'text'" in str(caught.value)
    assert "line 4 has a list instead of a label in 'label'" in str(caught.value)
    assert "line 5 " in str(caught.value)
    assert "line 6 has no label in 'label'" in str(caught.value)


def test_columns_and_label_names_are_the_users_to_choose(tmp_path: Path) -> None:
    rows = [f"title {n},a text of its own {n},{n % 2},{n % 3}\n" for n in range(60)]
    (tmp_path / "a.csv").write_text("title,text,label,stars\n" + "".join(rows))
    options = DataOptions(ColumnChoice("title", "stars"), ("low", "middle", "high"))
    data = load_data(str(tmp_path / "a.csv"), options)
    assert data.labels == ["low", "middle", "high"]
    assert data.columns == Columns("title", "stars")
    assert all(text.startswith("title") for text in data.train["text"])
    with pytest.raises(DataError, match="3 names were given for 2 labels"):
        load_data(str(tmp_path / "a.csv"), DataOptions(label_names=("a", "b", "c")))


def test_a_json_file_may_be_one_array(tmp_path: Path) -> None:
    rows = [{"text": text, "label": label} for text, label in _rows()]
    (tmp_path / "a.json").write_text(json.dumps(rows, indent=1))
    assert _all(load_data(str(tmp_path / "a.json"))) == Counter(_rows())


@pytest.mark.parametrize("splits", [[""], ["train", "test"]])
def test_a_folder_of_texts_for_each_label(tmp_path: Path, splits: list[str]) -> None:
    for split in splits:
        for label in ("neg", "pos"):
            folder = tmp_path / split / label
            folder.mkdir(parents=True)
            for n in range(20):
                (folder / f"{n}.txt").write_text(f"{split} {label}\nnumber {n}")
    data = load_data(str(tmp_path))
    assert data.labels == ["neg", "pos"]
    assert sum(_all(data).values()) == 40 * len(splits)
    assert all(text.split()[-3] == data.labels[label] for text, label in _all(data))
    if splits == ["train", "test"]:
        assert data.test is not None
        assert all(text.startswith("test") for text in data.test["text"])
    (tmp_path / splits[0] / "pos" / "7.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"1 row .*/pos/7.txt is not UTF-8"):
        load_data(str(tmp_path))


def _named(texts: str, count: int = 40) -> Dataset:
    """Labels whose names are not in the order of the alphabet."""
    ids = [n % 3 for n in range(count)]
    dataset = Dataset.from_dict({"text": [f"{texts} {n}" for n in range(count)], "label": ids})
    return dataset.cast_column("label", ClassLabel(names=["World", "Sports", "Business"]))


def test_datasets_own_files_and_folders(tmp_path: Path) -> None:
    DatasetDict({"train": _named("a"), "test": _named("b")}).save_to_disk(tmp_path / "saved")
    (arrow,) = (tmp_path / "saved" / "train").glob("*.arrow")
    shards = tmp_path / "shards"
    shards.mkdir()
    _named("a", 20).to_parquet(shards / "train-00000-of-00002.parquet")
    _named("b", 20).to_parquet(shards / "train-00001-of-00002.parquet")
    for name, rows in ((tmp_path / "saved", 80), (arrow, 40), (shards, 40)):
        data = load_data(str(name))
        assert data.labels == ["World", "Sports", "Business"], name
        assert sum(_all(data).values()) == rows, name
        assert {(int(text.split()[1]) % 20) for text, _ in _all(data)} == set(range(20)), name


def test_arrow_files_of_both_kinds(tmp_path: Path) -> None:
    table = pa.table({"text": [text for text, _ in _rows()], "label": [n for _, n in _rows()]})
    for name, writer in (("stream.arrow", ipc.new_stream), ("file.arrow", ipc.new_file)):
        with pa.OSFile(str(tmp_path / name), "wb") as sink, writer(sink, table.schema) as target:
            target.write_table(table)
        assert _all(load_data(str(tmp_path / name))) == Counter(_rows())
    (tmp_path / "none.arrow").write_bytes(b"no")
    with pytest.raises(DataError, match="as Arrow"):
        load_data(str(tmp_path / "none.arrow"))


def test_a_test_split_without_labels_is_left_out_and_said_to_be(tmp_path: Path) -> None:
    _csv(tmp_path / "train.csv")
    (tmp_path / "test.csv").write_text("text,label\nfine,\nodd,\n")
    data = load_data(str(tmp_path))
    assert "test.csv has no labels and is left out." in data.notes
    assert data.test is not None
    assert sum(_all(data).values()) == 40


def test_what_is_cached_is_memory_mapped_and_read_once(tmp_path: Path) -> None:
    _csv(tmp_path / "a.csv")
    files = [{file["filename"] for file in load_data(str(tmp_path / "a.csv")).train.cache_files}]
    files += [{file["filename"] for file in load_data(str(tmp_path / "a.csv")).train.cache_files}]
    assert files[0] == files[1]
    assert all(Path(file).is_relative_to(paths.cache_dir()) for file in files[0])


def test_a_label_that_training_never_saw_is_a_bad_row(tmp_path: Path) -> None:
    _csv(tmp_path / "train.csv")
    (tmp_path / "test.csv").write_text("text,label\nfine,1\nodd,7\n")
    with pytest.raises(DataError, match=r"test.csv.*line 3 has the label '7'"):
        load_data(str(tmp_path))


def test_json_lines_that_are_none(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"t {n}", "label": n % 2}) for n in range(9)]
    lines[4:4] = ["{", "[1]", '{"text": 5, "label": 1}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    with pytest.raises(
        DataError, match=r"line 5 is not a JSON.*line 6 is not.*line 7 has a number"
    ):
        load_data(str(tmp_path / "a.jsonl"))
