"""The worker's side of the log: events as they happen, and a sign of life in between."""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from core.models.failures import is_disk_full
from core.runs.events import Event, Heartbeat
from core.runs.log import EventWriter

if TYPE_CHECKING:
    from core.training.tensorboard import EventFiles

BEAT_AFTER = 8.0
"""Seconds of silence before a sign of life; several fit into `status.STALLED_AFTER`."""
_IDLE = 0.01
"""Share of one core below which a process does not work, but hangs."""
_RESERVE = 1 << 16
"""Bytes kept from the disk, for the words that say that it is full."""

logger = logging.getLogger(__name__)


class Journal:
    """Appends events from any thread, and heartbeats while the process works in silence.

    The sign of life is an honest one: it is given while the process uses its processor, or says
    that it waits on purpose (`waiting`), and not by a process that hangs.

    On a full disk the log goes on in the room of a reserve; `is_full` then says so, and
    `refill_reserve` is to be called once there is room again.
    """

    def __init__(self, path: Path, beat_after: float = BEAT_AFTER) -> None:
        self.waiting = False
        self.mirror: EventFiles | None = None
        """Is told each event too."""
        self.is_full = False
        self.append_seconds = 0.0
        """Spent in `append` so far."""
        self._reserve = path.with_name(".reserve")
        self._writer = EventWriter(path)
        try:
            self.refill_reserve()
        except OSError as error:
            if not is_disk_full(error):
                raise
            self.is_full = True
        self._lock = threading.Lock()
        self._beat_after = beat_after
        self._last = time.monotonic()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    def append(self, event: Event) -> None:
        """Writes one event; raises `OSError`."""
        began = time.perf_counter()
        with self._lock:
            try:
                written = self._writer.append(event)
            except OSError as error:
                if self.is_full or not is_disk_full(error):
                    raise
                self.is_full = True
                self._reserve.unlink(missing_ok=True)
                written = self._writer.append(event)
            if self.mirror is not None:
                self.mirror.write(written)
            self._last = time.monotonic()
        self.append_seconds += time.perf_counter() - began

    def refill_reserve(self) -> None:
        """Takes room from the disk for the last words; raises `OSError` where there is none."""
        try:
            with self._reserve.open("wb") as file:
                file.write(bytes(_RESERVE))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            # The part of it that found room leaves that to the words.
            self._reserve.unlink(missing_ok=True)
            raise
        self.is_full = False

    def sync(self) -> None:
        """Makes what was written survive a power cut."""
        with self._lock:
            self._writer.sync()

    def _beat(self) -> None:
        worked = time.process_time()
        while not self._closing.wait(self._beat_after / 4):
            if time.monotonic() - self._last < self._beat_after:
                continue
            now = time.process_time()
            if not self.waiting and now - worked < _IDLE * self._beat_after:
                continue
            worked = now
            # What is left of the reserve is for words.
            if self.is_full:
                continue
            try:
                self.append(Heartbeat())
            except OSError as error:
                # The next event meets the same trouble, in the thread that can act on it.
                logger.warning("No heartbeat could be written: %s", error)

    def close(self, last_word: Event | None = None) -> None:
        """Ends the heartbeats, writes the last event and makes the log durable."""
        self._closing.set()
        self._thread.join()
        try:
            if last_word is not None:
                self.append(last_word)
            self._writer.sync()
        finally:
            if self.mirror is not None:
                self.mirror.close()
            self._writer.close()
            self._reserve.unlink(missing_ok=True)


class Silence(Journal):
    """The journal of the processes that another one speaks for."""

    def __init__(self) -> None:
        self.waiting = self.is_full = False
        self.append_seconds = 0.0

    def append(self, event: Event) -> None:
        """Says nothing."""

    def refill_reserve(self) -> None:
        """Has none."""

    def sync(self) -> None:
        """Has nothing to lose."""

    def close(self, last_word: Event | None = None) -> None:
        """Has nothing to end."""
