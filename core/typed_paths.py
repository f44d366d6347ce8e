"""Paths as somebody typed them, which the system may refuse to look for."""

from __future__ import annotations

import errno
import os
from pathlib import Path

SHOWN = 100
"""Cells of a name that a sentence repeats."""


def typed_path(text: str | Path) -> Path:
    """`text` as a path, with the home folder for `~`; as it is where that home is unknown."""
    path = Path(text)
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def is_file(path: Path) -> bool:
    """Whether a file is there; unlike `Path.is_file`, False of every path that is refused."""
    return os.path.isfile(path)  # noqa: PTH113


def is_dir(path: Path) -> bool:
    """Whether a folder is there; unlike `Path.is_dir`, False of every path that is refused."""
    return os.path.isdir(path)  # noqa: PTH112


def exists(path: Path) -> bool:
    """Whether anything is there; unlike `Path.exists`, False of every path that is refused."""
    return os.path.exists(path)  # noqa: PTH110


def refusal(path: Path) -> str:
    """Why the system does not look for `path`, such as `Permission denied`; else empty."""
    try:
        path.stat()
    except ValueError as error:
        return str(error)
    except OSError as error:
        absent = error.errno in {errno.ENOENT, errno.ENOTDIR}
        return "" if absent else error.strerror or str(error)
    return ""
