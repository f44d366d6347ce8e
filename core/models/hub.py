"""Fetching a checkpoint from the Hugging Face Hub into the Hub's own cache."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import huggingface_hub
from huggingface_hub import constants, errors

from core.checkpoints import TOKENIZER_FILES, VOCABULARY_FILES, hub_snapshot
from core.errors import ModelError
from core.models.failures import chain, disk_failure, reason

SAFE_WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "model-*-of-*.safetensors")
PICKLED_WEIGHTS = (
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "pytorch_model-*-of-*.bin",
)
"""Fetched only where there are no safetensors, and read by `torch.load(weights_only=True)`."""

_CHUNK_BYTES = 1 << 20
under_way = threading.Lock()
"""Held while something is fetched; whoever ends the process may wait for it a little."""

Progress = Callable[[str, int | None, int | None], None]
"""Called with what is being done, and bytes done and in all, where known.

It may be called from any thread, and may raise `Abandoned` to break off.
"""


class Abandoned(Exception):  # noqa: N818 - a wish, not an error
    """Raised by a `Progress` when nobody wants the model any more."""


def has_weights(folder: Path) -> bool:
    """Whether all weight files of a checkpoint are in `folder`, as far as names tell."""
    return any(
        (folder / f"{stem}.{ending}").is_file() or _has_shards(folder, stem, ending)
        for stem, ending in (("model", "safetensors"), ("pytorch_model", "bin"))
    )


def has_tokenizer(folder: Path) -> bool:
    """Whether `folder` holds a tokenizer's vocabulary."""
    return any((folder / file).is_file() for file in VOCABULARY_FILES)


def snapshot(name: str, progress: Progress, *, weights: bool = True) -> Path:
    """The folder of `name` in the Hub's cache, fetched where it is not yet whole.

    What is cached is used as it is, without asking the Hub; so it works offline, and does not
    change while one works with it. Raises `ModelError`; files that arrived whole are kept.
    """
    cached = hub_snapshot(name)
    if cached and _is_whole(cached, weights=weights):
        return cached
    progress(f"asking the Hub for {name}", None, None)
    small = ["config.json", *TOKENIZER_FILES]
    folder = _fetch(name, [*small, *SAFE_WEIGHTS] if weights else small, progress)
    if weights and not has_weights(folder):
        folder = _fetch(name, [*small, *PICKLED_WEIGHTS], progress)
    return folder


def config_folder(name: str, progress: Progress) -> Path:
    """As `snapshot`, for the config alone."""
    cached = hub_snapshot(name)
    if cached and (cached / "config.json").is_file():
        return cached
    progress(f"asking the Hub for {name}", None, None)
    return _fetch(name, ["config.json"], progress)


def _is_whole(folder: Path, *, weights: bool) -> bool:
    if not ((folder / "config.json").is_file() and has_tokenizer(folder)):
        return False
    return has_weights(folder) or not weights


def _has_shards(folder: Path, stem: str, ending: str) -> bool:
    if not (folder / f"{stem}.{ending}.index.json").is_file():
        return False
    shards = list(folder.glob(f"{stem}-*-of-*.{ending}"))
    return bool(shards) and len(shards) == int(shards[0].stem.rpartition("-")[2])


def _fetch(name: str, patterns: list[str], progress: Progress) -> Path:
    # Its 10 MB are what a plain HTTP download loses when it breaks off, and how rarely it tells.
    constants.DOWNLOAD_CHUNK_SIZE = _CHUNK_BYTES
    bar = _bar_class(f"downloading {name}", progress)
    try:
        with under_way:
            folder = huggingface_hub.snapshot_download(
                name, allow_patterns=patterns, tqdm_class=bar
            )
    except Abandoned:
        raise
    except Exception as error:
        raise _hub_failure(error, name) from error
    return Path(folder)


def _bar_class(stage: str, progress: Progress) -> type[Any]:
    """A class with as much of tqdm's face as huggingface_hub uses, drawing nothing."""
    lock = threading.Lock()
    reported = -1

    class Bar:
        def __init__(
            self, *_: object, total: float | None = None, unit: str = "", **__: object
        ) -> None:
            self.n: float = 0
            self.total = total
            self.format_dict: dict[str, object] = {"rate": None}
            self._bytes = unit == "B"

        def update(self, count: float | None = 1) -> None:
            # Two bars count the same bytes, as they arrive and as they are written.
            nonlocal reported
            with lock:
                self.n += count or 0
                done = int(self.n)
                if not self._bytes or done <= reported:
                    return
                reported = done
            total = int(self.total) if self.total else None
            progress(stage, done, None if total is not None and total < done else total)

        def _nothing(self, *_: object, **__: object) -> None: ...

        refresh = close = set_description = set_description_str = set_postfix_str = _nothing

        def __enter__(self) -> Self:
            return self

        def __exit__(
            self,
            kind: type[BaseException] | None,
            error: BaseException | None,
            traceback: TracebackType | None,
        ) -> None: ...

    return Bar


def _hub_failure(error: BaseException, name: str) -> ModelError:
    links = list(chain(error))
    hub = constants.ENDPOINT
    if failure := disk_failure(error, f"The download of {name}"):
        return failure
    for link in links:
        if isinstance(link, errors.HfHubHTTPError):
            return _http_failure(link, name, hub)
    if any(isinstance(link, errors.OfflineModeIsEnabled) for link in links):
        return ModelError(
            "offline",
            f"{name} is not on this machine, and HF_HUB_OFFLINE keeps it from being fetched: "
            "unset it, or choose a model that is here.",
        )
    if any(isinstance(link, errors.HFValidationError) for link in links):
        return ModelError("not_found", f"{name!r} cannot be a model's name on the Hub.")
    if any(
        isinstance(link, errors.LocalEntryNotFoundError | errors.IncompleteSnapshotError)
        for link in links
    ):
        return ModelError(
            "offline",
            f"{name} is not on this machine, and the Hub ({hub}) cannot be reached: "
            f"{reason(links[-1])}. Check the connection or the proxy, or choose a model that is "
            "here.",
        )
    return ModelError(
        "server",
        f"The download of {name} broke off: {reason(error)}. Files that arrived whole are kept; "
        "try again for the rest.",
    )


def _http_failure(error: errors.HfHubHTTPError, name: str, hub: str) -> ModelError:
    status = error.response.status_code
    log_in = "log in with `hf auth login` or set HF_TOKEN"
    if isinstance(error, errors.GatedRepoError):
        return ModelError(
            "gated", f"{name} is gated: ask for access at {hub}/{name}, then {log_in}."
        )
    if isinstance(error, errors.DisabledRepoError):
        return ModelError("not_found", f"The Hub has disabled {name}: choose another model.")
    if isinstance(error, errors.RepositoryNotFoundError | errors.RevisionNotFoundError):
        return ModelError(
            "not_found",
            f"There is no model named {name!r}: no such folder or run, and the Hub has none or "
            f"keeps it private (then {log_in}).",
        )
    if status in (401, 403):
        return ModelError(
            "unauthorized", f"The Hub refused access to {name} ({status}): {log_in} anew."
        )
    if status == 404:
        return ModelError("not_found", f"The Hub ({hub}) knows no model named {name!r} (404).")
    return ModelError(
        "server", f"The Hub answered {status} when asked for {name}: try again in a while."
    )
