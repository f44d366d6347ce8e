"""Fetches files of a repository from the Hub, in a process that can be ended at any moment.

Run as `python -m core.models.fetching NAME PATTERN…`. huggingface_hub cannot be told to stop, and a
thread that waits for a silent server ends only with its process: then the connection is closed and
the file's lock is free at once. What happens is told on standard output, a line of JSON each; the
process ends when its standard input closes, however the one that started it ended.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from types import TracebackType
from typing import Any, Self

import huggingface_hub
import msgspec
from huggingface_hub import constants

from core.errors import ModelErrorKind
from core.models.hub_failures import hub_failure

_CHUNK_BYTES = 1 << 16
"""What a plain HTTP download writes at once; the library's 10 MB are minutes on a slow line."""
_TELL_SECONDS = 0.1


class Counted(msgspec.Struct, frozen=True, tag="counted"):
    """Bytes that arrived, and bytes in all."""

    done: int
    total: int


class Fetched(msgspec.Struct, frozen=True, tag="fetched"):
    """All is there, in this folder."""

    folder: str


class NotFetched(msgspec.Struct, frozen=True, tag="not_fetched"):
    """Why it is not, as `ModelError` has it."""

    kind: ModelErrorKind
    message: str


Told = Counted | Fetched | NotFetched


class _Counter:
    """Bytes that arrived, and bytes in all, from whatever thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done = 0
        self._total = 0
        self._told_at = 0.0

    def report(self, done: float, total: float | None) -> None:
        """Two bars count the same bytes, as they arrive and as they are written: the further."""
        with self._lock:
            before = self._total
            self._done = max(self._done, int(done))
            self._total = max(self._total, int(total or 0))
            now = time.monotonic()
            if self._total == before and now - self._told_at < _TELL_SECONDS:
                return
            self._told_at = now
        self.tell()

    def tell(self) -> None:
        """Says how far it is."""
        with self._lock:
            _tell(Counted(self._done, self._total))


def _tell(told: Told) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()


def _bar_class(counter: _Counter) -> type[Any]:
    """A class with as much of tqdm's face as huggingface_hub uses, drawing nothing."""

    class Bar:
        def __init__(
            self, *_: object, total: float | None = None, unit: str = "", **__: object
        ) -> None:
            self.n: float = 0
            self.total = total
            self.format_dict: dict[str, object] = {"rate": None}
            self._lock = threading.Lock()
            self._bytes = unit == "B"

        def update(self, count: float | None = 1) -> None:
            with self._lock:
                self.n += count or 0
            self.refresh()

        def refresh(self, *_: object, **__: object) -> None:
            # The library does so, too, when it has learnt how large a file is.
            if self._bytes:
                counter.report(self.n, self.total)

        def _nothing(self, *_: object, **__: object) -> None: ...

        close = set_description = set_description_str = set_postfix_str = _nothing

        def __enter__(self) -> Self:
            return self

        def __exit__(
            self,
            kind: type[BaseException] | None,
            error: BaseException | None,
            traceback: TracebackType | None,
        ) -> None: ...

    return Bar


def _end_with_the_one_that_started_it() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def main(name: str, patterns: list[str]) -> None:
    """Fetches what matches `patterns`, and says how it went."""
    threading.Thread(target=_end_with_the_one_that_started_it, daemon=True).start()
    constants.DOWNLOAD_CHUNK_SIZE = _CHUNK_BYTES
    counter = _Counter()
    # All is imported: whoever listens knows that the server is asked from now on.
    counter.tell()
    try:
        folder = huggingface_hub.snapshot_download(
            name, allow_patterns=patterns, tqdm_class=_bar_class(counter)
        )
    except Exception as error:
        failure = hub_failure(error, name)
        _tell(NotFetched(failure.kind, str(failure)))
    else:
        counter.tell()
        _tell(Fetched(folder))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
