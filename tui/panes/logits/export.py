"""What the views show, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence

import msgspec

from core.engine.protocol import AttentionMeasured, AttentionRead, Compared, Reply
from tui.panes.logits.experiment import Shown
from tui.panes.logits.table import verdict
from tui.widgets.pane import Export


def json_export(answer: Reply | Sequence[Reply], about: str) -> Export:
    """The engine's whole answer, or all of several; numbers that are not finite become `null`."""

    def make() -> bytes:
        return msgspec.json.format(msgspec.json.encode(answer), indent=2) + b"\n"

    return Export("json", about, make)


def csv_export(about: str, rows: Callable[[], Iterable[Sequence[object]]]) -> Export:
    """`rows`, the first of them the headings."""

    def make() -> str:
        file = io.StringIO()
        csv.writer(file, lineterminator="\n").writerows(rows())
        return file.getvalue()

    return Export("csv", about, make)


def compared_rows(answer: Compared, shown: Sequence[Shown]) -> Iterable[Sequence[object]]:
    """A line for each input and step."""
    labels = answer.model.labels
    values = [f"{what} {label}" for what in ("logit", "probability") for label in labels]
    yield ["input", "step", *values, "max_abs_diff", "verdict"]
    for row in shown:
        for figures in row.figures:
            result = figures.result
            if result is not None:
                apart = result.max_abs_diff
                numbers = [*result.logits, *result.probabilities]
                name = figures.step.name.strip()
                yield [str(row.sentence), name, *numbers, apart, verdict(apart)]


def share_rows(answer: AttentionMeasured, names: Sequence[str]) -> Iterable[Sequence[object]]:
    """A line for each input, arrangement, layer and head; layers and heads count from 1."""
    yield ["input", "mask", "layer", "head", "share_on_padding"]
    for measured in answer.results:
        for name, row in zip(names, measured.rows, strict=False):
            for layer, heads in enumerate(row.padding, start=1):
                for head, share in enumerate(heads, start=1):
                    yield [name, int(measured.arrangement.mask), layer, head, share]


def weight_rows(answer: AttentionRead) -> Iterable[Sequence[object]]:
    """Tokens against tokens."""
    yield ["from \\ to", *answer.tokens]
    for token, weights in zip(answer.tokens, answer.weights, strict=True):
        yield [token, *weights]
