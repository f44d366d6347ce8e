"""Fetching a checkpoint from the Hugging Face Hub into the Hub's own cache."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from core import paths
from core.checkpoints import (
    TOKENIZER_FILES,
    VOCABULARY_FILES,
    has_weights,
    hub_repository,
    hub_snapshot,
)
from core.environment import trusts_remote_code
from core.errors import ModelError
from core.models.download import Abandoned, Download, Progress, under_way

__all__ = [
    "PICKLED_WEIGHTS",
    "SAFE_WEIGHTS",
    "Abandoned",
    "Progress",
    "config_folder",
    "has_tokenizer",
    "snapshot",
    "under_way",
]

SAFE_WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "model-*-of-*.safetensors")
PICKLED_WEIGHTS = (
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "pytorch_model-*-of-*.bin",
)
"""Fetched only where there are no safetensors, and read by `torch.load(weights_only=True)`."""


def has_tokenizer(folder: Path) -> bool:
    """Whether `folder` holds a tokenizer's vocabulary."""
    return any((folder / file).is_file() for file in VOCABULARY_FILES)


def snapshot(
    name: str, progress: Progress, *, weights: bool = True, tokenizer: bool = True
) -> Path:
    """The folder of `name` in the Hub's cache, fetched where it is not yet whole.

    What is cached is used as it is, without asking the Hub; so it works offline, and does not
    change while one works with it. A tokenizer that the Hub does not have is missing in the folder;
    with `tokenizer=False` the Hub is not asked for one where the weights are there already. Raises
    `ModelError`; files that arrived whole are kept.
    """
    cached = hub_snapshot(name)
    # Weights come with all the rest: beside them no tokenizer is missing but one the Hub has not.
    without = cached is not None and _is_whole(cached, weights=True, tokenizer=False)
    if cached and ((without and not tokenizer) or _is_whole(cached, weights=weights)):
        return cached
    try:
        return _fetch_missing(name, progress, weights=weights)
    except ModelError as error:
        enough = without or not (tokenizer or weights)
        if error.kind in ("offline", "server") and cached and enough and _has_config(cached):
            return cached
        raise


def _fetch_missing(name: str, progress: Progress, *, weights: bool) -> Path:
    progress(f"asking the Hub for {name}", None, None)
    small = ["config.json", *TOKENIZER_FILES, *(["*.py"] if trusts_remote_code() else [])]
    folder = _fetch(name, [*small, *SAFE_WEIGHTS] if weights else small, progress)
    if weights and not has_weights(folder):
        folder = _fetch(name, [*small, *PICKLED_WEIGHTS], progress)
    return folder


def config_folder(name: str, progress: Progress) -> Path:
    """As `snapshot`, for the config alone."""
    cached = hub_snapshot(name)
    if cached and _has_config(cached):
        return cached
    progress(f"asking the Hub for {name}", None, None)
    return _fetch(name, ["config.json"], progress)


def _has_config(folder: Path) -> bool:
    return (folder / "config.json").is_file()


def _is_whole(folder: Path, *, weights: bool, tokenizer: bool = True) -> bool:
    if not _has_config(folder) or (tokenizer and not has_tokenizer(folder)):
        return False
    return _has_code(folder) and (has_weights(folder) or not weights)


def brings_code(folder: Path) -> bool:
    """Whether the config in `folder` names Python of its own as what the model is made of."""
    return b'"auto_map"' in (folder / "config.json").read_bytes()


def _has_code(folder: Path) -> bool:
    """Whether code that may be run is there; it may have been fetched before it was trusted."""
    if not trusts_remote_code() or any(folder.glob("*.py")):
        return True
    return not brings_code(folder)


def _fetch(name: str, patterns: list[str], progress: Progress) -> Path:
    with under_way:
        _remove_leftovers(name)
        try:
            return Download(name, patterns).wait(progress)
        finally:
            _remove_leftovers(name)


def _remove_leftovers(name: str) -> None:
    """Removes the halves of files that nobody writes any more: they cannot be gone on with.

    Whoever writes one holds its lock, so those of another process stay.
    """
    for half in (hub_repository(name) / "blobs").glob("*.incomplete"):
        etag = half.name.partition(".")[0]
        lock = paths.hub_cache_dir() / ".locks" / hub_repository(name).name / f"{etag}.lock"
        with contextlib.suppress(OSError), _unlocked(lock):
            half.unlink(missing_ok=True)


@contextlib.contextmanager
def _unlocked(lock: Path) -> Iterator[None]:
    """Holds `lock`; raises `OSError` where somebody else does."""
    if not lock.exists():
        yield
        return
    with lock.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
