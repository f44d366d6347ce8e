"""What the engine has been asked and not yet begun: the newest request of each type."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from core.engine.protocol import Request

T = TypeVar("T")


class Mailbox:
    """Filled by one reader thread, emptied by the threads that do the work."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[type[Request], Request] = {}

    def put(self, request: Request) -> Request | None:
        """Adds `request`; returns the one of its type that it overtook, if any."""
        with self._changed:
            overtaken = self._waiting.pop(type(request), None)
            self._waiting[type(request)] = request
            self._changed.notify_all()
        return overtaken

    def take(self, accepts: Callable[[Request], T | None]) -> tuple[Request, T]:
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

    def newer(self, request: Request) -> Request | None:
        """The waiting request of the same type, which is newer than one already taken."""
        with self._changed:
            return self._waiting.get(type(request))

    def look_again(self) -> None:
        """Wakes the takers: what they accept has changed."""
        with self._changed:
            self._changed.notify_all()
