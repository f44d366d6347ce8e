"""What a run is about to be trained on, as its first report says it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from core.data.sources import TrainingData
from core.data.tokenizing import TokenizedSplit
from core.runs.config import REVIEWS
from core.runs.events import DataReported, Duplicates, SplitReport


def report_data(
    name: str, data: TrainingData, splits: Mapping[str, TokenizedSplit], max_length: int
) -> DataReported:
    """Rows, labels and token counts of the tokenized splits of `data`, called `name`."""
    return DataReported(
        data=name,
        labels=data.labels,
        max_length=max_length,
        text_column=data.columns.text,
        label_column=data.columns.label,
        pair_column=data.columns.text_pair,
        splits=[
            _report_split(split, tokenized, len(data.labels), max_length)
            for split, tokenized in splits.items()
        ],
        duplicates=_duplicates(splits),
        bad_rows=data.bad_rows,
        first_bad_rows=data.first_bad_rows,
    )


def _report_split(
    split: str, tokenized: TokenizedSplit, labels: int, max_length: int
) -> SplitReport:
    lengths = tokenized.lengths
    ids = tokenized.dataset.select_columns("labels").with_format("numpy")["labels"][:]
    # Lengths that occur, not means of two: "half of the rows have at most so many tokens".
    quantiles = np.quantile(lengths, [0, 0.5, 0.95, 1], method="inverted_cdf")
    shortest, median, percentile_95, longest = (int(length) for length in quantiles)
    return SplitReport(
        split=split,
        rows=len(lengths),
        label_rows=np.bincount(ids, minlength=labels).tolist(),
        shortest=shortest,
        median=median,
        percentile_95=percentile_95,
        longest=longest,
        truncated=int((lengths > max_length).sum()),
    )


def _duplicates(splits: Mapping[str, TokenizedSplit]) -> list[Duplicates]:
    """Rows of a later split that stand in an earlier one, wherever there are any."""
    found = []
    for other, split in combinations(splits, 2):
        rows = int(np.isin(splits[split].digests, splits[other].digests).sum())
        if rows:
            found.append(Duplicates(split=split, other=other, rows=rows))
    return found


def report_notes(report: DataReported) -> list[str]:
    """What of it someone should know before the first step, a sentence each."""
    pair = f" and {report.pair_column!r}" if report.pair_column else ""
    notes = []
    if report.data != REVIEWS:
        notes.append(
            f"Text from {report.text_column!r}{pair}, labels from {report.label_column!r}."
        )
    notes += [
        f"Rows of the {split.split} split that are longer than {report.max_length} tokens and were "
        f"cut: {split.truncated:,} of {split.rows:,}."
        for split in report.splits
        if split.truncated
    ]
    notes += [
        f"Rows of the {found.split} split that stand in the {found.other} split too: "
        f"{found.rows:,}."
        for found in report.duplicates
    ]
    if report.bad_rows:
        first = report.first_bad_rows[0]
        notes.append(
            f"Rows left out, since they cannot be trained on: {report.bad_rows:,}; the first is "
            f"{first.place}, which {first.problem}."
        )
    return notes
