"""What the Train pane says of a run in figures and words."""

from __future__ import annotations

import math
from itertools import pairwise

import msgspec

from core.runs import events
from core.runs.config import RunConfig, Scratch
from core.runs.folder import EVENTS
from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.training import STARTED, TRAIN, Run, shows
from tui.panes.train.figures import rough_duration, settings

TWELVE_STEPS = msgspec.structs.replace(STARTED, max_steps=12, steps_per_epoch=333)


async def test_figures_evaluations_and_notes(open_app: OpenApp) -> None:
    run = Run().starts("1 thread, found by trying.").steps(20).evaluates("validation", 0.815)
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        await until(shows(pilot, "step 20 of 40"), pilot)
        shown = screen_text(pilot)
        rows = [line[76:].split() for line in shown.splitlines()]
        for row in (
            ["loss", "0.0500"],
            ["learning", "rate", "2.50e-05"],
            ["samples/s", "41.0"],
            ["padding", "25", "%"],
            ["epoch", "1.00", "of", "2"],
            ["epoch", "1", "0.4000", "81.5", "%"],
        ):
            assert row in rows, shown
        assert "1 thread, found by trying." in shown
        assert shown.count("◆") == 1
        run.steps(20).evaluates("test", 0.85)
        run.log.append(events.RunFinished(global_step=40, seconds=133))
        await until(shows(pilot, "● finished", "Finished in 2 min 13 s"), pilot)
        assert "test accuracy 85.0 %" in screen_text(pilot)
        assert screen_text(pilot).count("◇") == 1


async def test_figures_that_have_no_room_say_where_they_are(open_app: OpenApp) -> None:
    Run().starts(*(f"It chose number {number}." for number in range(30))).steps(3)
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        await until(shows(pilot, "It chose number 0.", "… the rest is among the details"), pilot)
        assert "It chose number 29." not in screen_text(pilot)


async def test_the_best_evaluation_is_marked_and_stays_in_sight(open_app: OpenApp) -> None:
    run = Run(max_steps=40).starts()
    for loss in (0.9, 0.5, 0.6, math.nan, *[0.7] * 8):
        run.steps(3).evaluates("validation", 0.5, loss=loss)
    run.evaluates("test", 0.5, loss=0.1)
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        await until(shows(pilot, "step 36 of 40", "test"), pilot)
        rows = [line[76:].split() for line in screen_text(pilot).splitlines()]
        assert ["step", "6", "0.5000", "50.0", "%", "best", "loss"] in rows
        assert sum("best" in row for row in rows) == 1
        assert [row[:2] for row in rows if row[:1] == ["step"]][:2] == [
            ["step", "6"],
            ["step", "21"],
        ]


async def test_a_run_of_a_small_part_of_an_epoch_counts_steps(open_app: OpenApp) -> None:
    config = RunConfig(
        name="tiny-run",
        model="mini-base",
        max_steps=12,
        scratch=Scratch(layers=1, hidden=32, heads=2),
    )
    run = Run(max_steps=12, config=config, steps_per_epoch=1_332).starts()
    run.steps(6).evaluates("validation", 0.5)
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        await until(shows(pilot, "tiny-run", "step 6 of 12"), pilot)
        rows = [line[76:].split() for line in screen_text(pilot).splitlines()]
        assert ["step", "6", "of", "12"] in rows
        assert ["step", "6", "0.4000", "50.0", "%"] in rows
        assert "epoch" not in screen_text(pilot)
        run.steps(6)
        await until(shows(pilot, "steps done · evaluates and saves"), pilot)
        assert " left" not in screen_text(pilot)


def test_a_run_is_described_by_what_begins_it_and_what_ends_it() -> None:
    scratch = Scratch(layers=1, hidden=32, heads=2)
    config = RunConfig(name="a", model="mini-base", max_steps=12, scratch=scratch)
    words = settings(config, TWELVE_STEPS)
    assert words.startswith("a new model of 1 layer, 32 wide on reviews · 12 steps · rate")
    assert "2 epochs, at most 12 steps" in settings(config)
    # Its epochs end it before: it never gets so far.
    longer = msgspec.structs.replace(config, max_steps=4_000, scratch=None)
    words = settings(longer, TWELVE_STEPS)
    assert words.startswith("mini-base on reviews · 2 epochs · rate")


def test_an_age_that_grows_is_seldom_written_anew() -> None:
    """A run that is silent costs few bytes: its age is all that changes on the screen."""
    seen = [rough_duration(30 + half / 2) for half in range(2 * 3_600)]
    assert sum(before != after for before, after in pairwise(seen)) < 120
    assert seen[-1] == "1 h 0 min"
    assert "60 s" not in seen
    assert "1 min" in seen


async def test_the_figures_stand_where_no_chart_has_room(open_app: OpenApp) -> None:
    Run().starts().steps(20).evaluates("validation", 0.8)
    async with open_app(size=(40, 12), **TRAIN) as pilot:
        await until(shows(pilot, "loss             0.0500", "epoch 1 80.0 %"), pilot)


async def test_a_run_that_was_stopped_early_says_how_long_it_did_what(open_app: OpenApp) -> None:
    run = Run()
    lines = [
        (1_000.0, events.Progress(phase="assembling mini-base")),
        (1_007.5, events.RunStopped(global_step=0, reason="Stopped by request.")),
    ]
    with (run.folder / EVENTS).open("wb") as log:
        for seq, (when, event) in enumerate(lines):
            line = msgspec.structs.replace(event, seq=seq, time=when)
            log.write(msgspec.json.encode(line) + b"\n")
    run.dies()
    async with open_app(options={"train": {"watched": str(run.folder)}}, **TRAIN) as pilot:
        await until(
            shows(pilot, "Assembling mini-base", " 7.5 s", "nothing to save · p resumes it"), pilot
        )


async def test_a_phase_whose_end_is_not_known_says_how_far_it_came(open_app: OpenApp) -> None:
    run = Run().starts()
    run.log.append(events.Progress(phase="Reading the data", done=1_200))
    async with open_app(size=(120, 30), **TRAIN) as pilot:
        await until(shows(pilot, "· reading the data 1,200"), pilot)
        run.log.append(events.Progress(phase="Reading the data", done=2_400, total=4_800))
        await until(shows(pilot, "reading the data 2,400 of 4,800"), pilot)
