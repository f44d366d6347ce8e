"""The app under Pilot, without an engine unless a test asks for one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core import paths
from tui.app import TermformerApp

OpenApp = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture
def open_app() -> OpenApp:
    """Opens the app, waits until its panes are there; `state` is the session it comes back to."""

    @asynccontextmanager
    async def open_(
        size: tuple[int, int] = (80, 24), preload: bool = False, **state: object
    ) -> AsyncIterator[Pilot[None]]:
        if not paths.config_file().exists():
            write(paths.config_file(), f"preload = {str(preload).lower()}\n")
        if state:
            write(paths.state_file(), json.dumps(state))
        app = TermformerApp()
        async with app.run_test(size=size, notifications=True) as pilot:
            await asyncio.wait_for(app.bench.furnished.wait(), 60)
            await pilot.pause()
            try:
                yield pilot
            finally:
                # As quitting does, and the end of a test run under Pilot does not.
                app.workers.cancel_all()

    return open_


def write(file: Path, text: str) -> None:
    """Writes a file, its folders too."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


async def until(holds: Callable[[], object], pilot: Pilot[None], seconds: float = 60) -> None:
    """Lets the app work until `holds`; fails with the screen where it never does."""

    async def wait() -> None:
        while not holds():
            await pilot.pause()
            await asyncio.sleep(0)

    try:
        await asyncio.wait_for(wait(), seconds)
    except TimeoutError:
        pytest.fail(f"did not come to hold:\n{screen_text(pilot)}")


def screen_text(pilot: Pilot[None]) -> str:
    """What is on the screen."""
    lines = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in lines)
