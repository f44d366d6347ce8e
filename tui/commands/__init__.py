"""The command line, one file a group of commands. `main` is the `termformer` command.

Nothing here imports textual, rich or click before it is needed: `termformer` alone goes straight
to the app, and the commands for scripts never load it.
"""

from __future__ import annotations

import os
import sys

from tui.commands.environment import COMPLETE, prepare_environment
from tui.commands.logs import keep_log
from tui.commands.outcome import outcome


def main() -> None:
    """Runs the command that `sys.argv` names and ends the process with its exit code.

    0: done. 1: failed, the reason is on stderr. 2: wrong usage. 130: interrupted by ctrl+c.
    """
    prepare_environment()
    keep_log()
    if len(sys.argv) == 1 and COMPLETE not in os.environ:
        from tui.commands.opening import open_app

        code = outcome(open_app)
    else:
        from tui.commands.cli import run

        code = outcome(lambda: run(sys.argv[1:]))
    sys.exit(code)
