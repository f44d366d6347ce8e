"""The tree of commands, and its help."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass

import click

from core import __version__
from core.text.visible import visible
from tui.commands.environment import COMPLETE
from tui.commands.opening import open_app
from tui.commands.options import NAMES_OF_MODELS, model_option, trust_option
from tui.commands.outcome import DONE, FAILED, INTERRUPTED, WRONG_USAGE, complain


@dataclass(frozen=True, slots=True)
class Section:
    """Commands that belong together in the help; each name with the module that holds it."""

    title: str
    commands: dict[str, str]


SECTIONS = (
    Section(
        "Look inside a model",
        {"tokenize": "tokenize", "compare": "compare", "classify": "classify", "model": "model"},
    ),
    Section(
        "Fine-tune a model",
        {
            "train": "train",
            "runs": "runs",
            "attach": "runs",
            "watch": "watch",
            "pause": "steering",
            "resume": "steering",
            "checkpoint": "steering",
            "evaluate": "steering",
            "set": "steering",
            "stop": "runs",
        },
    ),
    Section("Look after Termformer", {"doctor": "doctor", "completion": "completion"}),
)
_MODULES = {name: module for section in SECTIONS for name, module in section.commands.items()}

_AFTER_COMMANDS = f"""\
{NAMES_OF_MODELS}

Examples:

\b
  termformer                                        open the app
  termformer tokenize "I love hugging face!"
  termformer compare "I've waited for this." "I hate it."
  termformer classify --file reviews.txt --export labels.csv
  termformer model --from-config --set num_hidden_layers=4 bert
  sort sentences.txt | termformer tokenize --json - | jq .shape
  termformer train --epochs 1 --detach && termformer runs

\b
Every command takes --help. Exit codes: 0 done, 1 failed (the reason is on
standard error), 2 wrong usage, 130 interrupted by ctrl+c.

\b
Files (termformer doctor says where they are and how large):
  TERMFORMER_CACHE_DIR   assembled models and tokenizers; safe to delete
  TERMFORMER_RUNS_DIR    one folder a training run
  TERMFORMER_CONFIG      your settings: theme, model, keys
  TERMFORMER_STATE_DIR   the app's sentences, and the log of what went wrong
HF_HOME, HF_HUB_OFFLINE, HF_TOKEN and proxies are respected; nothing is sent
anywhere, and only models you name are fetched.

Help: F1 in the app, termformer COMMAND --help, and termformer doctor, whose
output belongs in every bug report.
"""


class CommandTree(click.Group):
    """Imports a command's module when it is needed, and lists commands by section."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULES:
            return None
        module = importlib.import_module(f"tui.commands.{_MODULES[cmd_name]}")
        command = getattr(module, f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section in SECTIONS:
            with formatter.section(section.title):
                formatter.write_dl(
                    [
                        (name, command.get_short_help_str(60))
                        for name in section.commands
                        if (command := self.get_command(ctx, name))
                    ],
                    col_max=12,
                )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        formatter.write_text(_AFTER_COMMANDS)


@click.group(
    cls=CommandTree,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
)
@model_option("The model the app opens with.", default=None)
@trust_option
@click.version_option(__version__, prog_name="termformer", message="%(prog)s %(version)s")
@click.pass_context
def termformer(ctx: click.Context, model: str | None) -> None:
    """Look inside transformer text models from the terminal.

    Type sentences and see their tokens, ids and masks change with every key; see what padding
    and the attention mask do to the logits; watch the loss while a model is fine-tuned.
    Without a command the app opens; the commands do the same work for scripts and pipes.
    """
    if ctx.invoked_subcommand is None:
        ctx.exit(open_app(model))
    if model is not None:
        raise click.UsageError(
            f"Write --model after the command: termformer {ctx.invoked_subcommand} --model {model}"
        )


def run(arguments: list[str]) -> int:
    """Runs one command; returns its exit code. Errors of the commands themselves are raised."""
    if COMPLETE in os.environ:
        termformer.main(arguments, "termformer", complete_var=COMPLETE)
    try:
        with termformer.make_context("termformer", arguments) as ctx:
            termformer.invoke(ctx)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.Abort as abort:
        if isinstance(abort.__context__, KeyboardInterrupt):
            return INTERRUPTED
        complain("There was no answer, so nothing was done.")
        return FAILED
    except click.UsageError as error:
        _show_usage(error)
        return WRONG_USAGE
    except click.ClickException as error:
        complain(error.format_message())
        return FAILED
    return DONE


def _show_usage(error: click.UsageError) -> None:
    """As click shows it, but for control characters in what was typed."""
    if error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
        click.echo(f"Try '{error.ctx.command_path} --help' for help.\n", err=True)
    for line in f"Error: {error.format_message()}".splitlines():
        click.echo(visible(line), err=True)
