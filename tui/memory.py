"""What the app remembers, saved within a second of a change."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

from textual.dom import DOMNode
from textual.timer import Timer

from core.settings import SavedState, write_state

log = logging.getLogger(__name__)

QUIET = 0.4
"""Seconds after the first change at which it is saved, changes in between included."""


class Memory:
    """Saves snapshots of the app's state: soon after a change, and at the end.

    What is saved soon is written in a thread: a disk may take longer than a key may wait.
    """

    def __init__(
        self, owner: DOMNode, snapshot: Callable[[], SavedState], failed: Callable[[str], None]
    ) -> None:
        self._owner = owner
        self._snapshot = snapshot
        self._failed = failed
        self._timer: Timer | None = None
        self._broken = False
        self._writing = threading.Lock()
        self._taken = self._written = 0
        self.enabled = True
        """Off where what is there must not be written over."""

    def changed(self) -> None:
        """Something worth remembering changed."""
        if self._timer is None:
            self._timer = self._owner.set_timer(QUIET, self._save_behind)

    async def _save_behind(self) -> None:
        self._timer = None
        if self.enabled:
            self._taken += 1
            self._told(await asyncio.to_thread(self._write, self._taken, self._snapshot()))

    def save(self) -> None:
        """Saves now."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self.enabled:
            self._taken += 1
            self._told(self._write(self._taken, self._snapshot()))

    def _write(self, number: int, state: SavedState) -> OSError | None:
        """Writes the snapshot `number`, unless a later one has been written; a failure if any."""
        with self._writing:
            if number < self._written:
                return None
            try:
                write_state(state)
            except OSError as error:
                return error
            self._written = number
            return None

    def _told(self, error: OSError | None) -> None:
        """A failure is told once, not at every key."""
        if error is not None:
            log.warning("state not saved: %s", error)
            if not self._broken:
                reason = error.strerror or str(error)
                self._failed(f"Sentences cannot be saved ({reason}); they stay on the screen.")
        self._broken = error is not None
