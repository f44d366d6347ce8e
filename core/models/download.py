"""One download from the Hub: watched as its files grow, given up at any moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import huggingface_hub
from huggingface_hub import constants

from core.checkpoints import hub_repository
from core.sizes import size

_CHUNK_BYTES = 1 << 16
"""What a plain HTTP download writes at once; the library's 10 MB are minutes on a slow line."""
_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 3.0
"""Without a byte for so long, the user is told; the library's retries go on meanwhile."""


class UnderWay:
    """Counts downloads; whoever ends the process may wait a little for there to be none."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def __enter__(self) -> None:
        with self._changed:
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait(self, timeout: float) -> None:
        """Returns when nothing is fetched any more, or after `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._count, timeout)


under_way = UnderWay()

Progress = Callable[[str, int | None, int | None], None]
"""Called with what is being done, and bytes done and in all, where known.

It may raise `Abandoned` to break off.
"""


class Abandoned(Exception):  # noqa: N818 - a wish, not an error
    """Raised by a `Progress` when nobody wants the model any more."""


class Download:
    """Files of `name` that match `patterns`, fetched in a thread of its own from now on.

    huggingface_hub cannot be told to stop, only made to fail where it reports progress. A thread
    that waits for a dead server ends by the library's own time limit, and writes nothing more.
    """

    def __init__(self, name: str, patterns: list[str]) -> None:
        self._name = name
        self._patterns = patterns
        self._given_up = threading.Event()
        self._over = threading.Event()
        self._counter = _Counter(self._given_up)
        self._folder: str | None = None
        self._error: BaseException | None = None
        self._blobs = hub_repository(name) / "blobs"
        self._before = size(self._blobs) or 0
        threading.Thread(target=self._run, name=f"download {name}", daemon=True).start()

    def wait(self, progress: Progress) -> Path:
        """The folder with the files; raises what the library raised, or `Abandoned`."""
        heard, seen = time.monotonic(), -1
        try:
            while not self._over.wait(_LOOK_SECONDS):
                done = self._done()
                now = time.monotonic()
                if done != seen:
                    heard, seen = now, done
                    self._tell(progress, done)
                elif now - heard >= _PATIENCE_SECONDS:
                    progress(_silence(now - heard), None, None)
                else:
                    self._tell(progress, done)
        except BaseException:
            self._given_up.set()
            self._over.wait(_LOOK_SECONDS)
            raise
        if self._error:
            raise self._error
        assert self._folder is not None
        self._tell(progress, self._done())
        return Path(self._folder)

    def _run(self) -> None:
        constants.DOWNLOAD_CHUNK_SIZE = _CHUNK_BYTES
        try:
            with under_way:
                if self._given_up.is_set():
                    return
                self._folder = huggingface_hub.snapshot_download(
                    self._name,
                    allow_patterns=self._patterns,
                    tqdm_class=_bar_class(self._counter),
                )
        except BaseException as error:
            self._error = error
        finally:
            self._over.set()

    def _done(self) -> int:
        """Bytes that arrived: as the library counts them, or as the files have grown."""
        grown = (size(self._blobs) or 0) - self._before
        return max(self._counter.done, grown)

    def _tell(self, progress: Progress, done: int) -> None:
        total = self._counter.total
        if not total:
            progress(f"asking the Hub for {self._name}", None, None)
            return
        progress(f"downloading {self._name}", min(done, total), total)


def _silence(seconds: float) -> str:
    host = urlsplit(constants.ENDPOINT).netloc or constants.ENDPOINT
    return f"no answer from {host} for {seconds:.0f} s, still trying"


class _Counter:
    """Bytes that arrived, and bytes in all, from whatever thread."""

    def __init__(self, given_up: threading.Event) -> None:
        self._given_up = given_up
        self._lock = threading.Lock()
        self.done = 0
        self.total = 0

    def report(self, done: float, total: float | None) -> None:
        """Two bars count the same bytes, as they arrive and as they are written: the further."""
        if self._given_up.is_set():
            raise Abandoned
        with self._lock:
            self.done = max(self.done, int(done))
            self.total = max(self.total, int(total or 0))


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
            if self._bytes:
                counter.report(self.n, self.total)

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
