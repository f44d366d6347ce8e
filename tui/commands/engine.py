"""Asking the engine one thing, or several in turn, and ending it again."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence

from core.engine.client import EngineClient
from core.engine.protocol import Interim, Loading, Reply, Request
from core.text.visible import visible
from tui.commands.outcome import complain


def ask_engine(request: Request) -> Reply:
    """The engine's final reply to `request`; what it does meanwhile is told on a terminal.

    Raises `ModelError` or `EngineError`.
    """
    (reply,) = ask_engine_in_turn(request)
    return reply


def ask_engine_in_turn(*requests: Request) -> list[Reply]:
    """As `ask_engine`, of one engine: each request is sent when the one before is answered."""
    return asyncio.run(_ask(requests))


async def _ask(requests: Sequence[Request]) -> list[Reply]:
    told = Telling()
    client = EngineClient(on_crash=complain)
    try:
        return [await client.ask(request, told.show) for request in requests]
    finally:
        told.clear()
        await client.close()


class Telling:
    """One line on standard error, written over again and again; nothing where that is a file."""

    def __init__(self) -> None:
        self._works = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._dirty = False

    def show(self, loading: Interim) -> None:
        """Tells what the engine is doing, and how far it is."""
        if isinstance(loading, Loading):
            far = f" {100 * (loading.done or 0) // loading.total} %" if loading.total else ""
            self.say(f"{loading.stage}{far} …")

    def say(self, words: str) -> None:
        """Writes `words` over what stands there."""
        if not self._works:
            return
        # No wrap: a line that wraps could not be written over.
        sys.stderr.write(f"\r\x1b[K\x1b[?7l{visible(words)}\x1b[?7h")
        sys.stderr.flush()
        self._dirty = True

    def clear(self) -> None:
        """Takes the line away."""
        if self._dirty:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._dirty = False
