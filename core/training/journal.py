"""The worker's side of the log: events as they happen, and a sign of life in between."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from core.runs.events import Event, Heartbeat
from core.runs.log import EventWriter

BEAT_AFTER = 8.0
"""Seconds of silence before a sign of life; several fit into `status.STALLED_AFTER`."""
_IDLE = 0.01
"""Share of one core below which a process does not work, but hangs."""

logger = logging.getLogger(__name__)


class Journal:
    """Appends events from any thread, and heartbeats while the process works in silence.

    The sign of life is an honest one: it is given while the process uses its processor, or says
    that it waits on purpose (`waiting`), and not by a process that hangs.
    """

    def __init__(self, path: Path, beat_after: float = BEAT_AFTER) -> None:
        self.waiting = False
        self._writer = EventWriter(path)
        self._lock = threading.Lock()
        self._beat_after = beat_after
        self._last = time.monotonic()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    def append(self, event: Event) -> None:
        """Writes one event; raises `OSError`."""
        with self._lock:
            self._writer.append(event)
            self._last = time.monotonic()

    def _beat(self) -> None:
        worked = time.process_time()
        while not self._closing.wait(self._beat_after / 4):
            if time.monotonic() - self._last < self._beat_after:
                continue
            now = time.process_time()
            if not self.waiting and now - worked < _IDLE * self._beat_after:
                continue
            worked = now
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
            self._writer.close()
