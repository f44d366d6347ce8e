"""What a tokenizer makes of sentences: every field of every token, batch after batch."""

from __future__ import annotations

from collections import Counter

import msgspec

from core.sizes import counted
from core.text.encoding import Batch
from core.text.sentences import Sentence
from core.text.tokenizer import TextTokenizer
from tui.commands.output import Column, Table, print_json, print_table, print_text
from tui.commands.texts import Source
from tui.commands.tokenize_asked import Asked
from tui.commands.tokenize_models import NamedTokenizer, batches


class Sequence(msgspec.Struct, frozen=True):
    """One row of the batch, padding included; every list has one entry a token."""

    text: str
    text_pair: str | None
    tokens: list[str]
    input_ids: list[int]
    token_type_ids: list[int]
    attention_mask: list[int]
    special_tokens_mask: list[int]
    offset_mapping: list[tuple[int, int]]
    decoded: str


class Tokenized(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `--json` prints; `shape` is `[rows, width]`, or null where rows are ragged."""

    model: str
    shape: tuple[int, int] | None
    sequences: list[Sequence]
    overflow_to_sample_mapping: tuple[int, ...] | None = None


def show_batches(source: Source, model: NamedTokenizer, asked: Asked) -> None:
    """Prints each batch of `source` as soon as it is encoded."""
    shown = 0
    for sentences in batches(source, asked.batch_size):
        batch = model.tokenizer.encode_batch(sentences, asked.options)
        if asked.as_json:
            sequences = _sequences(model.tokenizer, batch)
            print_json(
                Tokenized(model.name, batch.shape, sequences, batch.overflow_to_sample_mapping)
            )
        else:
            _show(model, sentences, batch, shown)
        shown += len(sentences)


def summary(batch: Batch, sentences: int) -> str:
    """A batch in a line: 2 sentences · shape [2, 16] · 24 tokens · 8 padding."""
    shape = "ragged" if batch.shape is None else f"shape {list(batch.shape)}"
    windows = len(batch.encodings) - sentences
    parts = [counted(sentences, "sentence")]
    parts += [f"{len(batch.encodings):,} windows"] if windows else []
    parts += [shape, counted(batch.token_count, "token"), f"{batch.padding_count:,} padding"]
    return " · ".join(parts)


def _sequences(tokenizer: TextTokenizer, batch: Batch) -> list[Sequence]:
    rows = list(map(batch.row, range(len(batch.encodings))))
    decoded = tokenizer.decode_batch([row.input_ids for row in rows])
    return [
        Sequence(
            text=encoding.sentence.text,
            text_pair=encoding.sentence.text_pair,
            tokens=row.tokens,
            input_ids=row.input_ids,
            token_type_ids=row.token_type_ids,
            attention_mask=row.attention_mask,
            special_tokens_mask=row.special_tokens_mask,
            offset_mapping=row.offset_mapping,
            decoded=text,
        )
        for encoding, row, text in zip(batch.encodings, rows, decoded, strict=True)
    ]


def _show(model: NamedTokenizer, sentences: list[Sentence], batch: Batch, shown: int) -> None:
    if shown:
        print_text()
    print_text(f"{model.name} · {summary(batch, len(sentences))}")
    origins = batch.overflow_to_sample_mapping or tuple(range(len(batch.encodings)))
    windows, seen = Counter(origins), Counter[int]()
    for row, origin in enumerate(origins):
        seen[origin] += 1
        several = windows[origin] > 1
        window = f" · window {seen[origin]} of {windows[origin]}" if several else ""
        print_text()
        print_text(
            f"{shown + origin + 1}{window}  {batch.encodings[row].sentence}".rstrip(), "bold"
        )
        print_table(_table(batch, row))


def _table(batch: Batch, row: int) -> Table:
    table = Table(
        [
            Column("#", "right", "dim"),
            Column("token"),
            Column("id", "right"),
            Column("type", "right"),
            Column("mask", "right"),
            Column("special", "right"),
            Column("characters", "right"),
            Column("from"),
        ]
    )
    encoding, lead, fields = batch.encodings[row], batch.lead(row), batch.row(row)
    for column, token in enumerate(fields.tokens):
        position = column - lead
        there = 0 <= position < len(encoding)
        start, end = fields.offset_mapping[column]
        has_source = there and encoding.sequence_ids[position] is not None
        special = fields.special_tokens_mask[column]
        table.add(
            str(column),
            token,
            str(fields.input_ids[column]),
            str(fields.token_type_ids[column]),
            str(fields.attention_mask[column]),
            str(special),
            f"{start}–{end}" if has_source else "",
            encoding.source(position) if has_source else "",
            style="dim" if special else "",
        )
    return table
