"""What the engine has been asked and not yet begun: the newest request of each type."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from core.engine.protocol import Compare, ExportTokenizer, LoadModel

Work = LoadModel | ExportTokenizer | Compare
T = TypeVar("T")


class Mailbox:
    """Filled by one reader thread, emptied by the threads that do the work."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[type[Work], Work] = {}
        self._newest: dict[type[Work], Work] = {}

    def put(self, request: Work) -> Work | None:
        """Adds `request`; returns the one of its type that it overtook, if any."""
        with self._changed:
            overtaken = self._waiting.pop(type(request), None)
            self._waiting[type(request)] = self._newest[type(request)] = request
            self._changed.notify_all()
        return overtaken

    def take(self, accepts: Callable[[Work], T | None]) -> tuple[Work, T]:
        """Waits until `accepts` gives anything but None for a request; takes the oldest such.

        Returns the request and what `accepts` gave for it.
        """
        with self._changed:
            while True:
                for kind, request in self._waiting.items():
                    if (accepted := accepts(request)) is not None:
                        del self._waiting[kind]
                        return request, accepted
                self._changed.wait()

    def newer(self, request: Work) -> Work | None:
        """The newest request of the same type that came after `request`, taken by now or not."""
        with self._changed:
            newest = self._newest[type(request)]
        return newest if newest.id != request.id else None

    def look_again(self) -> None:
        """Wakes the takers: what they accept has changed."""
        with self._changed:
            self._changed.notify_all()
