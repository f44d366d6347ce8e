"""`termformer tokenize`: what tokenizers make of sentences, without torch."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import click

from core import checkpoints
from core.errors import TermformerError
from core.text.options import EncodeOptions, PaddingName, PaddingSide
from core.typed_paths import exists
from tui.commands.options import NAMES_OF_MODELS, json_option, model_option
from tui.commands.texts import ABOUT_TEXTS, Source, texts_argument
from tui.commands.tokenize_asked import OFF, STRATEGIES, Asked, check, with_strategy

BATCH_SIZE = 1000

_ABOUT_STREAMS = f"""\
What is read from "-" or --file may be of any length: it is encoded in batches of --batch-size
sentences (a batch also ends after 1 MiB of text), each padded on its own, as a training loop would.
With --json each batch is one document on a line of its own; up to {BATCH_SIZE:,} sentences are one
batch, and so one document."""


class _TokenizeCommand(click.Command):
    """`--truncation` takes a strategy or none."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = [each for each in self.params if isinstance(each, click.Option)]
        valued = {name for each in options if not each.is_flag for name in each.opts}
        return super().parse_args(ctx, with_strategy(args, valued - {"--truncation"}))


@click.command(
    "tokenize",
    cls=_TokenizeCommand,
    short_help="Tokens, ids, masks, stages, counts; several tokenizers.",
    epilog=f"{ABOUT_TEXTS}\n\n{_ABOUT_STREAMS}\n\n{NAMES_OF_MODELS}",
)
@texts_argument(required=False)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Read sentences from FILE, one a line, instead of TEXT.",
)
@model_option(
    "Whose tokenizer; give several to see them side by side.",
    checkpoints.default_model(),
    multiple=True,
)
@click.option(
    "--padding",
    type=click.Choice(["longest", "max_length", "none"]),
    default="longest",
    show_default=True,
    help="Pad to the longest sentence, to --max-length, or not at all.",
)
@click.option(
    "--padding-side",
    type=click.Choice(["left", "right"]),
    help="Where padding goes.  [default: the tokenizer's own]",
)
@click.option(
    "--truncation",
    type=click.Choice([*STRATEGIES, OFF]),
    default=OFF,
    metavar="[STRATEGY]",
    help=f"Cut sentences at --max-length: {', '.join(STRATEGIES)} or {OFF}. "
    f"Without a strategy, {STRATEGIES[0]}.",
)
@click.option(
    "--max-length",
    type=click.IntRange(min=1),
    metavar="N",
    help="In tokens, special ones included.  [default: the tokenizer's own]",
)
@click.option(
    "--return-overflowing-tokens",
    is_flag=True,
    help="Make a row of each window that truncation leaves over.",
)
@click.option(
    "--stride",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Tokens that neighbouring windows share.",
)
@click.option("--no-special-tokens", is_flag=True, help="Add no special tokens.")
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=BATCH_SIZE,
    show_default=True,
    metavar="N",
    help='Sentences a batch, of "-" and --file.',
)
@click.option("--stages", is_flag=True, help="Show each part of the tokenizer, and the way back.")
@click.option(
    "--count",
    is_flag=True,
    help="Print totals alone; --max-length is then the limit that sentences are compared with.",
)
@click.option("--code", is_flag=True, help="Print the Python that gives the same.")
@click.option(
    "--export",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the batch to FILE: .json, .csv, .html or .svg.",
)
@click.option("--force", is_flag=True, help="Let --export replace FILE.")
@json_option
@click.pass_context
def tokenize_command(
    ctx: click.Context,
    texts: tuple[str, ...],
    file: Path | None,
    model: tuple[str, ...],
    padding: PaddingName,
    padding_side: PaddingSide | None,
    truncation: str,
    max_length: int | None,
    return_overflowing_tokens: bool,
    stride: int,
    no_special_tokens: bool,
    batch_size: int,
    stages: bool,
    count: bool,
    code: bool,
    export: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Show what a model's tokenizer makes of each TEXT.

    The same ids, type ids, masks and offsets as AutoTokenizer, called on all texts at once. With
    several models: their tokens aligned by characters, and where they cut differently.

    With --json: {"model", "shape", "sequences": [{"text", "text_pair", "tokens", "input_ids",
    "token_type_ids", "attention_mask", "special_tokens_mask", "offset_mapping", "decoded"}]};
    "shape" is null where the rows differ in length. "overflow_to_sample_mapping" is there with
    --return-overflowing-tokens. --count, --stages, --code, --export and several models have
    documents of their own.
    """
    if not texts and file is None:
        raise click.MissingParameter(ctx=ctx, param_hint="'TEXT…'", param_type="argument")
    if texts and file is not None:
        raise click.UsageError("Give texts or --file, not both: - among the texts reads a pipe.")
    source = Source(texts, file)
    check(ctx, is_stream=source.is_stream)
    options = EncodeOptions(
        padding=padding,
        truncation=next((each for each in STRATEGIES if each == truncation), False),
        max_length=max_length,
        padding_side=padding_side,
        stride=stride,
        return_overflowing_tokens=return_overflowing_tokens,
        add_special_tokens=not no_special_tokens,
    )
    asked = Asked(model, options, batch_size, stages, count, code, export, force, as_json)
    with _all_processors():
        _answer(asked, source)


def _answer(asked: Asked, source: Source) -> None:
    """Hands over to the one that shows what was asked for; the others are not imported."""
    from tui.commands.tokenize_models import read_models

    if asked.export is not None and not asked.force and exists(asked.export):
        raise TermformerError(
            f"{asked.export} is there already and was left as it is: --force replaces it."
        )
    models = read_models(asked.models)
    if asked.count:
        from tui.commands.tokenize_count import show_counts

        show_counts(source, models, asked)
    elif asked.code or asked.export is not None:
        from tui.commands.tokenize_files import export, show_code

        (show_code if asked.code else export)(source, models, asked)
    elif len(models) > 1:
        from tui.commands.tokenize_sides import show_sides

        show_sides(source, models, asked)
    elif asked.stages:
        from tui.commands.tokenize_stages import show_stages

        show_stages(source, models[0], asked)
    else:
        from tui.commands.tokenize_batch import show_batches

        show_batches(source, models[0], asked)


@contextlib.contextmanager
def _all_processors() -> Iterator[None]:
    """Lets the Rust library encode many sentences at once, which it asks the environment for."""
    before = os.environ.get("TOKENIZERS_PARALLELISM")
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    try:
        yield
    finally:
        if before is None:
            del os.environ["TOKENIZERS_PARALLELISM"]
        else:
            os.environ["TOKENIZERS_PARALLELISM"] = before
