"""An engine client that a test can wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from core.engine.client import EngineClient
from core.engine.protocol import Interim, Reply, Texts

PAIR: list[Texts] = [("I've been waiting for this my whole life.", None), ("I hate it!", None)]


@dataclass
class Heard:
    """Collects what a client tells, and lets a test wait for it."""

    replies: list[Reply] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def reply(self, reply: Reply) -> None:
        self.replies.append(reply)
        self.changed.set()

    def crash(self, message: str) -> None:
        self.crashes.append(message)
        self.changed.set()

    def final(self, request_id: int) -> list[Reply]:
        return [
            each for each in self.replies if each.id == request_id and not isinstance(each, Interim)
        ]

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(240):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def answers(self, *ids: int) -> list[Reply]:
        await self.until(lambda: all(self.final(each) for each in ids))
        for each in ids:
            assert len(self.final(each)) == 1
        return [self.final(each)[0] for each in ids]


@dataclass
class Engine:
    client: EngineClient
    heard: Heard


Start = Callable[[], Awaitable[Engine]]
