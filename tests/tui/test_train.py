"""The Train pane on real logs: whole curves, and honest words about what happened."""

from __future__ import annotations

import asyncio
import math
import os
import time

import pytest
from textual.events import Key

from core.runs import events
from core.runs.folder import EVENTS
from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.training import TRAIN, Run, losses, pane_of, shows, told
from tests.tui.written_runs import write_run
from tui.app import TermformerApp

# --- watching -------------------------------------------------------------------------------


async def test_the_curve_is_whole_after_reopening(open_app: OpenApp) -> None:
    run = Run().starts().steps(10)
    async with open_app(**TRAIN) as pilot:
        await until(lambda: len(losses(pilot)) == 10, pilot)
        run.steps(5)
        await until(shows(pilot, "calm-otter", "● running", "step 15 of 40"), pilot)
    run.steps(10)
    async with open_app() as pilot:
        await until(lambda: len(losses(pilot)) == 25, pilot)
        assert losses(pilot) == run.losses == [1 / step for step in range(1, 26)]
        await until(shows(pilot, "calm-otter went on while the app was closed."), pilot)
        assert "step 25 of 40" in screen_text(pilot)


async def test_a_view_of_a_run_that_has_ended_is_not_live(open_app: OpenApp) -> None:
    run = Run().starts().steps(40)
    run.log.append(events.RunFinished(global_step=40, seconds=1))
    options = {"train": {"watched": str(run.folder)}}
    async with open_app(options=options, **TRAIN) as pilot:
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("escape", "plus")
        await until(shows(pilot, "zoomed"), pilot)
        assert "live" not in screen_text(pilot)


async def test_the_plan_of_a_run_that_begins_knows_as_much_as_the_form(open_app: OpenApp) -> None:
    write_run("frank-carp", 0)
    Run("calm-otter")
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        await until(shows(pilot, "● starting", "as frank-carp took"), pilot)


async def test_before_the_first_step_the_plan_has_the_place_of_the_figures(
    open_app: OpenApp,
) -> None:
    run = Run()
    for phase in ("libraries", "the data reviews", "the model mini-base", "columns", "more"):
        run.log.append(events.Progress(phase=f"Loading {phase}"))
    async with open_app(size=(80, 24), **TRAIN) as pilot:
        await until(shows(pilot, "› Loading more…", "at each new best"), pilot)
        run.starts("1 thread, found by trying.").steps(1)
        await until(shows(pilot, "step 1 of 40", "gradient norm"), pilot)


async def test_a_torn_line_is_read_when_it_is_whole(open_app: OpenApp) -> None:
    run = Run().starts().steps(3)
    file = run.folder / EVENTS
    whole = file.read_bytes()
    torn = len(whole) - 30
    file.write_bytes(whole[:torn])
    async with open_app(**TRAIN) as pilot:
        await until(lambda: len(losses(pilot)) == 2, pilot)
        with file.open("ab") as log:
            log.write(whole[torn:])
        await until(lambda: len(losses(pilot)) == 3, pilot)
        assert losses(pilot) == run.losses


async def test_a_loss_that_is_no_number_is_a_gap_and_said(open_app: OpenApp) -> None:
    Run().starts().steps(30, lambda step: math.nan if 10 <= step < 20 else 0.5)
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        await until(shows(pilot, "step 30 of 40"), pilot)
        assert "10 steps have a loss that is no finite" in screen_text(pilot)
        axis = next(line for line in screen_text(pilot).splitlines() if "×" in line and "└" in line)
        assert axis.count("×") >= 5


async def test_it_is_never_silent_before_the_first_step(open_app: OpenApp) -> None:
    run = Run()
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "● starting"), pilot)
        run.log.append(events.Progress(phase="Loading the model mini-base"))
        run.log.append(events.Progress(phase="Tokenizing", done=800, total=2_174))
        await until(shows(pilot, "Loading the model mini-base", "800 of 2,174"), pilot)
        run.starts().steps(1)
        await until(shows(pilot, "● running", "step 1 of 40"), pilot)
        assert "Tokenizing" not in screen_text(pilot)
        run.log.append(events.Progress(phase="Evaluating on validation", done=12, total=40))
        await until(shows(pilot, "evaluating on validation 12 of 40"), pilot)


async def test_another_pane_is_told_of_the_run(open_app: OpenApp) -> None:
    run = Run().starts().steps(3)
    async with open_app(pane="tokens") as pilot:
        await until(shows(pilot, "run calm-otter · step 3 of 40 · loss 0.33"), pilot)
        run.steps(2)
        await until(shows(pilot, "run calm-otter · step 5 of 40 · loss 0.20"), pilot)
        run.log.append(events.RunFinished(global_step=5, seconds=60))
        await until(lambda: "calm-otter: Finished in 1 min" in told(pilot), pilot)
        await pilot.press("escape", "5")
        await until(shows(pilot, "● finished"), pilot)


