"""`termformer compare`: what padding and the attention mask do to the logits."""

from __future__ import annotations

import math

import click
import msgspec

from core import checkpoints
from core.engine.protocol import (
    ALONE,
    EQUAL_WITHIN,
    Arranged,
    ArrangedRow,
    Arrangement,
    Compare,
    Compared,
    DType,
    ModelInfo,
    Side,
)
from core.errors import ModelError
from core.sizes import count_of, percent
from core.text.ids import parse_ids
from core.text.sentences import Sentence
from tui.commands.options import NAMES_OF_MODELS, json_option, model_option
from tui.commands.outcome import complain
from tui.commands.output import Column, Table, Title, encodable, print_json, print_table, print_text
from tui.commands.texts import ABOUT_TEXTS, read_texts

_MOST_LABELS = 5
_STEPS = ("alone", "padded, no mask", "padded, with mask")


class ComparisonRow(msgspec.Struct, frozen=True):
    """The logits of one sentence, each `[labels]`; a pair's text is both, a tab between."""

    text: str
    alone: list[float]
    padded_unmasked: list[float]
    padded_masked: list[float]
    max_abs_diff_unmasked: float
    max_abs_diff_masked: float


class Comparison(msgspec.Struct, frozen=True):
    """What `--json` prints; `input_ids` and `attention_mask` are `[sentences, width]`."""

    model: str
    labels: list[str]
    input_ids: list[list[int]]
    attention_mask: list[list[int]]
    rows: list[ComparisonRow]


@click.command(
    "compare",
    short_help="Logits alone, padded without a mask, and padded with it.",
    epilog=f"{ABOUT_TEXTS}\n\n{NAMES_OF_MODELS}",
)
@click.argument("texts", nargs=-1, metavar="TEXT…")
@model_option("A sequence classifier.", checkpoints.default_model())
@click.option(
    "--ids",
    metavar="LISTS",
    help="Ids instead of texts, one list a row: '[[200, 200, 200], [200, 200]]'.",
)
@click.option(
    "--padding-side",
    type=click.Choice(["left", "right"]),
    help="Where the padding goes.  [default: the tokenizer's side]",
)
@click.option(
    "--pad-to", type=click.IntRange(min=1), metavar="N", help="Pad to N tokens, or to the longest."
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="Of the padded batches; alone is always float32.",
)
@json_option
def compare_command(
    texts: tuple[str, ...],
    model: str,
    ids: str | None,
    padding_side: Side | None,
    pad_to: int | None,
    dtype: DType,
    as_json: bool,
) -> None:
    """Show what padding and the attention mask do to a classifier's logits.

    Each TEXT goes through the model three times: alone; in one batch padded to the longest text,
    without an attention mask; and in the same batch with the mask. The largest difference to
    "alone" tells whether the padding was seen. Give texts of different lengths, or ids as they
    are: termformer compare --ids '[[200, 200, 200], [200, 200]]'.

    With --json: {"model", "labels", "input_ids", "attention_mask", "rows": [{"text", "alone",
    "padded_unmasked", "padded_masked", "max_abs_diff_unmasked", "max_abs_diff_masked"}]}; logits
    are lists of numbers in the order of the labels, null where one is not finite; the text of a
    sentence pair is both texts with a tab between them, that of ids is their list.
    """
    from tui.commands.engine import ask_engine

    if bool(texts) == (ids is not None):
        raise click.UsageError("Give texts, or --ids, and not both.")
    raw_ids = parse_ids(ids) if ids is not None else []
    sentences = read_texts(texts) if texts else []
    checkpoints.locate(model)  # A name that can mean nothing is refused before torch is imported.
    unmasked = Arrangement(mask=False, padding_side=padding_side, pad_to=pad_to, dtype=dtype)
    masked = Arrangement(padding_side=padding_side, pad_to=pad_to, dtype=dtype)
    request = Compare(
        0,
        model,
        [(sentence.text, sentence.text_pair) for sentence in sentences],
        (ALONE, unmasked, masked),
        raw_ids,
    )
    reply = ask_engine(request)
    assert isinstance(reply, Compared)
    for result in reply.results:
        if result.problem:
            raise ModelError("other", result.problem)
    if as_json:
        print_json(_document(reply))
    else:
        _show(reply)
        width = reply.results[-1].width
        if pad_to is not None and pad_to < width:
            complain(f"--pad-to {pad_to} changed nothing: the longest row has {width} tokens.")


