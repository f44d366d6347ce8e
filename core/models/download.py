"""One download from the Hub: watched as its files grow, given up at any moment."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from huggingface_hub import constants

from core.checkpoints import hub_repository
from core.environment import child_environment
from core.errors import ModelError
from core.models.fetching import Counted, Fetched, NotFetched, Told
from core.sizes import size

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
    """Files of `name` that match `patterns`, fetched in a process of its own from now on."""

    def __init__(self, name: str, patterns: list[str]) -> None:
        self._name = name
        self._over = threading.Event()
        self._is_asking = False
        self._counted = Counted(0, 0)
        self._most = 0
        self._result: Fetched | NotFetched | None = None
        self._blobs = hub_repository(name) / "blobs"
        self._before = size(self._blobs) or 0
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "core.models.fetching", name, *patterns],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env=child_environment(),
        )
        threading.Thread(target=self._listen, name=f"download {name}", daemon=True).start()

    def wait(self, progress: Progress) -> Path:
        """The folder with the files; raises `ModelError`, and what `progress` raises.

        However it ends, the process is gone, and with it its connection and its locks.
        """
        heard, seen = time.monotonic(), -1
        try:
            while not self._over.wait(_LOOK_SECONDS):
                done = self._done()
                now = time.monotonic()
                # Before the process has asked, its silence is not the server's.
                if done != seen or not self._is_asking:
                    heard, seen = now, done
                    self._tell(progress, done)
                elif now - heard >= _PATIENCE_SECONDS:
                    progress(_silence(now - heard), None, None)
                else:
                    self._tell(progress, done)
        finally:
            self._process.kill()
            self._process.wait()
            assert self._process.stdin is not None
            self._process.stdin.close()
        if isinstance(self._result, NotFetched):
            raise ModelError(self._result.kind, self._result.message)
        if self._result is None:
            raise ModelError(
                "server",
                f"The download of {self._name} broke off, since its process was ended. Files that "
                "arrived whole are kept; try again for the rest.",
            )
        self._tell(progress, self._done())
        return Path(self._result.folder)

    def _listen(self) -> None:
        decoder = msgspec.json.Decoder(Told)
        try:
            assert self._process.stdout is not None
            with self._process.stdout as lines:
                for line in lines:
                    told: Told = decoder.decode(line)
                    self._is_asking = True
                    if isinstance(told, Counted):
                        self._counted = told
                    else:
                        self._result = told
                        break
        finally:
            self._over.set()

    def _done(self) -> int:
        """Bytes that arrived: as the library counts them, or as the files have grown."""
        grown = (size(self._blobs) or 0) - self._before
        # A file that is renamed while it is looked for is missed once.
        self._most = max(self._most, self._counted.done, grown)
        return self._most

    def _tell(self, progress: Progress, done: int) -> None:
        total = self._counted.total
        if not total:
            progress(f"asking the Hub for {self._name}", None, None)
            return
        progress(f"downloading {self._name}", min(done, total), total)


def _silence(seconds: float) -> str:
    host = urlsplit(constants.ENDPOINT).netloc or constants.ENDPOINT
    return f"no answer from {host} for {seconds:.0f} s, still trying"
