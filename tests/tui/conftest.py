"""The app under Pilot, without an engine unless a test asks for one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual._context import active_app
from textual.app import App
from textual.message import Message
from textual.message_pump import MessagePump
from textual.notifications import Notification
from textual.pilot import Pilot

from core import paths
from core.engine import client
from tui.app import TermformerApp

OpenApp = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture(autouse=True)
def steady_pilot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pilot goes on once the app has done all that a key led to, and notices stay till then.

    By itself it goes on once the process was idle for a fiftieth of a second, as which a process
    counts too that a busy machine gave no turn; and there a notice's seconds may be over before a
    test comes to look for it.
    """
    under_way: list[MessagePump] = []
    dispatch = MessagePump._dispatch_message

    async def dispatch_and_note(pump: MessagePump, message: Message) -> None:
        under_way.append(pump)
        try:
            await dispatch(pump, message)
        finally:
            under_way.remove(pump)

    async def settled(*_seconds: float) -> None:
        app = active_app.get()
        rests = 0
        async with asyncio.timeout(60):
            # More than once: a key is handed over as if it came from another thread.
            while app.is_running and not app._exit and rests < 5:
                await asyncio.sleep(0)
                app.screen._on_timer_update()
                rests = 0 if under_way or _has_work(app) else rests + 1

    monkeypatch.setattr(MessagePump, "_dispatch_message", dispatch_and_note)
    monkeypatch.setattr("textual.app.wait_for_idle", settled)
    monkeypatch.setattr("textual.pilot.wait_for_idle", settled)
    monkeypatch.setattr(Notification, "time_left", 3_600.0)
    monkeypatch.setattr(Notification, "has_expired", False)


def _has_work(app: App[object]) -> bool:
    """Whether a message waits, or what one changed has yet to be drawn."""
    screen = app.screen
    return any(
        each.message_queue_size or each._next_callbacks for each in [app, *app._registry]
    ) or bool(
        app._resize_event
        or screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._dirty_widgets
        or screen._callbacks
    )


@pytest.fixture
def engine_gate(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """No engine is started before it is set: what stands meanwhile can be looked at."""
    gate = asyncio.Event()
    spawn = client.spawn

    async def spawn_behind_gate() -> asyncio.subprocess.Process:
        await asyncio.wait_for(gate.wait(), 60)
        return await spawn()

    monkeypatch.setattr(client, "spawn", spawn_behind_gate)
    return gate


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
        # Only of a screen that is drawn whole, for whoever looks at more of it afterwards.
        await pilot.pause()
        while not holds():
            await asyncio.sleep(0.01)  # the processor is for what is waited for
            await pilot.pause()

    try:
        await asyncio.wait_for(wait(), seconds)
    except TimeoutError:
        pytest.fail(f"did not come to hold:\n{screen_text(pilot)}")


async def turns_until(holds: Callable[[], object]) -> None:
    """Lets others work, without waiting for the app itself, until `holds`."""
    for _ in range(1_000_000):
        if holds():
            return
        await asyncio.sleep(0)
    pytest.fail("did not come to hold")


def screen_text(pilot: Pilot[None]) -> str:
    """What is on the screen."""
    lines = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in lines)
