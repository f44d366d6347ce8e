"""What every process of Termformer, and every child of one, finds in its environment."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper

COMPLETE = "_TERMFORMER_COMPLETE"
"""Set by a shell that asks for completions."""

_DEFAULTS = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    # Threads of the Rust tokenizer and a later fork do not go together.
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
}
_ALWAYS = {
    # Nothing is sent anywhere, whatever the user's shell says of the Hub's own telemetry.
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def prepare_environment() -> None:
    """Silences what libraries would send or print; what the user set otherwise stays.

    Text that the terminal's encoding does not know is written as `?` instead of raising.
    """
    os.environ.update(_ALWAYS)
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