async def test_keys_act_while_a_long_log_is_read(open_app: OpenApp) -> None:
    run = Run(max_steps=60_000).starts().steps(1)
    last = (run.folder / EVENTS).read_bytes().splitlines()[-1]
    with (run.folder / EVENTS).open("ab") as log:
        for seq in range(2, 60_001):
            log.write(last.replace(b'"seq":1', b'"seq":%d' % seq) + b"\n")
    run.dies()
    async with open_app(pane="tokens") as pilot:
        app = pilot.app
        assert isinstance(app, TermformerApp)
        pane_of(pilot).watch_run(run.folder)
        assert 0 < len(losses(pilot)) < 60_000
        app.post_message(Key("f6", None))
        for _ in range(100_000):
            if app.bench.pane_in_view.id == "train":
                break
            await asyncio.sleep(0)
        assert app.bench.pane_in_view.id == "train"
        assert len(losses(pilot)) < 60_000
        await until(lambda: len(losses(pilot)) == 60_000, pilot)
        assert losses(pilot) == run.losses


async def test_a_run_that_came_to_nan_is_not_offered_to_come_to_it_again(
    open_app: OpenApp,
) -> None:
    run = Run().starts().steps(3, lambda step: math.nan if step == 3 else 0.5)
    run.log.append(events.RunFailed(message="The loss became NaN.", global_step=3))
    run.dies()
    async with open_app(options={"train": {"watched": str(run.folder)}}, **TRAIN) as pilot:
        await until(shows(pilot, "The loss became NaN · l f its values in the form"), pilot)
        await pilot.press("escape", "l")
        await until(shows(pilot, "› calm-otter"), pilot)
        await pilot.press("f")
        await until(shows(pilot, "The form has the values of calm-otter."), pilot)


async def test_text_of_the_worker_is_harmless(open_app: OpenApp) -> None:
    run = Run().starts().steps(2)
    run.log.append(events.Warned(message="\x1b[31m[red]bad[/red] [/b]\x00"))
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        await until(shows(pilot, "␛[31m[red]bad[/red] [/b]␀"), pilot)
        run.log.append(events.RunFailed(message="It broke: [/]\x1b]0;x\x07", global_step=2))
        await until(shows(pilot, "● failed", "It broke: [/]␛]0;x␇"), pilot)


async def test_a_log_with_rubbish_shows_what_is_good(open_app: OpenApp) -> None:
    run = Run().starts().steps(2)
    with (run.folder / EVENTS).open("ab") as log:
        log.write(b"\xff\x00 rubbish\n")
        log.write(b'{"seq":3,"time":1.0,"type":"probe_of_tomorrow"}\n')
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        await until(shows(pilot, "2 faults in the log: 1 event of an"), pilot)
        assert len(losses(pilot)) == 2


@pytest.mark.parametrize("size", [(20, 6), (40, 12), (80, 24), (120, 40), (200, 60)])
async def test_every_size(open_app: OpenApp, size: tuple[int, int]) -> None:
    Run().starts().steps(20).evaluates("validation", 0.8)
    async with open_app(size=size, **TRAIN) as pilot:
        await until(lambda: len(losses(pilot)) == 20, pilot)
        await pilot.press("escape", *"ddddl", "f", "tab", "x", "escape", "escape")
        if size >= (40, 12):
            await until(shows(pilot, "calm-otter"), pilot)


# --- what happened --------------------------------------------------------------------------


async def test_a_crash_while_the_app_was_closed_is_said(open_app: OpenApp) -> None:
    run = Run().starts().steps(10)
    (run.folder / "checkpoints" / "step-10").mkdir(parents=True)
    (run.folder / "checkpoints" / "step-10" / "config.json").write_text("{}")
    run.log.append(events.CheckpointSaved(global_step=10, path="checkpoints/step-10"))
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "● running"), pilot)
    run.steps(2)
    run.dies()
    async with open_app() as pilot:
        await until(shows(pilot, "● crashed", "calm-otter crashed"), pilot)
        assert "at step 12" in screen_text(pilot)
        assert losses(pilot) == run.losses
        await pilot.press("escape", "j")
        await until(shows(pilot, "checkpoints/step-10"), pilot)


async def test_a_crash_while_one_watches_is_said(open_app: OpenApp) -> None:
    run = Run().starts().steps(10)
    async with open_app(pane="tokens") as pilot:
        await until(shows(pilot, "step 10 of 40"), pilot)
        run.dies()
        await until(shows(pilot, "calm-otter · crashed"), pilot)
        await until(lambda: "ended without a last word after step 10" in told(pilot), pilot)


async def test_the_newest_unfinished_run_is_found(open_app: OpenApp) -> None:
    Run("old-one").starts().steps(2).log.append(events.RunFinished(global_step=2, seconds=1))
    going = Run("going-on").starts().steps(4)
    os.utime(going.folder / "config.json", (time.time() - 60, time.time() - 60))
    Run("crashed-one").starts().steps(3).dies()
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "going-on", "● running", "step 4 of 40"), pilot)


async def test_attach_opens_on_the_run(open_app: OpenApp) -> None:
    run = Run("one").starts().steps(4)
    run.dies()
    Run("two").starts().steps(4)
    app = TermformerApp(attach=str(run.folder))
    async with app.run_test(size=(80, 24)) as pilot:
        await app.bench.furnished.wait()
        await until(shows(pilot, "one", "● crashed", "step 4 of 40"), pilot)
        assert app.bench.pane_in_view.id == "train"