def _names(reply: Compared) -> list[str]:
    """What each row is of: its text, or its ids."""
    if reply.raw_ids:
        return [str(row) for row in reply.raw_ids]
    return [str(Sentence(*texts)) for texts in reply.sentences]


def _document(reply: Compared) -> Comparison:
    alone, unmasked, masked = (result.rows for result in reply.results)
    return Comparison(
        model=encodable(reply.model.name),
        labels=reply.model.labels,
        input_ids=[row.input_ids for row in masked],
        attention_mask=[row.attention_mask for row in masked],
        rows=[
            ComparisonRow(
                text=text,
                alone=one.logits,
                padded_unmasked=two.logits,
                padded_masked=three.logits,
                max_abs_diff_unmasked=two.max_abs_diff,
                max_abs_diff_masked=three.max_abs_diff,
            )
            for text, one, two, three in zip(_names(reply), alone, unmasked, masked, strict=True)
        ],
    )


def _show(reply: Compared) -> None:
    labels = reply.model.labels
    shown = list(range(min(len(labels), _MOST_LABELS)))
    names, batch = _names(reply), reply.results[-1]
    print_text(
        f"{reply.model.name} · {count_of(reply.model.parameters)} parameters · "
        f"shape [{len(names)}, {batch.width}]{_unusual(batch)}"
    )
    if len(labels) > len(shown):
        print_text(f"{len(shown)} of {len(labels)} labels are shown; --json has all.")
    table = Table(
        [
            Column("logits"),
            *(Column(labels[index], "right") for index in shown),
            Column("prediction", "right"),
            Column("Δ", "right"),
            Column(""),
        ]
    )
    for number, name in enumerate(names):
        table.rows.append(Title(f"{number + 1} {name}"))
        for step, result in zip(_STEPS, reply.results, strict=True):
            row = result.rows[number]
            cells = [f"{row.logits[index]:.4f}" for index in shown]
            guess = _prediction(row, reply.model)
            if result.arrangement == ALONE:
                table.add(f"  {step}", *cells, guess, "", "")
            else:
                word, style = _verdict(row.max_abs_diff)
                table.add(f"  {step}", *cells, guess, f"{row.max_abs_diff:.3g}", word, style=style)
    print_table(table)
    print_text(_lesson(reply.results[1]))


def _unusual(batch: Arranged) -> str:
    """What the batches are beside what a tokenizer makes by default."""
    arrangement = batch.arrangement
    parts = []
    if arrangement.padding_side:
        parts.append(f"padded on the {arrangement.padding_side}")
    if arrangement.pad_to == batch.width:
        parts.append(f"padded to {arrangement.pad_to}")
    if arrangement.dtype != "float32":
        parts.append(arrangement.dtype)
    return "".join(f" · {part}" for part in parts)


def _prediction(row: ArrangedRow, model: ModelInfo) -> str:
    """The likeliest label with its probability; nothing where the model gives no probabilities."""
    shares = row.probabilities
    if len(shares) < 2 or model.postprocess == "none" or not all(map(math.isfinite, shares)):
        return ""
    best = max(range(len(shares)), key=shares.__getitem__)
    return f"{model.labels[best]} {percent(shares[best], 2)}"


def _verdict(difference: float) -> tuple[str, str]:
    """The word for a difference to "alone", and its style."""
    if not math.isfinite(difference):
        return "not finite", "bold red"
    return ("equal", "green") if difference <= EQUAL_WITHIN else ("differs", "bold yellow")


def _lesson(unmasked: Arranged) -> str:
    if all(row.max_abs_diff <= EQUAL_WITHIN for row in unmasked.rows):
        return "Nothing differs: give texts of different lengths, so that something is padded."
    return f'equal: no logit differs from "alone" by more than {EQUAL_WITHIN:g}.'
