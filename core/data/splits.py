"""Rows held out for validation and test, the same ones each time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from datasets import Dataset
from datasets.fingerprint import Hasher

from core.datafiles.held_out import SHARE, check_held_out, held_out_rows, missing_splits


def with_splits(loaded: dict[str, Dataset]) -> tuple[dict[str, Dataset], list[str]]:
    """`train`, `validation` and perhaps `test`, with notes on what was held out.

    Where there is no validation split, a tenth of each label's training rows becomes one; another
    tenth becomes the test where there is none either. Never depends on a run's seed. Raises
    `DataError` where there are too few rows.
    """
    if not (missing := missing_splits(loaded)):
        return loaded, []
    train = loaded["train"]
    labels = train.with_format("numpy")["label"][:].tolist()
    check_held_out(Counter(labels).values(), len(missing))
    kept, *held_out = _split_rows(labels, len(missing))
    made = {split: _part(train, rows, split) for split, rows in zip(missing, held_out, strict=True)}
    purposes = {"validation": "for validation", "test": "for the test"}
    notes = [f"{len(rows):,} rows were held out {purposes[name]}." for name, rows in made.items()]
    return {**loaded, "train": _part(train, kept, f"without {missing}"), **made}, notes


def _part(dataset: Dataset, rows: Sequence[int], what: str) -> Dataset:
    # datasets would find a fingerprint by pickling every row's number.
    fingerprint = Hasher.hash([dataset._fingerprint, what, SHARE])
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
        size = held_out_rows(len(of_label), parts)
        for number in range(parts):
            held_out[number] += of_label[number * size : (number + 1) * size]
        kept += of_label[parts * size :]
    return tuple(sorted(part) for part in (kept, *held_out))
