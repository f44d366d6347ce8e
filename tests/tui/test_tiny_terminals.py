"""Terminals in which next to nothing has room: every view is cut, and none ends the app."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import OpenApp, until
from tests.tui.logits import COURSE, bench_of, know_tokenizer, opened
from tests.tui.training import TRAIN, losses
from tests.tui.written_runs import STEPS, write_runs

SIZES = [(20, 5), (12, 4), (1, 1), (80, 24)]


async def _press(pilot: Pilot[None], keys: str) -> None:
    """Presses each key; behind each, the terminal has every size once."""
    for key in keys.split():
        await pilot.press(key)
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await pilot.pause()


async def test_the_views_of_tokens(open_app: OpenApp) -> None:
    async with open_app(text=COURSE) as pilot:
        await _press(
            pilot, "escape A C T G S R B d escape slash escape c escape e escape f1 escape"
        )


@pytest.mark.parametrize("keys", ["a enter escape escape", "g escape x escape d escape t escape"])
async def test_the_views_of_logits(
    open_app: OpenApp, tiny_classifier: Path, private_folders: Path, keys: str
) -> None:
    know_tokenizer(tiny_classifier)
    async with opened(open_app, tiny_classifier, text=COURSE) as pilot:
        await pilot.press("escape")
        for key in keys.split():
            await until(lambda: bench_of(pilot).model.status == "ready", pilot)
            await until(lambda: bench_of(pilot).pane_in_view.settled, pilot)
            await _press(pilot, key)


async def test_the_views_of_a_run(open_app: OpenApp) -> None:
    options = {"train": {"watched": str(write_runs())}}
    async with open_app(options=options, **TRAIN) as pilot:
        await until(lambda: len(losses(pilot)) == STEPS, pilot)
        await _press(pilot, "escape d d d d n n right l down space N x escape enter f tab x escape")
