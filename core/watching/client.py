"""The app's side: starts the process that reads, and takes what it tells without ever waiting."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from core.environment import child_environment
from core.errors import RunError
from core.watching.protocol import ONCE, CaughtUp, Frames, Message, Trouble

_PIECE = 1 << 18
_END_SECONDS = 2.0
_KEPT = "What it had read is shown."


class ForeignReader:
    """Reads the curves under `folder` in a process of its own, which ends with its standard input.

    Who takes `all`, and no more, looks only `once`: what is not whole is then told at once. Raises
    `RunError` where the process cannot be started.
    """

    def __init__(self, folder: Path, *, once: bool = False) -> None:
        self.folder = folder
        self._frames = Frames()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 — closed with the process
        options = [ONCE] if once else []
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "core.watching.reader", str(folder), *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                start_new_session=True,
                env=child_environment(),
            )
        except OSError as error:
            self._errors.close()
            raise RunError(f"{folder} cannot be watched: {error.strerror}.") from error
        assert self._process.stdout is not None
        self._pipe = self._process.stdout.fileno()
        os.set_blocking(self._pipe, False)
        self._ended = False

    def take(self) -> tuple[list[Message], bool]:
        """What has arrived, at most a quarter of a megabyte, and whether more may be waiting."""
        if self._ended:
            return [], False
        try:
            piece = os.read(self._pipe, _PIECE)
        except BlockingIOError:
            return [], False
        if not piece:
            self._ended = True
            words = f"The process that reads {self.folder} ended{self._last_words()}. {_KEPT}"
            return [Trouble("", words)], False
        try:
            return self._frames.take(piece), True
        except msgspec.MsgspecError:
            self.close()
            words = f"What the process that reads {self.folder} tells makes no sense: it was ended."
            return [Trouble("", f"{words} {_KEPT}")], False

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self._ended

    def all(self, seconds: float = 600.0) -> list[Message]:
        """Waits until all that is in the files was told; raises `RunError` where that never is."""
        found: list[Message] = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            messages, more = self.take()
            found += messages
            if any(isinstance(message, CaughtUp) for message in messages) or self._ended:
                return found
            if not more:
                time.sleep(0.01)
        raise RunError(f"{self.folder} was not read to its end within {seconds:.0f} seconds.")

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        # Of an exception what it says, not what it is called.
        words = lines[-1].partition(": ")[2].rstrip(".") if lines else ""
        return f": {words}" if words else ""

    def close(self) -> None:
        """Ends the process."""
        self._ended = True
        if self._process.stdin is not None and not self._process.stdin.closed:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()
