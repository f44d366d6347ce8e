"""What a run is trained on: rows, balance of the labels, lengths, what was cut or left out."""

from __future__ import annotations

from collections.abc import Sequence

from core.runs.events import DataReported, SplitReport, Streamed
from core.sizes import percent
from core.text.visible import fit, visible, width
from tui.panes.train.sheet import Row, wrapped

_SPLIT = 12
_BAR = 20
_LABEL = 20


def data_rows(
    data: DataReported | None, streamed: Streamed | None, cells: int, *, live: bool
) -> list[Row]:
    """The report of a run's log, in rows of `cells` cells; or why there is none."""
    if data is None:
        words = " The data is still being read…" if live else " The log has no report of the data."
        return [[(words, "sheet--label")]]
    columns = f"text from {data.text_column}, labels from {data.label_column}"
    if data.pair_column:
        columns += f", pair from {data.pair_column}"
    rows: list[Row] = [
        [
            (" data  ", "sheet--label"),
            (visible(data.data), "sheet--name"),
            (f"   {visible(columns)}", "sheet--value"),
        ],
        [],
        _heads(),
        *(_split_row(split) for split in data.splits),
        [(f" Longer texts are cut at {data.max_length:,} tokens.", "sheet--label")],
        [],
    ]
    rows += _balance(data, cells)
    rows += _remarks(data, streamed)
    return rows


def note_rows(notes: Sequence[str], cells: int) -> list[Row]:
    """What the worker found and chose before the first step, and why."""
    if not notes:
        return []
    rows: list[Row] = [[], [(" what the worker found and chose", "sheet--label")]]
    for note in notes:
        for number, line in enumerate(wrapped(visible(note), cells - 3)):
            rows.append([(f"{'   ' if number else ' '}{line}", "sheet--value")])
    return rows


def _heads() -> Row:
    heads = f" {'split':<{_SPLIT}}{'rows':>9}   {'tokens: shortest':>16}{'median':>8}"
    return [(f"{heads}{'95 %':>8}{'longest':>9}{'cut':>13}", "sheet--label")]


def _split_row(split: SplitReport) -> Row:
    cut = f"{split.truncated:,}"
    if split.truncated:
        cut += f" {percent(split.truncated / max(1, split.rows))}"
    return [
        (f" {fit(visible(split.split), _SPLIT - 1):<{_SPLIT}}", "sheet--label"),
        (f"{split.rows:>9,}   {split.shortest:>16,}{split.median:>8,}", "sheet--value"),
        (f"{split.percentile_95:>8,}{split.longest:>9,}", "sheet--value"),
        (f"{cut:>13}", "sheet--bad" if split.truncated else "sheet--label"),
    ]


def _balance(data: DataReported, cells: int) -> list[Row]:
    """Each label's rows and share in the first split, with a bar; shares in the others."""
    if not data.splits:
        return []
    first, *others = data.splits
    name = min(_LABEL, max([5, *(width(visible(label)) for label in data.labels)])) + 2
    others = others[: max(0, (cells - name - 22 - _BAR) // _SPLIT)]
    heads = f" {'label':<{name}}{visible(first.split):>10}{'':<{_BAR + 10}}"
    heads += "".join(f"{fit(visible(split.split), _SPLIT - 1):>{_SPLIT}}" for split in others)
    rows: list[Row] = [[(heads, "sheet--label")]]
    largest = max(first.label_rows, default=1) or 1
    for number, label in enumerate(data.labels):
        count = first.label_rows[number] if number < len(first.label_rows) else 0
        bar = "━" * max(1 if count else 0, round(count / largest * (_BAR - 2)))
        shown = fit(visible(label), name - 1)
        rows.append(
            [
                (f" {shown}{' ' * (name - width(shown))}", "sheet--value"),
                (f"{count:>10,}{_share(first, number)}", "sheet--value"),
                (f"  {bar:<{_BAR - 2}} ", "sheet--accent"),
                ("".join(f"{_share(split, number):>{_SPLIT}}" for split in others), "sheet--label"),
            ]
        )
    return rows


def _share(split: SplitReport, label: int) -> str:
    count = split.label_rows[label] if label < len(split.label_rows) else 0
    return f"{count / max(1, split.rows) * 100:>7.1f} %"


def _remarks(data: DataReported, streamed: Streamed | None) -> list[Row]:
    rows: list[Row] = [[]]
    for found in data.duplicates:
        stand = "row stands" if found.rows == 1 else "rows stand"
        words = f" {found.rows:,} {found.split} {stand} in {found.other} too."
        rows.append([(visible(words), "sheet--bad")])
    if data.bad_rows:
        left, them = f"{data.bad_rows:,} rows were", "them"
        if data.bad_rows == 1:
            left, them = "1 row was", "it"
        words = f" {left} left out, since nothing can be learned from {them}:"
        rows.append([(words, "sheet--bad")])
        for bad in data.first_bad_rows:
            words = f"   {bad.place} {bad.problem}"
            rows.append([(visible(words), "sheet--value")])
    if streamed is not None:
        words = f" Read as a stream: {streamed.rows:,} rows by step {streamed.global_step:,}."
        rows.append([(words, "sheet--value")])
    return rows
