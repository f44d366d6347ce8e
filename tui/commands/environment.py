"""What every process of Termformer, and every child of one, finds in its environment."""

from __future__ import annotations

import sys
from io import TextIOWrapper

from core.environment import quiet_libraries

COMPLETE = "_TERMFORMER_COMPLETE"
"""Set by a shell that asks for completions."""


def prepare_environment() -> None:
    """Silences what libraries would send or print; what the user set otherwise stays.

    Text that the terminal's encoding does not know is written as `?` instead of raising.
    """
    quiet_libraries()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
