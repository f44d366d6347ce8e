"""Following one run's log from the event loop: in slices, so that keys never wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from textual.dom import DOMNode
from textual.timer import Timer

from core.remote import session_is_remote
from core.settings import Settings
from tui.panes.train.watch import RunWatch

EAGER, IDLE = 0.25, 1.0
"""Seconds between two looks at the log, while something comes and while nothing does."""
REMOTE = 1.0
"""Seconds between two pictures where every byte of them travels."""
SLICE = 0.003
"""Seconds of reading, after which keys have their turn."""
_BREATH = 0.001
_SETTLED_AT_ONCE = 1 << 14
"""Points of curves nobody looks at that are summarized between two keys: 2 to 5 ms."""
_EVERY_CHECK = 2.0
"""Seconds between two looks for the worker's process."""


def seconds_between_pictures(owner: DOMNode) -> float:
    """As the settings say; otherwise by where the terminal is. Keys are answered at once always."""
    settings = getattr(owner.app, "settings", None)
    if isinstance(settings, Settings) and settings.chart_seconds is not None:
        return settings.chart_seconds
    return REMOTE if session_is_remote() else EAGER


class Follower:
    """Reads the run that is watched as long as its owner lives.

    `changed` hears, at most every `EAGER` seconds and more seldom on remote terminals, that
    something was found; `failed` why the log cannot be read, which is then tried again.
    """

    def __init__(
        self,
        owner: DOMNode,
        changed: Callable[[RunWatch], None],
        failed: Callable[[str], None],
    ) -> None:
        self.watched: RunWatch | None = None
        self._owner = owner
        self._changed = changed
        self._failed = failed
        self._timer: Timer | None = None
        self._delay = EAGER
        self._untold = self._refused = False
        self._pace = EAGER
        self._told = self._checked = 0.0

    def follow(self, folder: Path) -> RunWatch:
        """Watches the run in `folder` from its first event on, instead of another one."""
        return self.begin(RunWatch(folder))

    def begin(self, watch: RunWatch) -> RunWatch:
        """Watches what has been opened, instead of another run."""
        if self.watched is not None:
            self.watched.close()
        self.watched = watch
        self._pace = seconds_between_pictures(self._owner)
        self._untold, self._told, self._checked = True, 0.0, time.monotonic()
        self.look()
        return watch

    def leave(self) -> None:
        """Watches nothing any more."""
        if self.watched is not None:
            self.watched.close()
        self.watched = None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def look(self) -> None:
        """Reads what the log has got, for a moment, and sees to the next look."""
        watch = self.watched
        if watch is None:
            return
        found = self._read(watch)
        now = time.monotonic()
        if now - self._checked >= _EVERY_CHECK and (watch.is_open or found or self._refused):
            self._checked = now
            self._untold |= watch.check()
        self._untold |= found
        if self._untold and now - self._told >= self._pace * 0.9:
            self._untold, self._told = False, now
            self._changed(watch)
        self._delay = EAGER if found or self._untold else min(self._delay * 1.5, IDLE)
        if self._timer is not None:
            self._timer.stop()
        busy = watch.behind or (not found and watch.history.curves.settle(_SETTLED_AT_ONCE))
        delay = _BREATH if busy else self._delay
        self._timer = self._owner.set_timer(delay, self.look)
        # Else Textual drops its only tick where the machine holds it up for longer than `delay`.
        self._timer._skip = False

    def _read(self, watch: RunWatch) -> bool:
        try:
            found = watch.read(SLICE)
        except OSError as error:
            self._refused = True
            self._failed(f"The log of {watch.name} cannot be read: {error.strerror}.")
            return False
        self._refused = False
        for each in watch.shown if found else ():
            each.history.curves.keep_up()
        return found
