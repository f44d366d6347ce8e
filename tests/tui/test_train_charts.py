"""Looking at a run: curves under the loss, zoom, crosshair, axes, all by keys."""

from __future__ import annotations

import math
from typing import Any

import pytest
from textual.pilot import Pilot

from core import paths
from core.runs import events
from tests.tui.conftest import OpenApp, screen_text, until, write
from tests.tui.training import TRAIN, Run, pane_of, shows
from tests.tui.written_runs import write_runs
from tui.panes.train.charts import Charts
from tui.widgets.chart import LineChart, chart
from tui.widgets.chart.picture import Picture, draw


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
        # A rate is no noisy curve: a mean of it would be no rate that was ever in force.
        assert drawn(pilot)[1].readings[0].trend is None
        await pilot.press("n", "n", "n", "n")
        # Those that have points: there was no evaluation yet.
        await until(lambda: len(drawn(pilot)) == 5, pilot)
        # Each has its name above it, and the x axis is the same for all.
        lines = [line[:76].split("  ")[0] for line in screen_text(pilot).splitlines()]
        titles = [" loss · learning rate · gradient norm · samples/s · padding", " learning rate"]
        assert [line for line in lines if line in {*titles, " gradient norm", " padding"}] == [
            *titles,
            " gradient norm",
            " padding",
        ]
        assert [line.split() for line in screen_text(pilot).splitlines()].count(
            ["0", "100", "200", "300", "400"]
        ) == 1
        left = {chart._picture.left for chart in drawn(pilot)}
        assert len(left) == 1
        await pilot.press("left")
        await until(shows(pilot, "rate 2.50e-05  norm 1.2500  samples/s 41  pad 0.25"), pilot)
        await pilot.press("n")
        await until(lambda: len(drawn(pilot)) == 1, pilot)


async def test_on_a_small_screen_the_figures_give_way_to_a_curve_under_the_loss(
    open_app: OpenApp,
) -> None:
    run = Run(max_steps=40).starts().steps(40)
    run.log.append(events.RunFinished(global_step=40, seconds=2.0))
    async with open_app(size=(80, 24), **TRAIN) as pilot:
        await pilot.press("escape", "l")
        await until(shows(pilot, "calm-otter"), pilot)
        await pilot.press("enter")
        await until(shows(pilot, "step 40 of 40", "samples/s"), pilot)
        await pilot.press("n")
        await until(lambda: len(drawn(pilot)) == 2, pilot)
        await until(shows(pilot, "loss · learning rate", "Finished in 2 s"), pilot)
        assert "samples/s" not in screen_text(pilot)
        await pilot.press("n", "n", "n", "n")
        await until(shows(pilot, "There is room for 2 of the 5 curves."), pilot)
        await pilot.press("n")
        await until(lambda: len(drawn(pilot)) == 1, pilot)
        await until(shows(pilot, "samples/s"), pilot)


async def test_where_there_is_no_room_under_the_loss_it_is_said_what_there_is(
    open_app: OpenApp,
) -> None:
    Run(max_steps=40).starts().steps(40)
    async with open_app(size=(80, 18), **TRAIN) as pilot:
        await until(shows(pilot, "step 40 of 40"), pilot)
        await pilot.press("escape", "n")
        await until(shows(pilot, "no room for a curve under the loss: a draws it over"), pilot)
        await pilot.press("a")
        await until(shows(pilot, "━ calm-otter  ╍ learning rate always 2.5e-05"), pilot)
        await pilot.press("left")
        # As the figures below have them.
        await until(shows(pilot, "loss 0.0250 ~0.0", "learning rate 2.50e-05"), pilot)


async def test_what_evaluations_and_the_machine_give_has_curves(open_app: OpenApp) -> None:
    run = Run(max_steps=40).starts()
    score = events.ClassScore(label="NEGATIVE", rows=20, precision=0.5, recall=0.5, f1=0.5)
    for memory in (600_000_000, 600_400_000, 750_000_000):
        run.steps(10, memory=memory)
        run.log.append(
            events.Evaluation(
                global_step=run.global_step,
                epoch=1.0,
                split="validation",
                loss=0.4,
                accuracy=0.5,
                f1=0.625,
                classes=[score],
            )
        )
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        await until(shows(pilot, "step 30 of 40"), pilot)
        await pilot.press("escape", *"nnnnnnn", "left")
        await until(shows(pilot, "validation f1 0.625"), pilot)
        await pilot.press("n")
        await until(shows(pilot, "memory (MB) 750"), pilot)
        series = pane_of(pilot).watched.history.curves.series("memory (MB)")  # type: ignore[union-attr]
        # It stays until it changes by a megabyte.
        assert list(zip(series.x, series.y, strict=True))[-3:] == [(20, 600), (21, 750), (30, 750)]


