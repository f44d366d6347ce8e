"""Rows held out for validation and test, the same ones each time."""

from __future__ import annotations

import random
from collections.abc import Sequence

from datasets import Dataset
from datasets.fingerprint import Hasher

from core.errors import DataError

_HELD_OUT = 0.1


def with_splits(loaded: dict[str, Dataset]) -> tuple[dict[str, Dataset], list[str]]:
    """`train`, `validation` and perhaps `test`, with notes on what was held out.

    Where there is no validation split, a tenth of each label's training rows becomes one; another
    tenth becomes the test where there is none either. Never depends on a run's seed. Raises
    `DataError` where there are too few rows.
    """
    if "validation" in loaded:
        return loaded, []
    train = loaded["train"]
    missing = [split for split in ("validation", "test") if split not in loaded]
    labels = train.with_format("numpy")["label"][:].tolist()
    kept, *held_out = _split_rows(labels, len(missing))
    if not all(held_out):
        raise DataError(
            "There are too few rows of each label to hold some out for validation: "
            f"{_counted(len(train), 'row')} with {_counted(len(set(labels)), 'different label')}. "
            "Add rows, name another column for the labels, or give a validation file."
        )
    made = {split: _part(train, rows, split) for split, rows in zip(missing, held_out, strict=True)}
    purposes = {"validation": "for validation", "test": "for the test"}
    notes = [f"{len(rows):,} rows were held out {purposes[name]}." for name, rows in made.items()]
    return {**loaded, "train": _part(train, kept, f"without {missing}"), **made}, notes


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'s' if count != 1 else ''}"


def _part(dataset: Dataset, rows: Sequence[int], what: str) -> Dataset:
    # datasets would find a fingerprint by pickling every row's number.
    fingerprint = Hasher.hash([dataset._fingerprint, what, _HELD_OUT])
    return dataset.select(rows, new_fingerprint=fingerprint)


def _split_rows(labels: Sequence[int], parts: int) -> tuple[list[int], ...]:
    """Row numbers to train on, then `parts` lists held out: a tenth each of every label."""
    chance = random.Random(0)
    rows: dict[int, list[int]] = {}
    for row, label in enumerate(labels):
        rows.setdefault(label, []).append(row)
    held_out: list[list[int]] = [[] for _ in range(parts)]
    kept: list[int] = []
    for label in sorted(rows):
        of_label = rows[label]
        chance.shuffle(of_label)
        size = max(1, round(len(of_label) * _HELD_OUT)) if len(of_label) > parts else 0
        for number in range(parts):
            held_out[number] += of_label[number * size : (number + 1) * size]
        kept += of_label[parts * size :]
    return tuple(sorted(part) for part in (kept, *held_out))
