"""`termformer completion`: the script that lets a shell complete commands, options and names."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from tui.commands.environment import COMPLETE

_SHELLS = ("bash", "zsh", "fish")


@click.command("completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(_SHELLS), required=False)
def completion_command(shell: str | None) -> None:
    r"""Print the script that makes SHELL complete commands, options, models and runs.

    Without SHELL, the one that $SHELL names.

    \b
      bash: termformer completion bash >> ~/.bashrc
      zsh:  termformer completion zsh  >> ~/.zshrc
      fish: termformer completion fish >  ~/.config/fish/completions/termformer.fish
    """
    shell = shell or Path(os.environ.get("SHELL", "")).name
    completion = get_completion_class(shell) if shell in _SHELLS else None
    if completion is None:
        raise click.UsageError(f"Name a shell: {', '.join(_SHELLS)}.")
    root = click.get_current_context().find_root().command
    sys.stdout.write(completion(root, {}, "termformer", COMPLETE).source())
