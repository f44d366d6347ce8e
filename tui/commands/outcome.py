"""How a command ends: its exit code, and one line on standard error where it failed."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sys
from collections.abc import Callable

from core import paths
from core.errors import TermformerError

DONE = 0
FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130
OUTPUT_CLOSED = 141
"""As a shell reports any program whose reader went away (128 + SIGPIPE)."""

_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}

log = logging.getLogger(__name__)


def outcome(action: Callable[[], int]) -> int:
    """Runs `action` and returns the process's exit code, whatever happened."""
    if sys.stdout is None:
        complain("Standard output is closed: there is nowhere to write to.")
        return FAILED
    try:
        code = action()
        sys.stdout.flush()
    except TermformerError as error:
        complain(str(error))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return OUTPUT_CLOSED
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _UNWRITABLE and error.filename is None:
            complain(f"Standard output cannot be written: {error.strerror}.")
            _drop_output()
            return FAILED
        log.exception("unforeseen")
        complain(
            f"Something unforeseen happened ({type(error).__name__}: {error}). "
            f"The details are in {paths.log_file()}."
        )
        return FAILED
    return code


def complain(message: str) -> None:
    """Writes `message` to standard error as one line, its control characters made visible."""
    from core.text.visible import visible

    if sys.stderr is None:
        return
    with contextlib.suppress(OSError):
        sys.stderr.write(f"termformer: {visible(message)}\n")
        sys.stderr.flush()


def _drop_output() -> None:
    """What is still buffered goes nowhere, or the interpreter would complain at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
