"""What the form says of a run before it starts."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core.runs.config import RunConfig
from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.training import TRAIN, go_to, pane_of, shows
from tui.panes.train import plan_view


async def test_what_a_run_will_do_follows_the_form(open_app: OpenApp) -> None:
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        await pilot.press("escape", "f")
        await until(shows(pilot, "666 steps: 2 epochs of 5,328 rows"), pilot)
        assert "known after its first steps" in screen_text(pilot)
        go_to(pilot, "max_steps")
        await pilot.press(*"50")
        await until(
            shows(
                pilot,
                "50 steps: 0.15 of an epoch, which has 5,328 rows",
                "Evaluated once, at the end",
            ),
            pilot,
        )
        go_to(pilot, "data")
        await pilot.press("ctrl+u")
        await until(shows(pilot, "Put the fields marked ! right", "Data must be named."), pilot)


@pytest.mark.parametrize("size", [(80, 24), (80, 40), (120, 40)])
async def test_what_a_run_on_ones_own_file_will_do_is_told_too(
    open_app: OpenApp, tmp_path: Path, size: tuple[int, int]
) -> None:
    data = tmp_path / "mine.csv"
    rows = [f"film {n},{'good' if n % 2 else 'bad'}" for n in range(100)]
    data.write_text("\n".join(["body,verdict", *rows]))
    async with open_app(size=size, **TRAIN) as pilot:
        await pilot.press("escape", "f")
        pane_of(pilot).form.values.update(data=str(data), eval_steps="4")
        go_to(pilot, "epochs")
        await pilot.press("backspace", "2")
        words = (
            "10 steps: 2 epochs of 80 rows, 5 steps each.",
            "Evaluated every 4 steps, 3 times",
            "Text from 'body', labels from 'verdict': bad, good.",
            "Saved every 10 minutes and at each new best; the best and the newest 2 stay.",
            "rate up to 0.0001 at step 1, then down to 0",
        )
        await until(shows(pilot, *words), pilot)


async def test_what_takes_long_to_look_up_is_looked_up_once(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    may_end = threading.Event()

    def slow(config: RunConfig) -> None:
        begun.append(config.data)
        may_end.wait(60)

    monkeypatch.setattr(plan_view, "glance", slow)
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        await pilot.press("escape", "f")
        await until(lambda: begun, pilot)
        # Nothing that it depends on changes, however often it is drawn.
        go_to(pilot, "epochs")
        for key in ("1", "backspace") * 10:
            await pilot.press(key)
        may_end.set()
        plan = pane_of(pilot).plan_view
        await until(lambda: plan._known, pilot)
        assert begun == ["reviews"]
