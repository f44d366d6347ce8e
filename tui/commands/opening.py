"""Opening the app."""

from __future__ import annotations

import logging
import sys

from core.errors import TermformerError

log = logging.getLogger(__name__)


def open_app(model: str | None = None, attach: str | None = None) -> int:
    """Opens the app, with `model` chosen or on the run `attach`; returns its exit code.

    Raises `TermformerError` where there is no terminal to open it in.
    """
    # Textual reads keys from standard input and draws on standard error.
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise TermformerError(
            "The app needs a terminal to open in. In scripts and pipes use a command: "
            "termformer --help lists them."
        )
    from tui.app import TermformerApp

    app = TermformerApp(model=model, attach=attach)
    app.run()
    # Textual shows what ended the app on the terminal; the log file is for the bug report.
    if error := getattr(app, "_exception", None):
        log.error("the app ended by itself", exc_info=error)
    return app.return_code or 0
