"""The Train pane's screens, compared with reviewed ones in `screens/`.

`UPDATE_SCREENS=1` writes them anew: look at what changed before it is committed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core import paths
from tests.tui.conftest import OpenApp, screen_text, until, write
from tests.tui.training import losses, pane_of, shows
from tests.tui.written_runs import STEPS, stop_the_clock, write_event_files, write_runs
from tui.app import TermformerApp

SCREENS = Path(__file__).with_name("screens")
SIZES = [(80, 24), (120, 40), (200, 60)]
_UPDATE = bool(os.environ.get("UPDATE_SCREENS"))
_PATIENCE = 5.0 if _UPDATE else 60.0
"""Seconds for a screen to become the reviewed one; charts are drawn once more behind a resize."""
VIEWS = (
    # Its name, the keys that lead to it from the one before, and what is then on the screen.
    ("chart", (), ("Finished in",)),
    ("evaluation", ("d",), ("mistakes, the worst first",)),
    ("probes", ("d",), ("P(POSITIVE)",)),
    ("data", ("d",), ("are cut at 128",)),
    ("runs", ("l",), ("› calm-otter", "slow-snail")),
    ("comparison", ("down", "space", "down", "space", "escape", "d"), ("slow-snail", "learning")),
    ("form", ("f",), ("as calm-otter",)),
)


@pytest.mark.parametrize("size", SIZES)
async def test_screens(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    stop_the_clock(monkeypatch)
    # Whatever the tests' own terminal can show.
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TERM", "xterm-256color")
    options = {"train": {"watched": str(write_runs())}}
    async with open_app(size=size, pane="train", options=options) as pilot:
        await until(lambda: len(losses(pilot)) == STEPS, pilot)
        await pilot.press("escape")
        changed = []
        for view, keys, words in VIEWS:
            await pilot.press(*keys)
            await until(lambda: _is_read(pilot), pilot)
            await until(shows(pilot, *words), pilot)
            changed += await _compared(pilot, f"train-{view}-{size[0]}x{size[1]}")
        assert not changed, "\n\n".join(changed)


@pytest.mark.parametrize("size", SIZES)
async def test_screens_of_others_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: tuple[int, int]
) -> None:
    stop_the_clock(monkeypatch)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TERM", "xterm-256color")
    write(paths.config_file(), "preload = false\n")
    write_event_files(tmp_path / "logs")
    app = TermformerApp(others=tmp_path / "logs")
    async with app.run_test(size=size, notifications=True) as pilot:
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await until(shows(pilot, "● nothing new", "step 120", "2 files"), pilot)
        changed = []
        for view, keys, words in (
            ("others", (), ("train/loss",)),
            ("others-over", ("n", "n", "a", "left", "left"), ("step 11",)),
        ):
            await pilot.press(*keys)
            await until(shows(pilot, *words), pilot)
            changed += await _compared(pilot, f"train-{view}-{size[0]}x{size[1]}", rows=1)
        assert not changed, "\n\n".join(changed)


def _is_read(pilot: Pilot[None]) -> bool:
    watches = pane_of(pilot).overlay.watches
    return all(len(watch.history.curves.loss) == STEPS for watch in watches)


def _pane_text(pilot: Pilot[None], rows: int) -> str:
    region = pane_of(pilot).region
    lines = screen_text(pilot).splitlines()[region.y : region.bottom + rows]
    return "\n".join(lines) + "\n"


async def _compared(pilot: Pilot[None], name: str, rows: int = 0) -> list[str]:
    """The pane, with so many rows below it, at rest, where it is not what was reviewed."""
    file = SCREENS / f"{name}.txt"
    reviewed = file.read_text(encoding="utf-8") if file.exists() else ""
    with contextlib.suppress(pytest.fail.Exception):
        await until(lambda: _pane_text(pilot, rows) == reviewed, pilot, seconds=_PATIENCE)
    text = _pane_text(pilot, rows)
    if _UPDATE:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return []
    return [] if text == reviewed else [f"{name} is\n{text}and was\n{reviewed}"]
