"""The log file: what went wrong, for a bug report."""

from __future__ import annotations

import logging

from core import paths

_LARGEST = 1 << 20
_KEPT = 2


class LogFile(logging.Handler):
    """Writes to `paths.log_file()`, which is made, with all it needs, at the first record."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._file: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self._file is None:
                self._file = _open()
            self._file.emit(record)
        except OSError:
            # A full or read-only disk must not end what the user is doing; standard error
            # belongs to the screen. Whoever logs an error tells the user of it as well.
            self._file = logging.NullHandler()


def _open() -> logging.Handler:
    from logging.handlers import RotatingFileHandler

    from core.durable import private_directory

    file = paths.log_file()
    private_directory(file.parent)
    handler = RotatingFileHandler(
        file, maxBytes=_LARGEST, backupCount=_KEPT, encoding="utf-8", errors="backslashreplace"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler


def keep_log() -> None:
    """Sends warnings and errors of this process, and what Termformer itself says, to the file."""
    root = logging.getLogger()
    if not any(isinstance(handler, LogFile) for handler in root.handlers):
        root.addHandler(LogFile())
    for name in ("core", "tui", "termformer"):
        logging.getLogger(name).setLevel(logging.INFO)
