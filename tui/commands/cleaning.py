"""Clearing Termformer's cache, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

from core import paths
from core.errors import TermformerError

MADE = ("datasets", "models", "tokenizers")
"""What Termformer makes in its cache."""


def clearable() -> list[Path]:
    """What is in the cache folder, all of it Termformer's own.

    Raises `TermformerError` where the folder holds, or leads to, anything else: a variable that
    names the wrong folder must not cost anybody's files.
    """
    cache = paths.cache_dir()
    kept = (
        Path.home(),
        paths.runs_dir(),
        paths.state_dir(),
        paths.config_file(),
        paths.hub_cache_dir(),
    )
    inside = [path for path in kept if path.resolve().is_relative_to(cache.resolve())]
    try:
        entries = sorted(cache.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise TermformerError(f"{cache} cannot be read: {error.strerror or error}.") from error
    foreign = [entry.name for entry in entries if entry.name not in MADE]
    if inside or foreign:
        what = inside[0] if inside else foreign[0]
        raise TermformerError(
            f"{cache} holds more than Termformer's cache ({what}): nothing was removed. "
            f"Remove by hand what you do not need of {', '.join(MADE)}."
        )
    return entries


def clear(entries: list[Path]) -> None:
    """Removes `entries`; of a link only the link. Raises `TermformerError`."""
    try:
        for entry in entries:
            if entry.is_symlink() or not entry.is_dir():
                entry.unlink()
            else:
                shutil.rmtree(entry)
    except OSError as error:
        raise TermformerError(
            f"{error.filename or paths.cache_dir()} could not be removed "
            f"({error.strerror or error}); what was removed before it is made again when needed."
        ) from error
