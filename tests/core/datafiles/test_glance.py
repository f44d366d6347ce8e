"""What is told of a run's data before the run is made is what its worker finds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.data.sources import DataOptions, load_data
from core.datafiles import glance as counting
from core.datafiles.checking import check_data
from core.datafiles.glance import glance
from core.errors import DataError
from core.runs.config import RunConfig


def _config(data: Path | str, **values: Any) -> RunConfig:
    return RunConfig(name="", model="x", data=str(data), **values)


def _write(path: Path, rows: int = 43) -> None:
    lines = [f"{('bad', 'good', 'so-so')[n % 3]},film {n},it" for n in range(rows)]
    path.write_text("\n".join(["label,premise,hypothesis", *lines]) + "\n")


@pytest.mark.parametrize("others", [(), ("test",), ("validation",), ("validation", "test")])
def test_the_rows_are_those_that_the_worker_trains_on(
    tmp_path: Path, others: tuple[str, ...]
) -> None:
    for split in ("train", *others):
        _write(tmp_path / f"{split}.csv")
    seen, data = glance(_config(tmp_path)), load_data(str(tmp_path))
    assert seen is not None
    assert seen.train_rows == len(data.train)
    assert seen.labels == data.labels
    assert (seen.text, seen.text_pair, seen.label) == ("premise", "hypothesis", "label")


def test_bad_rows_are_not_counted(tmp_path: Path) -> None:
    lines = [{"text": f"film {n}", "label": n % 2} for n in range(40)]
    rows = [*map(json.dumps, lines), '{"text": 1}', "no JSON"]
    (tmp_path / "a.jsonl").write_text("\n".join(rows))
    data = load_data(str(tmp_path / "a.jsonl"), DataOptions(skip_bad_rows=True))
    seen = glance(_config(tmp_path / "a.jsonl", skip_bad_rows=True))
    assert seen is not None
    assert seen.train_rows == len(data.train)


def test_what_takes_long_or_cannot_be_read_is_the_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    for name in ("reviews", "owner/name", str(tmp_path / "no.csv"), "a\0b"):
        assert glance(_config(name)) is None
    _write(path)
    assert glance(_config(path, label_names=["one"])) is None
    assert glance(_config(path)) is not None
    monkeypatch.setattr(counting, "LARGEST", 100)
    assert glance(_config(path)) is None


def test_a_number_on_a_scale_is_no_label_and_no_run_is_made_for_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["text,score", *(f"film {n},{n / 100}" for n in range(60))]))
    with pytest.raises(DataError, match="too few rows of each label") as told:
        check_data(_config(path))
    with pytest.raises(DataError) as worker:
        load_data(str(path))
    assert str(told.value) == str(worker.value)
    assert glance(_config(path)) is None
