"""How many rows are held out where data has no splits of its own."""

from __future__ import annotations

from collections.abc import Collection

from core.errors import DataError

SHARE = 0.1
"""Of each label's rows, for each split that is missing."""


def missing_splits(splits: Collection[str]) -> list[str]:
    """What is held out of the training rows: nothing where there is a validation split."""
    if "validation" in splits:
        return []
    return [split for split in ("validation", "test") if split not in splits]


def held_out_rows(rows: int, splits: int) -> int:
    """Of a label's `rows`, those that each of `splits` gets: a tenth, and one at least.

    None where they are too few to leave one for training.
    """
    return max(1, round(rows * SHARE)) if rows > splits else 0


def check_held_out(label_rows: Collection[int], splits: int) -> None:
    """Raises `DataError` where no label has rows enough; `label_rows` are how many each has."""
    if splits and not any(held_out_rows(rows, splits) for rows in label_rows):
        total, labels = sum(label_rows), len(label_rows)
        rows = "1 row" if total == 1 else f"{total:,} rows"
        raise DataError(
            "There are too few rows of each label to hold some out for validation: "
            f"{rows} with {labels:,} different label{'s' if labels != 1 else ''}. "
            "Add rows, name another column for the labels, or give a validation file.",
            "label_column",
        )
