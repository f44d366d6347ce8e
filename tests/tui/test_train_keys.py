"""The Train pane's keys: starting, steering, the form, the list; nothing stopped by one key."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import paths
from core.runs import events
from core.runs.config import read_config
from core.runs.folder import EVENTS
from core.runs.log import EventReader
from core.runs.requests import Pause, Resume, SaveCheckpoint, Stop, waiting_requests
from core.runs.status import run_status
from tests.tui.conftest import OpenApp, screen_text, until, write
from tests.tui.training import TRAIN, Run, losses, pane_of, shows
from tui.app import TermformerApp

# --- steering -------------------------------------------------------------------------------


async def test_stop_needs_a_second_key(open_app: OpenApp) -> None:
    run = Run().starts().steps(3)
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "● running"), pilot)
        await pilot.press("escape", "x")
        await until(shows(pilot, "Stop calm-otter?"), pilot)
        await pilot.press("j")
        await until(lambda: "Stop calm-otter?" not in screen_text(pilot), pilot)
        await pilot.press("y", "x")
        await until(shows(pilot, "Stop calm-otter?"), pilot)
        assert waiting_requests(run.folder) == []
        await pilot.press("y")
        await until(lambda: waiting_requests(run.folder), pilot)
        [posted] = waiting_requests(run.folder)
        assert posted.request == Stop()
        await until(shows(pilot, "Asked to stop"), pilot)
        run.log.append(
            events.RunStopped(
                global_step=3,
                reason="Stopped by request.",
                path="checkpoints/step-3",
                request=posted.id,
            )
        )
        await until(shows(pilot, "● stopped", "saved in checkpoints/step-3"), pilot)
        await pilot.press("x", "x")
        assert len(waiting_requests(run.folder)) == 1


async def test_the_last_row_names_what_acts_on_the_run_as_it_fares(open_app: OpenApp) -> None:
    async with open_app(**TRAIN) as pilot:
        await pilot.press("escape")
        await until(shows(pilot, "KEYS   i type  s start  f form  l runs  o model"), pilot)
        run = Run().starts().steps(3)
        pane_of(pilot).watch_run(run.folder)
        await until(shows(pilot, "● running", "f form  x stop  p pause  l runs"), pilot)
        run.log.append(events.Paused(global_step=3))
        await until(shows(pilot, "● paused", "f form  x stop  p go on  l runs"), pilot)
        run.log.append(events.Resumed(global_step=3))
        await until(shows(pilot, "● running", "f form  x stop  p pause  l runs"), pilot)
        run.dies()
        await until(shows(pilot, "● crashed", "f form  p resume  l runs"), pilot)
        run.log.append(events.RunFinished(global_step=3, path="model", seconds=2.0))
        await until(shows(pilot, "● finished", "f form  l runs  d details"), pilot)


async def test_in_the_list_the_last_row_names_what_acts_on_the_run_that_is_marked(
    open_app: OpenApp,
) -> None:
    Run("first-one").starts().steps(7).dies()
    Run("second-one").starts().steps(9)
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "second-one", "● running"), pilot)
        await pilot.press("escape", "l")
        await until(shows(pilot, "› second-one", "f form  x stop  p pause  l runs"), pilot)
        await pilot.press("down")
        await until(shows(pilot, "› first-one", "f form  p resume  l runs"), pilot)
        await pilot.press("Z")
        await until(shows(pilot, "The trash is empty", "f form  l runs  o model"), pilot)


async def test_a_key_of_ones_own_goes_on_where_the_last_row_says_so(open_app: OpenApp) -> None:
    keys = '"train.pause" = "P"\n"train.details" = "f9"'
    write(paths.config_file(), f"preload = false\n[keys]\n{keys}\n")
    run = Run().starts().steps(3)
    run.log.append(events.Paused(global_step=3))
    async with open_app(**TRAIN) as pilot:
        await pilot.press("escape")
        await until(shows(pilot, "● paused", "calm-otter is paused.", "P go on"), pilot)
        await pilot.press("0")
        await until(shows(pilot, "Paused at step 3. P goes on"), pilot)
        await pilot.press("f9")
        await until(shows(pilot, "No evaluation yet", "F9 next  Esc"), pilot)
        await pilot.press("escape", "P")
        await until(lambda: waiting_requests(run.folder), pilot)
        [posted] = waiting_requests(run.folder)
        assert posted.request == Resume()


async def test_a_stop_that_could_not_be_saved_says_so(open_app: OpenApp) -> None:
    run = Run().starts().steps(3)
    reason = "Stopped by request. The disk is full, so step 3 could not be saved."
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "● running"), pilot)
        run.log.append(events.RunStopped(global_step=3, reason=reason, path="checkpoints/step-2"))
        await until(shows(pilot, "● stopped", "Stopped by request. The disk is full"), pilot)
        assert "saved in" not in screen_text(pilot)


async def test_pause_and_checkpoint_show_what_the_worker_did(open_app: OpenApp) -> None:
    run = Run().starts().steps(3)
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "● running"), pilot)
        await pilot.press("escape", "w")
        await until(lambda: waiting_requests(run.folder), pilot)
        [posted] = waiting_requests(run.folder)
        assert posted.request == SaveCheckpoint()
        await until(shows(pilot, "Asked for a checkpoint"), pilot)
        run.log.append(
            events.CheckpointSaved(global_step=3, path="checkpoints/step-3", request=posted.id)
        )
        await until(shows(pilot, "Step 3 is saved in checkpoints/step-3"), pilot)
        posted.path.unlink()
        for request, answer, word in (
            (Pause(), events.Paused, "● paused"),
            (Resume(), events.Resumed, "● running"),
        ):
            await pilot.press("p")
            await until(lambda: waiting_requests(run.folder), pilot)
            [posted] = waiting_requests(run.folder)
            assert posted.request == request
            run.log.append(answer(global_step=3, request=posted.id))
            posted.path.unlink()
            await until(shows(pilot, word), pilot)


# --- the list -------------------------------------------------------------------------------


async def test_the_list_shows_how_runs_fare_and_opens_one(open_app: OpenApp) -> None:
    Run("first-one").starts().steps(7).dies()
    Run("second-one").starts().steps(9)
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "second-one", "● running"), pilot)
        await pilot.press("escape", "l")
        await until(shows(pilot, "› second-one", "first-one"), pilot)
        rows = [line.split() for line in screen_text(pilot).splitlines()]
        assert any(row[:5] == ["first-one", "crashed", "7", "of", "40"] for row in rows)
        assert any(row[:5] == ["›", "second-one", "running", "9", "of"] for row in rows)
        await pilot.press("down")
        await until(shows(pilot, "› first-one"), pilot)
        await pilot.press("m")
        await until(shows(pilot, "has not saved a model or a checkpoint yet"), pilot)
        await pilot.press("enter")
        await until(shows(pilot, "first-one", "● crashed", "step 7 of 40"), pilot)
    async with open_app() as pilot:
        await until(shows(pilot, "second-one"), pilot)  # it goes on, the other does not


# --- end to end -----------------------------------------------------------------------------


@pytest.mark.slow
async def test_one_key_trains_a_real_model(
    open_app: OpenApp, tiny_classifier: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for split, count in (("train", 64), ("validation", 16), ("test", 16)):
        rows = [
            f"{('bad', 'good')[n % 2]}\tthis is {('awful', 'lovely')[n % 2]} {n}"
            for n in range(count)
        ]
        (data / f"{split}.tsv").write_text("\n".join(["label\ttext", *rows]) + "\n")
    form = {
        "model": str(tiny_classifier),
        "data": str(data),
        "epochs": "2",
        "batch_size": "8",
        "name": "named-one",
    }
    async with open_app(size=(120, 40), options={"train": form}, **TRAIN) as pilot:
        await pilot.press("escape")
        await until(shows(pilot, "s starts it"), pilot)
        await pilot.press("s")
        await until(lambda: pane_of(pilot).watched is not None, pilot)
        watch = pane_of(pilot).watched
        assert watch is not None
        folder = watch.folder
        assert read_config(folder).epochs == 2
        assert (folder.name, pane_of(pilot).form.values["name"]) == ("named-one", "")
        await until(lambda: run_status(folder).status in {"finished", "failed"}, pilot)
        await until(shows(pilot, "● finished", "test accuracy"), pilot)
        assert folder.parent == paths.runs_dir()
        logged = [event for b in EventReader(folder / EVENTS).drain() for event in b.events]
        steps = [event for event in logged if isinstance(event, events.Step)]
        assert losses(pilot) == [float(step.loss) for step in steps]
        assert len(steps) == 16
        await pilot.press("m")
        app = pilot.app
        assert isinstance(app, TermformerApp)
        await until(lambda: app.bench.model.status == "ready", pilot)
        assert Path(app.bench.model.name).name == folder.name
