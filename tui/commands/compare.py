"""`termformer compare`: what padding and the attention mask do to the logits."""

from __future__ import annotations

import math

import click
import msgspec

from core import checkpoints
from core.engine.protocol import EQUAL_WITHIN, Compare, Compared, ComparedRow
from core.text.sentences import Sentence
from tui.commands.options import NAMES_OF_MODELS, json_option, model_option
from tui.commands.output import Column, Table, Title, encodable, print_json, print_table, print_text
from tui.commands.texts import ABOUT_TEXTS, read_texts, texts_argument

_MOST_LABELS = 5


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
@texts_argument()
@model_option("A sequence classifier.", checkpoints.default_model())
@json_option
def compare_command(texts: tuple[str, ...], model: str, as_json: bool) -> None:
    """Show what padding and the attention mask do to a classifier's logits.

    Each TEXT goes through the model three times: alone; in one batch padded to the longest text,
    without an attention mask; and in the same batch with the mask. The largest difference to
    "alone" tells whether the padding was seen. Give texts of different lengths.

    With --json: {"model", "labels", "input_ids", "attention_mask", "rows": [{"text", "alone",
    "padded_unmasked", "padded_masked", "max_abs_diff_unmasked", "max_abs_diff_masked"}]}; logits
    are lists of numbers in the order of the labels, null where one is not finite; the text of a
    sentence pair is both texts with a tab between them.
    """
    from tui.commands.engine import ask_engine

    sentences = read_texts(texts)
    checkpoints.locate(model)  # A name that can mean nothing is refused before torch is imported.
    pairs = [(sentence.text, sentence.text_pair) for sentence in sentences]
    reply = ask_engine(Compare(0, model, pairs))
    assert isinstance(reply, Compared)
    if as_json:
        print_json(_document(reply))
    else:
        _show(reply)


def _document(reply: Compared) -> Comparison:
    return Comparison(
        model=encodable(reply.model.name),
        labels=reply.model.labels,
        input_ids=reply.input_ids,
        attention_mask=reply.attention_mask,
        rows=[
            ComparisonRow(
                text=str(Sentence(row.text, row.text_pair)),
                alone=row.alone,
                padded_unmasked=row.padded_unmasked,
                padded_masked=row.padded_masked,
                max_abs_diff_unmasked=row.max_abs_diff_unmasked,
                max_abs_diff_masked=row.max_abs_diff_masked,
            )
            for row in reply.rows
        ],
    )


def _show(reply: Compared) -> None:
    labels = reply.model.labels
    shown = list(range(min(len(labels), _MOST_LABELS)))
    width = len(reply.input_ids[0]) if reply.input_ids else 0
    print_text(
        f"{reply.model.name} · {reply.model.parameters / 1e6:.1f} M parameters · "
        f"shape [{len(reply.rows)}, {width}]"
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
    for number, row in enumerate(reply.rows, start=1):
        table.rows.append(Title(f"{number} {Sentence(row.text, row.text_pair)}"))
        for name, logits, difference in (
            ("alone", row.alone, None),
            ("padded, no mask", row.padded_unmasked, row.max_abs_diff_unmasked),
            ("padded, with mask", row.padded_masked, row.max_abs_diff_masked),
        ):
            cells = [f"{logits[index]:.4f}" for index in shown]
            guess = _prediction(logits, labels, reply.model.problem_type)
            if difference is None:
                table.add(f"  {name}", *cells, guess, "", "")
            else:
                word, style = _verdict(difference)
                table.add(f"  {name}", *cells, guess, f"{difference:.3g}", word, style=style)
    print_table(table)
    print_text(_lesson(reply.rows))


def _prediction(logits: list[float], labels: list[str], problem_type: str | None) -> str:
    """The likeliest label with its probability; nothing where the model gives no probabilities."""
    if len(logits) < 2 or problem_type == "regression" or not all(map(math.isfinite, logits)):
        return ""
    best = max(range(len(logits)), key=logits.__getitem__)
    if problem_type == "multi_label_classification":
        # The logistic function, in a form that does not overflow.
        probability = (1 + math.tanh(logits[best] / 2)) / 2
    else:
        probability = 1 / sum(math.exp(logit - logits[best]) for logit in logits)
    return f"{labels[best]} {100 * probability:.2f} %"


def _verdict(difference: float) -> tuple[str, str]:
    """The word for a difference to "alone", and its style."""
    if not math.isfinite(difference):
        return "not finite", "bold red"
    return ("equal", "green") if difference <= EQUAL_WITHIN else ("differs", "bold yellow")


def _lesson(rows: list[ComparedRow]) -> str:
    if all(row.max_abs_diff_unmasked <= EQUAL_WITHIN for row in rows):
        return "Nothing differs: give texts of different lengths, so that something is padded."
    return f'equal: no logit differs from "alone" by more than {EQUAL_WITHIN:g}.'
