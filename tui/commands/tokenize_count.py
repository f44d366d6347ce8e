"""`termformer tokenize --count`: totals of a stream of any length, in memory that does not grow."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Sequence

import click
import msgspec

from core.text.stream_counts import Lengths, Longest, StreamCounter, TokenCounter
from tui.commands.outcome import INTERRUPTED, complain
from tui.commands.output import Column, Table, print_json, print_table, print_text
from tui.commands.texts import Source
from tui.commands.tokenize_asked import Asked
from tui.commands.tokenize_models import NamedTokenizer

_REDRAW_EVERY = 0.25
"""Seconds between two states of the progress bar: it goes over SSH, too."""

_ROWS = (
    "all", "special", "unknown", "characters per token", "shortest sentence", "median sentence",
    "90 % of sentences ≤", "99 % of sentences ≤", "longest sentence", "  on line", "model's limit",
    "sentences over it",
)  # fmt: skip


class ModelCounts(msgspec.Struct, frozen=True):
    """One tokenizer's totals; `tokens` includes the `special` ones, `characters_per_token` not.

    `limit` is --max-length, or what the model takes, or null; `over_limit` are the sentences that
    are longer.
    """

    model: str
    tokens: int
    special: int
    unknown: int
    characters_per_token: float | None
    limit: int | None
    over_limit: int | None
    lengths: Lengths | None
    longest: Longest | None


class Counted(msgspec.Struct, frozen=True):
    """What `--count --json` prints; not `complete` where ctrl+c ended it before its end."""

    complete: bool
    lines: int
    sentences: int
    characters: int
    bytes: int
    words: int
    models: list[ModelCounts]


def show_counts(source: Source, models: Sequence[NamedTokenizer], asked: Asked) -> None:
    """Counts all of `source` and prints the totals; after ctrl+c, what was counted until then."""
    counter = StreamCounter(
        [model.tokenizer for model in models],
        add_special_tokens=asked.options.add_special_tokens,
    )
    complete = True
    bar = _Bar(source) if sys.stderr.isatty() else None
    try:
        for _ in counter.count(source.blocks()):
            if bar is not None:
                bar.update(counter)
    except KeyboardInterrupt:
        complete = False
    finally:
        if bar is not None:
            bar.close()
    if not counter.sentences and complete:
        raise source.nothing_there()
    counted = _counted(counter, models, asked.options.max_length, complete)
    if not complete:
        far = f" after {100 * source.bytes_read // source.size} %" if source.size else ""
        complain(f"Interrupted{far}: these are the counts up to line {counter.lines:,}.")
    if asked.as_json:
        print_json(counted)
    else:
        _show(counted, source)
    if not complete:
        raise click.exceptions.Exit(INTERRUPTED)


def _counted(
    counter: StreamCounter, models: Sequence[NamedTokenizer], asked: int | None, complete: bool
) -> Counted:
    return Counted(
        complete,
        counter.lines,
        counter.sentences,
        counter.characters,
        counter.byte_count,
        counter.words,
        [
            _model_counts(model, side, asked or model.tokenizer.model_max_length, counter)
            for model, side in zip(models, counter.sides, strict=True)
        ],
    )


def _model_counts(
    model: NamedTokenizer, side: TokenCounter, limit: int | None, counter: StreamCounter
) -> ModelCounts:
    tokens = side.tokens
    of_text = tokens - side.special
    return ModelCounts(
        model.name,
        tokens,
        side.special,
        side.unknown,
        counter.characters / of_text if of_text else None,
        limit,
        None if limit is None else side.over(limit),
        side.lengths(),
        side.longest,
    )


def _show(counted: Counted, source: Source) -> None:
    if source.is_stream:
        print_text(source.name, "bold")
    blank = counted.lines - counted.sentences
    print_table(
        _table(
            ["text", ""],
            [
                ["sentences", _number(counted.sentences)],
                ["lines without text", _number(blank)],
                ["characters", _number(counted.characters)],
                ["bytes", _number(counted.bytes)],
                ["words", _number(counted.words)],
            ],
        )
    )
    print_text()
    rows = [[name] for name in _ROWS]
    for model in counted.models:
        lengths, longest = model.lengths, model.longest
        cells = [model.tokens, model.special, model.unknown, model.characters_per_token]
        cells += [None] * 5 if lengths is None else dataclasses.astuple(lengths)
        cells += [longest.line if longest else None, model.limit, model.over_limit]
        for row, cell in zip(rows, cells, strict=True):
            row.append(_number(cell))
    print_table(_table(["tokens", *(model.model for model in counted.models)], rows))


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table([Column(headings[0]), *(Column(heading, "right") for heading in headings[1:])])
    for row in rows:
        table.add(*row)
    return table


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if isinstance(value, float) else f"{value:,}"


class _Bar:
    """How far the counting is; drawn now and then, not for show."""

    def __init__(self, source: Source) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._source = source
        self._progress = Progress(
            TextColumn("counting", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}", markup=False),
            console=Console(file=sys.stderr, markup=False, emoji=False, highlight=False),
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            transient=True,
        )
        self._task = self._progress.add_task("", total=source.size, figures="")
        self._started = self._drawn = time.monotonic()
        self._progress.start()

    def update(self, counter: StreamCounter) -> None:
        now = time.monotonic()
        if now - self._drawn < _REDRAW_EVERY:
            return
        self._drawn = now
        read, size = self._source.bytes_read, self._source.size
        speed = read / (now - self._started)
        figures = f"{counter.sentences:,} sentences · {speed / 1e6:.1f} MB/s"
        if size:
            from core.sizes import duration

            left = duration((size - read) / speed) if speed else "?"
            figures = f"{100 * read // size} % · {figures} · {left} left"
        self._progress.update(self._task, completed=read, figures=figures)
        self._progress.refresh()

    def close(self) -> None:
        self._progress.stop()
