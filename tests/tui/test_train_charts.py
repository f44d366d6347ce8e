"""Looking at a run: curves under the loss, zoom, crosshair, axes, all by keys."""

from __future__ import annotations

import math

from textual.pilot import Pilot

from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.training import TRAIN, Run, pane_of, shows
from tui.panes.train.charts import Charts
from tui.widgets.chart import LineChart


def charts_of(pilot: Pilot[None]) -> Charts:
    return pane_of(pilot).query_one(Charts)


def drawn(pilot: Pilot[None]) -> list[LineChart]:
    return [chart for chart in charts_of(pilot).query(LineChart) if chart.display]


async def test_quantities_stand_under_the_loss_in_the_same_columns(open_app: OpenApp) -> None:
    Run(max_steps=400).starts().steps(400)
    async with open_app(size=(120, 50), **TRAIN) as pilot:
        await until(shows(pilot, "step 400 of 400"), pilot)
        await pilot.press("escape", "n")
        await until(shows(pilot, "loss · learning rate"), pilot)
        assert len(drawn(pilot)) == 2
        await pilot.press("n", "n", "n", "n", "n")
        await until(lambda: len(drawn(pilot)) == 4, pilot)
        left = {chart._picture.left for chart in drawn(pilot)}
        assert len(left) == 1
        await pilot.press("n")
        await until(lambda: len(drawn(pilot)) == 1, pilot)


async def test_the_crosshair_reads_the_exact_values_of_a_step(open_app: OpenApp) -> None:
    Run(max_steps=40).starts().steps(40, lambda step: step / 100)
    async with open_app(size=(100, 40), **TRAIN) as pilot:
        await until(shows(pilot, "step 40 of 40"), pilot)
        await pilot.press("escape", "right")
        await until(shows(pilot, "step 40 ·", "loss 0.4"), pilot)
        await pilot.press("left")
        await until(shows(pilot, "step 39 ·", "loss 0.39"), pilot)
        await pilot.press("0")
        await until(lambda: "step 39" not in screen_text(pilot), pilot)


async def test_zooming_follows_the_newest_steps_until_it_is_frozen(open_app: OpenApp) -> None:
    run = Run(max_steps=1_000).starts().steps(400)
    async with open_app(size=(100, 40), **TRAIN) as pilot:
        await until(shows(pilot, "step 400 of 1,000"), pilot)
        await pilot.press("escape", "plus", "plus")
        await until(shows(pilot, "live"), pilot)
        run.steps(400)
        await until(shows(pilot, "step 800 of 1,000"), pilot)
        picture = drawn(pilot)[0]._picture
        assert picture.start < 800 <= picture.stop
        await pilot.press("space")
        await until(shows(pilot, "frozen"), pilot)
        seen = charts_of(pilot).window
        run.steps(200)
        await until(shows(pilot, "step 1,000 of 1,000"), pilot)
        assert charts_of(pilot).window == seen
        await pilot.press("comma")
        assert charts_of(pilot).window.start < seen.start
        await pilot.press("minus", "minus", "minus")
        await until(lambda: "frozen" not in screen_text(pilot), pilot)


async def test_axes_change_and_losses_that_are_none_are_gaps_on_all_of_them(
    open_app: OpenApp,
) -> None:
    run = Run(max_steps=100).starts()
    run.steps(100, lambda step: math.nan if step == 50 else 2.0 ** (-step / 10))
    async with open_app(size=(100, 40), **TRAIN) as pilot:
        await until(shows(pilot, "step 100 of 100", "×"), pilot)
        await pilot.press("escape", "g")
        await until(shows(pilot, "log", "0.01", "×"), pilot)
        await pilot.press("t")
        await until(shows(pilot, "by samples", "1,600"), pilot)
        await pilot.press("t")
        await until(shows(pilot, "by time"), pilot)
        await pilot.press("t", "left_square_bracket", "left_square_bracket")
        await pilot.press(*["left_square_bracket"] * 5)
        await until(lambda: not drawn(pilot)[0].readings[0].trend, pilot)
