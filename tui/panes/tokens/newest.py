"""Work that must not hold a key up: done at once where it is quick, else in a thread."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from textual.widget import Widget

T = TypeVar("T")
_KEPT = 16


class Newest(Generic[T]):
    """Makes one thing at a time; of those asked for meanwhile only the newest is made.

    `ready` is called, in the event loop, when something asked for is there.
    """

    def __init__(self, owner: Widget, ready: Callable[[], None]) -> None:
        self._owner = owner
        self._ready = ready
        self._made: OrderedDict[Hashable, T] = OrderedDict()
        self._wanted: tuple[Hashable, Callable[[], T]] | None = None
        self._busy = False

    def ask(self, key: Hashable, make: Callable[[], T], *, quick: bool) -> T | None:
        """What `make` makes, named by `key`; None while a thread is at it."""
        self._wanted = None
        if key in self._made:
            self._made.move_to_end(key)
            return self._made[key]
        if quick:
            return self._keep(key, make())
        self._wanted = key, make
        if not self._busy:
            self._busy = True
            self._owner.run_worker(self._work())
        return None

    async def _work(self) -> None:
        try:
            while self._wanted is not None:
                key, make = self._wanted
                made = await asyncio.to_thread(make)
                self._keep(key, made)
                if self._wanted is not None and self._wanted[0] == key:
                    self._wanted = None
        finally:
            self._busy = False
        self._ready()

    def _keep(self, key: Hashable, made: T) -> T:
        self._made[key] = made
        if len(self._made) > _KEPT:
            self._made.popitem(last=False)
        return made
