"""The Train pane on real logs: whole curves, honest words, and nothing stopped by one key."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from textual.events import Key
from textual.pilot import Pilot

from core import paths
from core.runs import events
from core.runs.config import RunConfig, read_config
from core.runs.folder import EVENTS, create_run, list_runs
from core.runs.log import EventReader, EventWriter
from core.runs.process import PROCESS, record_of, write_process
from core.runs.requests import Pause, Resume, SaveCheckpoint, Stop, waiting_requests
from core.runs.status import run_status
from tests.tui.conftest import OpenApp, screen_text, until
from tui.app import TermformerApp
from tui.panes.train import TrainPane

TRAIN = {"pane": "train"}


class Run:
    """A run whose worker is this test: it writes the log and answers, or does not."""

    def __init__(self, name: str = "calm-otter", max_steps: int = 40) -> None:
        self.folder = create_run(RunConfig(name=name, model="mini-base"))
        self.log = EventWriter(self.folder / EVENTS)
        self.max_steps = max_steps
        self.global_step = 0
        self.lives()

    def lives(self) -> None:
        write_process(self.folder)

    def dies(self) -> None:
        record = record_of(os.getpid())
        assert record is not None
        other = msgspec.structs.replace(record, started=record.started - 1)
        (self.folder / PROCESS).write_bytes(msgspec.json.encode(other))

    def starts(self, *notes: str) -> Run:
        self.log.append(
            events.RunStarted(
                max_steps=self.max_steps,
                steps_per_epoch=max(1, self.max_steps // 2),
                train_rows=320,
                validation_rows=40,
                parameters=22_713_986,
                trainable=22_713_986,
                labels=["NEGATIVE", "POSITIVE"],
                threads=1,
                device="cpu",
                notes=list(notes),
            )
        )
        return self

    def steps(self, count: int, loss: Callable[[int], float] = lambda step: 1 / step) -> Run:
        for _ in range(count):
            self.global_step += 1
            self.log.append(
                events.Step(
                    global_step=self.global_step,
                    epoch=self.global_step / max(1, self.max_steps // 2),
                    loss=events.number(loss(self.global_step)),
                    learning_rate=2.5e-5,
                    grad_norm=1.25,
                    samples_per_second=41.0,
                    padding=0.25,
                )
            )
        return self

    def evaluates(self, split: str, accuracy: float) -> Run:
        self.log.append(
            events.Evaluation(
                global_step=self.global_step,
                epoch=self.global_step / (self.max_steps / 2),
                split=split,
                loss=0.4,
                accuracy=accuracy,
                majority_baseline=0.5,
            )
        )
        return self

    @property
    def losses(self) -> list[float]:
        """What stands in the log, read anew."""
        found = [
            event for batch in EventReader(self.folder / EVENTS).drain() for event in batch.events
        ]
        return [float(event.loss) for event in found if isinstance(event, events.Step)]


def pane_of(pilot: Pilot[None]) -> TrainPane:
    app = pilot.app
    assert isinstance(app, TermformerApp)
    return app.query_one(TrainPane)


def losses(pilot: Pilot[None]) -> list[float]:
    watch = pane_of(pilot).watched
    return [] if watch is None else list(watch.history.loss.y)


def shows(pilot: Pilot[None], *words: str) -> Callable[[], bool]:
    return lambda: all(word in screen_text(pilot) for word in words)


def told(pilot: Pilot[None]) -> str:
    """What the app said in passing."""
    return "\n".join(note.message for note in pilot.app._notifications)


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
            ["epoch", "1.00", "of", "3"],
            ["epoch", "1", "0.4000", "81.5", "%"],
        ):
            assert row in rows, shown
        assert "1 thread, found by trying." in shown
        assert shown.count("◆") == 1
        run.steps(20).evaluates("test", 0.85)
        run.log.append(events.RunFinished(global_step=40, seconds=133))
        await until(shows(pilot, "● finished", "Finished in 2 min 10 s"), pilot)
        assert "test accuracy 85.0 %" in screen_text(pilot)
        assert screen_text(pilot).count("◇") == 1


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
        await pilot.press("escape", "3")
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
        app.post_message(Key("f4", None))
        for _ in range(100_000):
            if app.bench.pane_in_view.id == "train":
                break
            await asyncio.sleep(0)
        assert app.bench.pane_in_view.id == "train"
        assert len(losses(pilot)) < 60_000
        await until(lambda: len(losses(pilot)) == 60_000, pilot)
        assert losses(pilot) == run.losses


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
        await until(shows(pilot, "2 faults in the log; the first is in line"), pilot)
        assert len(losses(pilot)) == 2


@pytest.mark.parametrize("size", [(20, 6), (40, 12), (80, 24), (120, 40), (200, 60)])
async def test_every_size(open_app: OpenApp, size: tuple[int, int]) -> None:
    Run().starts().steps(20).evaluates("validation", 0.8)
    async with open_app(size=size, **TRAIN) as pilot:
        await until(lambda: len(losses(pilot)) == 20, pilot)
        await pilot.press("escape", "l", "e", "tab", "x", "escape", "escape")
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


async def test_pause_and_checkpoint_show_what_the_worker_did(open_app: OpenApp) -> None:
    run = Run().starts().steps(3)
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "● running"), pilot)
        await pilot.press("escape", "c")
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


# --- the form -------------------------------------------------------------------------------


async def test_a_wrong_value_says_what_is_wrong_and_starts_nothing(open_app: OpenApp) -> None:
    async with open_app(**TRAIN) as pilot:
        await pilot.press("escape")
        await until(shows(pilot, "New run", "s starts it"), pilot)
        assert "mini-base" in screen_text(pilot)
        await pilot.press("e", "tab", "tab", "backspace", "0")
        await until(shows(pilot, "Epochs must be at least 1."), pilot)
        await pilot.press("backspace", "x")
        await until(shows(pilot, "Epochs must be a whole number."), pilot)
        await pilot.press("tab", "end", *"9999", "escape", "s")
        await until(shows(pilot, "Not started: Epochs must be a whole number."), pilot)
        assert list_runs() == []
        await pilot.press("e", "backspace", "2", "tab", "ctrl+u", *"nan", "escape", "s")
        await until(shows(pilot, "The learning rate must be above 0 and at most 1."), pilot)
        await pilot.press(
            "e", "ctrl+u", *"1e-3", "up", "up", "up", "ctrl+u", *"/no/where", "escape"
        )
        await pilot.press("s")
        await until(shows(pilot, "Not started: There is no model named '/no/where'"), pilot)
        assert list_runs() == []


async def test_the_form_is_remembered(open_app: OpenApp) -> None:
    async with open_app(**TRAIN) as pilot:
        await pilot.press("escape", "e", "up", "ctrl+u", "7", "escape")
    async with open_app() as pilot:
        await pilot.press("escape")
        await until(shows(pilot, "New run"), pilot)
        seed = next(line for line in screen_text(pilot).splitlines() if "seed  " in line)
        assert seed.split()[:2] == ["seed", "7"]


async def test_keys_typed_into_the_form_act_on_nothing(open_app: OpenApp) -> None:
    async with open_app(**TRAIN) as pilot:
        await pilot.press("escape", "e", *"xsq1p")
        app = pilot.app
        assert isinstance(app, TermformerApp)
        assert pane_of(pilot).form.values["model"] == "mini-basexsq1p"
        assert app.bench.pane_in_view.id == "train"
        assert "TYPE" in screen_text(pilot).splitlines()[-1]
        await pilot.press("f2")
        assert app.bench.pane_in_view.id == "tokens"


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
    form = {"model": str(tiny_classifier), "data": str(data), "epochs": "2", "batch_size": "8"}
    async with open_app(size=(120, 40), options={"train": form}, **TRAIN) as pilot:
        await pilot.press("escape")
        await until(shows(pilot, "s starts it"), pilot)
        await pilot.press("s")
        await until(lambda: pane_of(pilot).watched is not None, pilot)
        watch = pane_of(pilot).watched
        assert watch is not None
        folder = watch.folder
        assert read_config(folder).epochs == 2
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
