"""The screen that saves a model, closed while the engine is at it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.widgets import Input

from core.engine.protocol import Reply
from core.errors import ModelError
from tests.tui.conftest import OpenApp, turns_until, until
from tests.tui.logits import bench_of, know_tokenizer
from tests.tui.test_model_pane import shows
from tui.panes.model.saving import SaveScreen
from tui.widgets.lines import Lines

pytestmark = pytest.mark.slow


async def test_it_is_closed_while_the_engine_refuses(
    open_app: OpenApp, tiny_classifier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer arrives when a part of the screen is gone, and the screen itself is not."""
    know_tokenizer(tiny_classifier)
    refused, answered, closing = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def ask(request: object, progress: object) -> Reply:
        await refused.wait()
        answered.set()
        raise ModelError("other", "The disk is full.")

    async def unmounted(files: Lines) -> None:
        await turns_until(lambda: not files.screen.query("#note"))
        refused.set()
        await turns_until(answered.is_set)
        for _ in range(10):
            await asyncio.sleep(0)
        closing.set()

    async with open_app(size=(120, 40), pane="model", model=str(tiny_classifier)) as pilot:
        await pilot.press("escape")
        await until(shows(pilot, "parameters", "all trainable"), pilot)
        await pilot.press("s")
        await until(lambda: isinstance(pilot.app.screen, SaveScreen), pilot)
        monkeypatch.setattr(bench_of(pilot).engine, "ask", ask)
        monkeypatch.setattr(Lines, "on_unmount", unmounted, raising=False)
        pilot.app.screen.query_one(Input).value = str(tmp_path / "saved")
        await pilot.press("enter")
        await until(shows(pilot, "Asking the engine"), pilot)
        await pilot.press("escape")
        await until(closing.is_set, pilot)
        await until(lambda: pilot.app.screen is bench_of(pilot), pilot)
        monkeypatch.undo()
