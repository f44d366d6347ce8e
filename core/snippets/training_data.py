"""Where a run's rows come from, in Python: `load_dataset`, and three columns of the same names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.runs.config import REVIEWS, RunConfig
from core.runs.events import DataReported
from core.text.code import literal
from core.typed_paths import exists, typed_path

_KINDS = {".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "json", ".parquet": "parquet"}
_SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev", "eval"),
    "test": ("test", "testing"),
}
_UNNAMED = re.compile(r"column [1-9]\d*")


@dataclass(frozen=True, slots=True)
class DataSource:
    """What `load_dataset` is told, and the columns' names in the data.

    `names` are those of all columns, where the file has none. `held_out` says which splits were
    made of training rows.
    """

    path: str
    files: dict[str, str] = field(default_factory=dict)
    names: Sequence[str] = ()
    tabs: bool = False
    subset: str = ""
    text_column: str = "text"
    label_column: str = "label"
    pair_column: str | None = None
    held_out: Sequence[str] = ()


def source_of(config: RunConfig, data: DataReported, notes: Sequence[str]) -> DataSource | None:
    """Where the rows of a run come from; None where `load_dataset` alone cannot read them.

    `notes` are those of its `run_started`, which say what was held out.
    """
    if config.stream or data.bad_rows:
        return None
    columns = (data.text_column, data.label_column, data.pair_column)
    held_out = tuple(
        split
        for split, words in (("validation", "held out for validation"), ("test", "for the test"))
        if any("held out" in note and words in note for note in notes)
    )
    if config.data == REVIEWS:
        folder = Path(__file__).parents[1] / "data" / "reviews"
        files = {split.split: str(folder / f"{split.split}.tsv") for split in data.splits}
        embedded = ("column 1", "column 2")
        return DataSource("csv", files, embedded, True, "", *columns)
    path = typed_path(config.data)
    if not exists(path):
        name, _, subset = config.data.partition(":")
        return DataSource(name, {}, (), False, subset, *columns, held_out)
    files = _files(path)
    kinds = {_KINDS.get(Path(file).suffix.lower(), "") for file in files.values()}
    if "train" not in files or len(kinds) != 1 or "" in kinds:
        return None
    tabs = files["train"].lower().endswith(".tsv")
    names: tuple[str, ...] = ()
    if _UNNAMED.fullmatch(data.text_column) and kinds == {"csv"}:
        width = _width(Path(files["train"]), "\t" if tabs else ",")
        names = tuple(f"column {number}" for number in range(1, width + 1))
    return DataSource(kinds.pop(), files, names, tabs, "", *columns, held_out)


def _files(path: Path) -> dict[str, str]:
    """The file of each split; those of several parts are left out."""
    if path.is_file():
        return {"train": str(path.absolute())}
    found: dict[str, str] = {}
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in _KINDS)
    for split, known in _SPLITS.items():
        named = [file for file in files if file.stem.lower() in known]
        if len(named) == 1:
            found[split] = str(named[0].absolute())
    return found or ({"train": str(files[0].absolute())} if len(files) == 1 else {})


def _width(file: Path, separator: str) -> int:
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            return opened.readline(1 << 16).rstrip("\r\n").count(separator) + 1
    except OSError:
        return 1


def data_lines(source: DataSource, labels: Sequence[str]) -> list[str]:
    """Code that makes `raw_datasets`, with `text` and `label`, and `labels` and `label2id`."""
    written = _load(source)
    renamed = {source.text_column: "text", source.label_column: "label"}
    if source.pair_column:
        renamed[source.pair_column] = "text_pair"
    for name, ours in renamed.items():
        if name != ours:
            written.append(
                f"raw_datasets = raw_datasets.rename_column({literal(name)}, {literal(ours)})"
            )
    listed = ", ".join(map(literal, labels))
    written += [
        f"labels = [{listed}]",
        "# What stands in the data for each of them, in the order of their ids.",
        'values = sorted(raw_datasets["train"].unique("label"))',
        "label2id = {value: number for number, value in enumerate(values)}",
    ]
    if source.held_out:
        written += ["", *_hold_out(source.held_out)]
    return written


def _load(source: DataSource) -> list[str]:
    arguments = [literal(source.path)]
    arguments += [literal(source.subset)] if source.subset else []
    if not source.files:
        return [f"raw_datasets = load_dataset({', '.join(arguments)})"]
    files = [f"        {literal(split)}: {literal(file)}," for split, file in source.files.items()]
    options = []
    if source.path == "csv":
        options = ["    keep_default_na=False,"]
    if source.tabs:
        # Quotation marks have no meaning in a TSV.
        options += ['    sep="\\t",', "    quoting=3,"]
    if source.names:
        options.append(f"    column_names={list(source.names)!r},")
    return [
        "raw_datasets = load_dataset(",
        f"    {arguments[0]},",
        "    data_files={",
        *files,
        "    },",
        *options,
        ")",
    ]


def _hold_out(splits: Sequence[str]) -> list[str]:
    """The same rows of each label that the run held out."""
    return [
        "# A tenth of each label's rows for each split that is missing, the same ones each time.",
        "import random",
        "",
        "chance, rows = random.Random(0), {}",
        'for row, label in enumerate(raw_datasets["train"]["label"]):',
        "    rows.setdefault(label2id[label], []).append(row)",
        f"made = {{name: [] for name in {list(splits)!r}}}",
        "kept = []",
        "for label in sorted(rows):",
        "    chance.shuffle(rows[label])",
        "    count = len(rows[label])",
        "    size = max(1, round(count * 0.1)) if count > len(made) else 0",
        "    for number, name in enumerate(made):",
        "        made[name] += rows[label][number * size : (number + 1) * size]",
        "    kept += rows[label][len(made) * size :]",
        'everything = raw_datasets["train"]',
        'raw_datasets["train"] = everything.select(sorted(kept))',
        "for name, held_out in made.items():",
        "    raw_datasets[name] = everything.select(sorted(held_out))",
    ]
