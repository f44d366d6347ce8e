"""What the app remembers, saved within a second of a change."""

from __future__ import annotations

import logging
from collections.abc import Callable

from textual.dom import DOMNode
from textual.timer import Timer

from core.settings import SavedState, write_state

log = logging.getLogger(__name__)

QUIET = 0.4
"""Seconds after the first change at which it is saved, changes in between included."""


class Memory:
    """Saves snapshots of the app's state: soon after a change, and at the end."""

    def __init__(
        self, owner: DOMNode, snapshot: Callable[[], SavedState], failed: Callable[[str], None]
    ) -> None:
        self._owner = owner
        self._snapshot = snapshot
        self._failed = failed
        self._timer: Timer | None = None
        self._broken = False
        self.enabled = True
        """Off where what is there must not be written over."""

    def changed(self) -> None:
        """Something worth remembering changed."""
        if self._timer is None:
            self._timer = self._owner.set_timer(QUIET, self.save)

    def save(self) -> None:
        """Saves now. A failure is told once, not at every key."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if not self.enabled:
            return
        try:
            write_state(self._snapshot())
        except OSError as error:
            log.warning("state not saved: %s", error)
            if not self._broken:
                self._broken = True
                reason = error.strerror or str(error)
                self._failed(f"Sentences cannot be saved ({reason}); they stay on the screen.")
        else:
            self._broken = False
