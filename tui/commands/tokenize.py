"""`termformer tokenize`: what a tokenizer makes of sentences, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click
import msgspec

from core import checkpoints
from core.engine.protocol import ExportTokenizer, TokenizerExported
from core.text.encoding import Batch
from core.text.tokenizer import EncodeOptions, TextTokenizer, read_tokenizer
from tui.commands.options import NAMES_OF_MODELS, json_option, model_option
from tui.commands.output import Column, Table, encodable, print_json, print_table, print_text
from tui.commands.texts import ABOUT_TEXTS, read_texts, texts_argument

PaddingName = Literal["longest", "max_length", "none"]


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


class Tokenized(msgspec.Struct, frozen=True):
    """What `--json` prints; `shape` is `[sentences, width]`, or null where rows are ragged."""

    model: str
    shape: tuple[int, int] | None
    sequences: list[Sequence]


@click.command(
    "tokenize",
    short_help="Tokens, ids, type ids, masks and character spans.",
    epilog=f"{ABOUT_TEXTS}\n\n{NAMES_OF_MODELS}",
)
@texts_argument()
@model_option("Whose tokenizer.", checkpoints.default_model())
@click.option(
    "--padding",
    type=click.Choice(["longest", "max_length", "none"]),
    default="longest",
    show_default=True,
    help="Pad to the longest sentence, to --max-length, or not at all.",
)
@click.option("--truncation", is_flag=True, help="Cut sentences at --max-length.")
@click.option(
    "--max-length",
    type=click.IntRange(min=1),
    metavar="N",
    help="In tokens, special ones included.  [default: the tokenizer's own]",
)
@json_option
def tokenize_command(
    texts: tuple[str, ...],
    model: str,
    padding: PaddingName,
    truncation: bool,
    max_length: int | None,
    as_json: bool,
) -> None:
    """Show what a model's tokenizer makes of each TEXT.

    The same ids, type ids, masks and offsets as AutoTokenizer, called on all texts at once.

    With --json: {"model", "shape", "sequences": [{"text", "text_pair", "tokens", "input_ids",
    "token_type_ids", "attention_mask", "special_tokens_mask", "offset_mapping", "decoded"}]};
    "shape" is null where the rows differ in length.
    """
    sentences = read_texts(texts)
    tokenizer = read_tokenizer(_folder(model))
    batch = tokenizer.encode_batch(sentences, EncodeOptions(padding, truncation, max_length))
    sequences = [_sequence(tokenizer, batch, row) for row in range(len(batch.encodings))]
    result = Tokenized(encodable(model), batch.shape, sequences)
    if as_json:
        print_json(result)
    else:
        _show(result, batch)


def _folder(model: str) -> Path:
    folder = checkpoints.tokenizer_folder(model)
    if folder is not None:
        return folder
    from tui.commands.engine import ask_engine

    reply = ask_engine(ExportTokenizer(0, model))
    assert isinstance(reply, TokenizerExported)
    return Path(reply.folder)


def _sequence(tokenizer: TextTokenizer, batch: Batch, row: int) -> Sequence:
    encoding = batch.encodings[row]
    cells = list(batch.cells(row))
    input_ids = [cell.input_id for cell in cells]
    positions = [cell.position for cell in cells]
    special, offsets = encoding.special_tokens_mask, encoding.offset_mapping
    return Sequence(
        text=encoding.sentence.text,
        text_pair=encoding.sentence.text_pair,
        tokens=[cell.token for cell in cells],
        input_ids=input_ids,
        token_type_ids=[cell.token_type_id for cell in cells],
        attention_mask=[cell.attention_mask for cell in cells],
        special_tokens_mask=[1 if place is None else special[place] for place in positions],
        offset_mapping=[(0, 0) if place is None else offsets[place] for place in positions],
        decoded=tokenizer.decode(input_ids),
    )


def _show(result: Tokenized, batch: Batch) -> None:
    shape = "ragged" if result.shape is None else f"shape {list(result.shape)}"
    count = len(result.sequences)
    print_text(
        f"{result.model} · {count} {'sentence' if count == 1 else 'sentences'} · {shape} · "
        f"{batch.token_count} tokens · {batch.padding_count} padding"
    )
    for number, sequence in enumerate(result.sequences, start=1):
        text = sequence.text
        if sequence.text_pair is not None:
            text += f"\t{sequence.text_pair}"
        print_text()
        print_text(f"{number}  {text}".rstrip(), "bold")
        print_table(_table(sequence, batch, number - 1))


def _table(sequence: Sequence, batch: Batch, row: int) -> Table:
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
    encoding, lead = batch.encodings[row], batch.lead(row)
    for column, token in enumerate(sequence.tokens):
        position = column - lead
        there = 0 <= position < len(encoding)
        start, end = sequence.offset_mapping[column]
        has_source = there and encoding.sequence_ids[position] is not None
        special = sequence.special_tokens_mask[column]
        table.add(
            str(column),
            token,
            str(sequence.input_ids[column]),
            str(sequence.token_type_ids[column]),
            str(sequence.attention_mask[column]),
            str(special),
            f"{start}–{end}" if has_source else "",
            encoding.source(position) if has_source else "",
            style="dim" if special else "",
        )
    return table