async def test_a_change_of_the_trend_is_said(open_app: OpenApp) -> None:
    run = Run(max_steps=400).starts().steps(400)
    run.log.append(events.RunFinished(global_step=400, seconds=2.0))
    options = {"train": {"watched": str(run.folder)}}
    async with open_app(options=options, **TRAIN) as pilot:
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("escape", "right_square_bracket")
        await until(shows(pilot, "The trend averages about 32 values, 8 % of the run."), pilot)
        await pilot.press("right_square_bracket", "right_square_bracket")
        await until(shows(pilot, "16 % of the run. It gets no smoother."), pilot)
        await pilot.press(*["left_square_bracket"] * 7)
        await until(shows(pilot, "No trend is drawn: there are the values alone."), pilot)
        # What does nothing says so.
        await pilot.press("space")
        await until(shows(pilot, "No steps are to come: there is nothing to follow."), pilot)
        await pilot.press("comma")
        await until(shows(pilot, "The whole run is in sight: there is nothing earlier"), pilot)
        await pilot.press("minus")
        await until(shows(pilot, "The whole run is in sight.\n"), pilot)
        await pilot.press(*["plus"] * 12)
        await until(shows(pilot, "Closer than this it cannot be seen."), pilot)


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
        trend = next(line for line in screen_text(pilot).splitlines() if " trend " in line)
        await pilot.press("t", "left")
        await until(shows(pilot, "by time", trend), pilot)
        await pilot.press("0")
        await pilot.press("t", "left_square_bracket", "left_square_bracket")
        await pilot.press(*["left_square_bracket"] * 5)
        await until(lambda: not drawn(pilot)[0].readings[0].trend, pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_log_with_faults_shows_what_is_good_and_says_what_is_not(
    open_app: OpenApp, size: tuple[int, int]
) -> None:
    run = Run(max_steps=60).starts().steps(20).evaluates("validation", 0.8)
    log = run.folder / "events.jsonl"
    with log.open("ab") as stream:
        stream.write(b'{"seq":22,"time":1.0,"type":"from_another_version","what":1}\n')
        stream.write(b"\x00\xff\x80 rubbish\n")
        stream.write(b'{"seq":23,"type":"step","pad":"' + b"x" * 10_000_000 + b'"}\n')
        stream.write(b'{"seq":9')
    async with open_app(size=size, **TRAIN) as pilot:
        kinds = (
            "3 faults in the log: 1 event of an",
            "unknown type, 1 unreadable line, 1",
            "overlong",
        )
        await until(shows(pilot, "step 20 of 60", *kinds), pilot)
        assert len(pane_of(pilot).watched.history.curves.loss) == 20  # type: ignore[union-attr]


async def test_another_curve_is_drawn_over_the_loss(open_app: OpenApp) -> None:
    run = Run(max_steps=60).starts()
    for _ in range(3):
        run.steps(20).evaluates("validation", 0.8)
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        await until(shows(pilot, "step 60 of 60"), pilot)
        await pilot.press("escape", "a")
        await until(shows(pilot, "╍ validation loss"), pilot)
        assert len(drawn(pilot)) == 1
        await pilot.press("right", "left")
        await until(shows(pilot, "step 59 ·", "validation loss 0.4"), pilot)
        await pilot.press("0", "a")
        await until(lambda: len(drawn(pilot)) == 2, pilot)


async def test_what_is_drawn_is_written_to_files(open_app: OpenApp) -> None:
    Run(max_steps=60).starts().steps(60)
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        await until(shows(pilot, "step 60 of 60"), pilot)
        await pilot.press("escape", "n")
        made = {export.suffix: export.make() for export in pane_of(pilot).exports()}
        assert set(made) == {"svg", "png", "txt", "csv", "jsonl"}
        assert "calm-otter: learning rate" in str(made["svg"])
        assert str(made["csv"]).count("grad_norm") == 60


async def test_the_settings_say_how_charts_are_drawn_and_how_often(open_app: OpenApp) -> None:
    settings = 'preload = false\nchart_signs = "ascii"\nchart_seconds = 5\n'
    write(paths.config_file(), settings)
    Run(max_steps=60).starts().steps(60)
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        await until(shows(pilot, "step 60 of 60"), pilot)
        assert all(chart.plain for chart in drawn(pilot))
        assert pane_of(pilot).follower._pace == 5
        assert not any("\u2800" < character <= "\u28ff" for character in screen_text(pilot))


async def test_a_key_draws_the_chart_once(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = write_runs()
    async with open_app(
        size=(120, 36), options={"train": {"watched": str(watched)}}, **TRAIN
    ) as pilot:
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("escape")
        pictures: list[Picture] = []

        def counted(*args: Any, **options: Any) -> Picture:
            pictures.append(draw(*args, **options))
            return pictures[-1]

        monkeypatch.setattr(chart, "draw", counted)
        # Where the labels of the axis change their width it is drawn once more.
        for key in ("left", "shift+left", "right", "left_square_bracket", "0"):
            pictures.clear()
            await pilot.press(key)
            await pilot.pause()
            assert len(pictures) == 1, key
