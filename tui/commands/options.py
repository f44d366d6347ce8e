"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

NAMES_OF_MODELS = """\
\b
A model (M) is named by
  mini        the embedded sentiment classifier
  mini-base   its encoder before fine-tuning
  a folder    that holds a Hugging Face checkpoint
  a run       by its name, or by its folder
  a Hub name  such as distilbert-base-uncased; fetched once
  random:M    random weights by the config of M: random:mini?seed=7"""

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def complete_model(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[click.shell_completion.CompletionItem]:
    """Names of models that begin so: embedded ones, runs, and what the shell knows of folders."""
    from click.shell_completion import CompletionItem

    from core.checkpoints import MINI, MINI_BASE
    from core.runs.folder import list_runs

    names = [MINI, MINI_BASE, *(run.name for run in list_runs())]
    known = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    # The shell itself completes folders.
    return [*known, CompletionItem(incomplete, type="dir")]


def model_option(help_text: str, default: str | None, *, multiple: bool = False) -> _Decorator:
    """`--model M`, with completion; `multiple` lets it be repeated, and its value is a tuple."""
    return click.option(
        "--model",
        "-m",
        metavar="M",
        default=(default,) if multiple else default,
        multiple=multiple,
        show_default=True,
        help=help_text,
        shell_complete=complete_model,
    )


def _trust(ctx: click.Context, _param: click.Parameter, trusted: bool) -> None:
    from core.environment import trust_remote_code

    # Said before a command it holds for the command too.
    if trusted or ctx.parent is None:
        trust_remote_code(trusted)


trust_option = click.option(
    "--trust-remote-code",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_trust,
    help="Run the Python that a checkpoint brings, for this start only. It may do anything.",
)

json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON document on standard output, and nothing else.",
)


def complete_run(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[click.shell_completion.CompletionItem]:
    """Names of runs that begin so, and what the shell knows of folders."""
    from click.shell_completion import CompletionItem

    from core.runs.folder import list_runs

    names = [run.name for run in list_runs() if run.name.startswith(incomplete)]
    return [*map(CompletionItem, names), CompletionItem(incomplete, type="dir")]


run_argument = click.argument("run", metavar="RUN", shell_complete=complete_run)
