"""What the engine has been asked and not yet begun: the newest request of each type and lane."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from core.engine.protocol import Cancelled, ExportTokenizer, Overtaken, Question, Request

Key = tuple[type[Request], str]
T = TypeVar("T")


def key_of(request: Request) -> Key:
    """Requests with the same key overtake one another."""
    return type(request), request.lane if isinstance(request, Question | ExportTokenizer) else ""


class Mailbox:
    """Filled by one reader thread, emptied by the threads that do the work."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[Key, Request] = {}
        self._newest: dict[Key, Request] = {}
        self._taken: set[int] = set()
        self._cancelled: set[int] = set()

    def put(self, request: Request) -> Request | None:
        """Adds `request`; returns the one that it overtook, if any."""
        key = key_of(request)
        with self._changed:
            overtaken = self._waiting.pop(key, None)
            self._waiting[key] = self._newest[key] = request
            self._changed.notify_all()
        return overtaken

    def put_back(self, request: Request) -> bool:
        """Lets another thread go on with `request`; False where it has been given up by now."""
        with self._changed:
            if self.given_up(request):
                return False
            self._taken.discard(request.id)
            self._waiting[key_of(request)] = request
            self._changed.notify_all()
            return True

    def take(self, accepts: Callable[[Request], T | None]) -> tuple[Request, T]:
        """Waits until `accepts` gives anything but None for a request; takes the oldest such.

        Returns the request and what `accepts` gave for it.
        """
        with self._changed:
            while (found := self._take(accepts)) is None:
                self._changed.wait()
        return found

    def take_now(self, accepts: Callable[[Request], T | None]) -> tuple[Request, T] | None:
        """As `take`, but None where nothing is accepted at once."""
        with self._changed:
            return self._take(accepts)

    def finish(self, request: Request) -> None:
        """A request that was taken has been answered."""
        with self._changed:
            self._taken.discard(request.id)
            self._cancelled.discard(request.id)

    def cancel(self, request_id: int) -> bool:
        """Gives up a request; returns whether it was still waiting, so that nobody answers it."""
        with self._changed:
            for key, request in self._waiting.items():
                if request.id == request_id:
                    del self._waiting[key]
                    return True
            if request_id in self._taken:
                self._cancelled.add(request_id)
            return False

    def given_up(self, request: Request) -> Overtaken | Cancelled | None:
        """What is to be replied instead of going on with `request`; None: go on."""
        if self.is_cancelled(request):
            return Cancelled(request.id)
        return Overtaken(request.id) if self.newer(request) else None

    def is_cancelled(self, request: Request) -> bool:
        """Whether `request`, taken before, has been given up."""
        with self._changed:
            return request.id in self._cancelled

    def newer(self, request: Request) -> Request | None:
        """The newest request of the same key that came after `request`, taken by now or not."""
        with self._changed:
            newest = self._newest[key_of(request)]
        return newest if newest.id != request.id else None

    def look_again(self) -> None:
        """Wakes the takers: what they accept has changed."""
        with self._changed:
            self._changed.notify_all()

    def _take(self, accepts: Callable[[Request], T | None]) -> tuple[Request, T] | None:
        for key, request in self._waiting.items():
            if (accepted := accepts(request)) is not None:
                del self._waiting[key]
                self._taken.add(request.id)
                return request, accepted
        return None
