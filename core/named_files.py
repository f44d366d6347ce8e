"""Files whose name somebody typed: written whole, and over another one only where that is meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.durable import write_atomic
from core.errors import TermformerError
from core.text.visible import visible
from core.typed_paths import exists, is_dir, is_file

Make = Callable[[], str | bytes]


class OccupiedError(TermformerError):
    """There is a file of this name, and nobody said that it may be replaced."""


def write_file(path: Path, make: Make, *, replace: bool) -> int:
    """Writes what `make` gives to `path` in one step; returns the size in bytes.

    Raises `OccupiedError` where there is such a file and it is not to be replaced, and otherwise a
    `TermformerError` with what was there before untouched.
    """
    shown = visible(path.name)
    try:
        _refuse_unless_writable(path, shown, replace)
        made = make()
        data = made if isinstance(made, bytes) else made.encode("utf-8", "replace")
        _refuse_unless_writable(path, shown, replace)  # it may have come to be meanwhile
        write_atomic(path, data, mode=0o644)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TermformerError(
            f"{shown} could not be written: {reason}. Nothing was changed; choose another place."
        ) from error
    return len(data)


def _refuse_unless_writable(path: Path, shown: str, replace: bool) -> None:
    if not is_dir(path.parent):
        raise TermformerError(f"There is no folder {visible(str(path.parent))}: nothing was saved.")
    if is_dir(path):
        raise TermformerError(f"{shown} is a folder: add a file's name.")
    if exists(path) and not is_file(path):
        raise TermformerError(f"{shown} is no ordinary file: choose another name.")
    if is_file(path) and not replace:
        raise OccupiedError(f"{shown} exists.")
