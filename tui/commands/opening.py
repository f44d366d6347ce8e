"""Opening the app."""

from __future__ import annotations

import sys
from pathlib import Path

from core.errors import TermformerError


def open_app(
    model: str | None = None, attach: str | None = None, others: Path | None = None
) -> int:
    """Opens the app, with `model` chosen, on the run `attach` or on the files below `others`.

    Returns its exit code.

    Raises `TermformerError` where there is no terminal to open it in.
    """
    # Textual reads keys from standard input and draws on standard error.
    if sys.stdin.isatty() and not sys.stderr.isatty():
        raise TermformerError(
            "Standard error is redirected, and the app draws on it: open the app without 2>."
        )
    if not sys.stdin.isatty():
        raise TermformerError(
            "The app needs a terminal to open in. In scripts and pipes use a command: "
            "termformer --help lists them."
        )
    from tui.app import TermformerApp
    from tui.paste import take_pastes_at_once

    take_pastes_at_once()
    app = TermformerApp(model=model, attach=attach, others=others)
    app.run()
    return app.return_code or 0
