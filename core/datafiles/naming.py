"""What the name of data means: a file or folder of this machine, or a name on the Hub."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.datafiles.formats import SUFFIXES
from core.errors import DataError
from core.runs.config import REVIEWS
from core.text.visible import fit
from core.typed_paths import SHOWN, exists, is_dir, refusal, typed_path

HUB_DATA = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?)(:(?P<subset>[\w.-]+))?", re.ASCII
)
"""`owner/name`, or `owner/name:subset` where data comes in several."""


def find_local(name: str) -> Path | None:
    """The file or folder called `name`; None where it is a name on the Hub.

    Raises `DataError` where it is neither.
    """
    path = typed_path(name)
    if exists(path):
        return path
    if why := refusal(path):
        raise DataError(f"There is no data named {fit(name, SHOWN)!r}: {why}.")
    # No owner on the Hub has the name of a folder here, and nothing without an owner a suffix.
    if path.suffix.lower() in SUFFIXES and is_dir(path.parent):
        raise DataError(f"There is no data named {name!r}: no such file.")
    if name.startswith(("/", "./", "../", "~")):
        raise DataError(f"There is no data named {name!r}: no such file or folder.")
    if HUB_DATA.fullmatch(name):
        return None
    raise DataError(
        f"There is no data named {name!r}: give {REVIEWS!r}, a file, a folder, or a name on the "
        "Hugging Face Hub."
    )


def require_hub(name: str) -> None:
    """Raises `DataError` where `name` cannot be streamed."""
    if not HUB_DATA.fullmatch(name):
        raise DataError(f"{name} is not on the Hub, so it cannot be streamed; leave out --stream.")


@contextmanager
def reading() -> Iterator[None]:
    """Has what the system says of a file that cannot be read as a `DataError`."""
    try:
        yield
    except OSError as error:
        where = error.filename or "The data"
        raise DataError(f"{where} cannot be read: {error.strerror or error}.") from error
