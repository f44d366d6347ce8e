"""`termformer tokenize` with several models: their tokens side by side, aligned."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core.sizes import counted
from core.text.counts import Counts
from core.text.side_by_side import Segment, SideBySide, side_by_side
from tui.commands.output import Column, Table, print_json, print_table, print_text
from tui.commands.texts import Source
from tui.commands.tokenize_asked import Asked
from tui.commands.tokenize_models import NamedTokenizer, batches


class Side(msgspec.Struct, frozen=True):
    """One tokenizer's view of a sentence; `counts` as of `core.text.counts.Counts`."""

    model: str
    tokens: list[str]
    input_ids: list[int]
    offset_mapping: list[tuple[int, int]]
    counts: Counts
    characters_per_token: float | None


class AlignedSegment(msgspec.Struct, frozen=True):
    """Characters `start` to `end` of the line, and each model's tokens in them."""

    start: int
    end: int
    text: str
    tokens: list[list[str]]
    differs: bool


class CutDifference(msgspec.Struct, frozen=True):
    """A place before character `column` of the line where only some models cut."""

    column: int
    cuts: tuple[bool, ...]


class Compared(msgspec.Struct, frozen=True):
    """One sentence; a pair's line is `text<tab>text_pair`."""

    text: str
    text_pair: str | None
    sides: list[Side]
    segments: list[AlignedSegment]
    differences: list[CutDifference]


class ComparedSentences(msgspec.Struct, frozen=True):
    """What `--json` prints with several models."""

    models: list[str]
    sentences: list[Compared]


def show_sides(source: Source, models: Sequence[NamedTokenizer], asked: Asked) -> None:
    """Prints the comparison of all `models` on each sentence, and their totals at the end."""
    named = [(model.name, model.tokenizer) for model in models]
    totals = [Counts() for _ in models]
    differing = shown = 0
    for sentences in batches(source, asked.batch_size):
        compared = [side_by_side(named, sentence) for sentence in sentences]
        if asked.as_json:
            names = [model.name for model in models]
            print_json(ComparedSentences(names, list(map(_document, compared))))
            continue
        for each in compared:
            shown += 1
            differing += bool(each.differences)
            totals = [total + side.counts for total, side in zip(totals, each.sides, strict=True)]
            print_text(f"{shown}  {each.sentence}".rstrip(), "bold")
            print_table(_table(each))
            print_text()
    if not asked.as_json:
        print_table(_totals([model.name for model in models], totals))
        print_text(f"{counted(differing, 'sentence')} of {shown:,} cut differently.")


def _tokens(compared: SideBySide, segment: Segment) -> list[list[str]]:
    """Each side's tokens in `segment`."""
    return [
        [side.encoding.tokens[position] for position in positions]
        for side, positions in zip(compared.sides, segment.positions, strict=True)
    ]


def _document(compared: SideBySide) -> Compared:
    line = str(compared.sentence)
    return Compared(
        compared.sentence.text,
        compared.sentence.text_pair,
        [
            Side(
                side.name,
                side.encoding.tokens,
                side.encoding.input_ids,
                side.encoding.offset_mapping,
                side.counts,
                side.counts.characters_per_token,
            )
            for side in compared.sides
        ],
        [
            AlignedSegment(
                segment.start,
                segment.end,
                line[segment.start : segment.end],
                _tokens(compared, segment),
                segment.differs,
            )
            for segment in compared.segments
        ],
        [CutDifference(each.column, each.cuts) for each in compared.differences],
    )


def _table(compared: SideBySide) -> Table:
    line = str(compared.sentence)
    table = Table(
        [
            Column("characters", "right", "dim"),
            Column("text"),
            *(Column(side.name) for side in compared.sides),
            Column(""),
        ]
    )
    for segment in compared.segments:
        table.add(
            f"{segment.start}–{segment.end}",
            line[segment.start : segment.end],
            *(" ".join(tokens) or "–" for tokens in _tokens(compared, segment)),
            "differs" if segment.differs else "",
            style="bold yellow" if segment.differs else "",
        )
    return table


def _totals(names: list[str], totals: list[Counts]) -> Table:
    table = Table(
        [
            Column("model"),
            *(
                Column(heading, "right")
                for heading in ("tokens", "special", "unknown", "characters per token")
            ),
        ]
    )
    for name, total in zip(names, totals, strict=True):
        ratio = total.characters_per_token
        table.add(
            name,
            f"{total.tokens:,}",
            f"{total.special:,}",
            f"{total.unknown:,}",
            "–" if ratio is None else f"{ratio:.2f}",
        )
    return table
