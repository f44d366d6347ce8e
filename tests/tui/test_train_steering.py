"""Wishes, shown as done once the log says so; probes that follow the editor; details."""

from __future__ import annotations

import asyncio
import time

import pytest
from textual.events import Key

from core.runs import events, status
from core.runs.requests import Probe, SetLearningRate, waiting_requests
from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.training import TRAIN, Run, pane_of, shows
from tests.tui.written_runs import PROBES, write_runs
from tui.app import TermformerApp
from tui.panes.train import asking, prober


async def test_the_rate_is_changed_once_the_worker_says_so(open_app: OpenApp) -> None:
    run = Run().starts().steps(3)
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "● running"), pilot)
        await pilot.press("escape", "u", "ctrl+u", *"x", "enter")
        await until(shows(pilot, "The learning rate must be a number", "learning rate x"), pilot)
        # The line stays to be put right.
        await pilot.press("backspace", *"3", "enter")
        problem = "The learning rate must be above 0 and at most 1."
        await until(shows(pilot, problem, "learning rate 3"), pilot)
        assert waiting_requests(run.folder) == []
        await pilot.press(*"e-5", "enter")
        await until(lambda: waiting_requests(run.folder), pilot)
        [posted] = waiting_requests(run.folder)
        assert posted.request == SetLearningRate(3e-5)
        await until(shows(pilot, "Asked for another learning rate"), pilot)
        # Somebody else's answer is not this one's.
        run.log.append(events.LearningRateSet(global_step=3, learning_rate=1e-6, request="another"))
        run.steps(1)
        await until(shows(pilot, "step 4 of 40"), pilot)
        assert "Asked for another learning rate" in screen_text(pilot)
        run.log.append(events.LearningRateSet(global_step=4, learning_rate=3e-5, request=posted.id))
        await until(shows(pilot, "The learning rate is 3e-05 now."), pilot)
        assert "warms up" not in screen_text(pilot)
        # What the run does is not what it began with any more.
        await pilot.press("0")
        await until(shows(pilot, "rate 0.0001, 3e-05 from step 5 on · batch 16"), pilot)
        # In one burst, as a slow connection delivers them: the line has all keys behind the first.
        pane = pane_of(pilot)
        for key in ("u", "ctrl+u", *"4e-5", "enter"):
            pane.post_message(Key(key, key if len(key) == 1 else None))
        await until(lambda: SetLearningRate(4e-5) in _asked(run), pilot)
        await pilot.press("u", "escape")
        assert "learning rate " not in screen_text(pilot).splitlines()[-2]


async def test_a_value_that_is_given_up_is_complained_of_no_longer(open_app: OpenApp) -> None:
    Run().starts().steps(3)
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "step 3 of 40"), pilot)
        await pilot.press("escape", "u", "x", "enter")
        await until(shows(pilot, "The learning rate must be a number"), pilot)
        await pilot.press("escape")
        await until(shows(pilot, "mini-base on reviews"), pilot)
        assert "must be a number" not in screen_text(pilot)


async def test_in_the_warm_up_the_rate_that_is_changed_is_its_peak(open_app: OpenApp) -> None:
    run = Run().starts().steps(3)
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "step 3 of 40"), pilot)
        # Two of four steps up: the last one's rate of 2.5e-5 is half of the peak.
        await pilot.press("escape", "u")
        await until(shows(pilot, "learning rate 5.00e-05"), pilot)
        await pilot.press("escape")
        run.steps(1)
        await until(shows(pilot, "step 4 of 40"), pilot)
        await pilot.press("u")
        await until(shows(pilot, "learning rate 2.50e-05"), pilot)


async def test_a_run_that_a_full_disk_paused_says_so_until_there_is_room(
    open_app: OpenApp,
) -> None:
    run = Run().starts().steps(3)
    full = events.Warned(message="The disk is full: step-3 could not be written.")

    def pauses() -> None:
        run.log.append(full)
        run.log.append(events.Paused(global_step=3))

    pauses()
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "● paused", "is paused: The disk is full"), pilot)
        await pilot.press("escape", "0")
        await until(shows(pilot, " The disk is full: step-3 could not be written. p goes"), pilot)
        await pilot.press("p")
        await until(lambda: waiting_requests(run.folder), pilot)
        [posted] = waiting_requests(run.folder)
        posted.path.unlink()
        run.log.append(events.Resumed(global_step=3, request=posted.id))
        pauses()
        await until(shows(pilot, " The disk is full: step-3 could not be written. p goes"), pilot)
        assert "Went on" not in screen_text(pilot)


async def test_a_rate_set_in_the_warm_up_is_said_to_be_its_peak(open_app: OpenApp) -> None:
    run = Run().starts().steps(3)
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "● running"), pilot)
        await pilot.press("escape", "u", "ctrl+u", *"3e-5", "enter")
        await until(lambda: waiting_requests(run.folder), pilot)
        [posted] = waiting_requests(run.folder)
        run.log.append(
            events.LearningRateSet(
                global_step=3, learning_rate=3e-5, in_warmup=True, request=posted.id
            )
        )
        await until(shows(pilot, "3e-05 now. It still warms up: that is its peak."), pilot)


def _asked(run: Run) -> list[object]:
    return [posted.request for posted in waiting_requests(run.folder)]


async def test_a_crashed_run_says_how_it_goes_on_and_does(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run().starts().steps(5)
    run.dies()

    def new_worker(folder: object) -> int:
        run.lives()
        run.log.append(events.RunResumed(global_step=0, checkpoint=""))
        return 1

    monkeypatch.setattr(asking, "resume_run", new_worker)
    options = {"train": {"watched": str(run.folder)}}
    async with open_app(options=options, **TRAIN) as pilot:
        await until(shows(pilot, "● crashed", "resumes it"), pilot)
        await pilot.press("escape", "p")
        await until(shows(pilot, "A new worker goes on from the start"), pilot)
        run.steps(1)
        await until(shows(pilot, "● running", "step 6 of 40"), pilot)


async def test_a_run_that_was_silent_is_stalled_until_it_speaks(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock:
        ahead = 0.0

        @classmethod
        def time(cls) -> float:
            return time.time() + cls.ahead

    monkeypatch.setattr(status, "time", Clock)
    run = Run().starts().steps(5)
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "● running", "step 5 of 40"), pilot)
        Clock.ahead = 90.0
        await until(shows(pilot, "● stalled for 1 min", "no sign of life"), pilot)
        # What is asked of it meanwhile hides neither that nor what was asked before.
        await pilot.press("escape", "p", "w", "v")
        await until(
            shows(pilot, "to pause", "for a checkpoint", "to evaluate", "gives no sign of life."),
            pilot,
        )
        Clock.ahead = 0.0
        run.steps(1)
        await until(shows(pilot, "● running", "step 6 of 40"), pilot)


async def test_probes_follow_the_sentences_of_the_editor(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prober, "QUIET", 0.01)
    run = Run().starts().steps(3)
    async with open_app(text="not bad at all\na\tpair", size=(100, 36), **TRAIN) as pilot:
        await until(shows(pilot, "● running"), pilot)
        assert waiting_requests(run.folder) == []
        await pilot.press("escape", "d", "d")
        await until(lambda: waiting_requests(run.folder), pilot)
        [posted] = waiting_requests(run.folder)
        assert posted.request == Probe(["not bad at all", "a\tpair"])
        run.log.append(_probed(3, {"not bad at all": 0.4, "a\tpair": 0.6}, posted.id))
        posted.path.unlink()
        await until(
            shows(pilot, "P(POSITIVE), %", "40.0", "2 probes were classified", "a⇥pair"), pilot
        )
        app = pilot.app
        assert isinstance(app, TermformerApp)
        app.bench.editor.text = "so good\nnot bad at all"
        await until(lambda: waiting_requests(run.folder), pilot)
        [posted] = waiting_requests(run.folder)
        assert posted.request == Probe(["so good", "not bad at all"])
        run.steps(1)
        run.log.append(_probed(4, {"so good": 0.9, "not bad at all": 0.7}, posted.id))
        posted.path.unlink()
        await until(shows(pilot, "so good", "90.0", "70.0"), pilot)
        row = next(line for line in screen_text(pilot).splitlines() if "was NEGATIVE" in line)
        assert row.split()[:4] == ["╍", "70.0", "40.0", "POSITIVE"]
        curves = pane_of(pilot).watched.history.probes.curves  # type: ignore[union-attr]
        assert list(curves["not bad at all"][1].x) == [3, 4]
        assert list(curves["so good"][1].x) == [4]
        # The same sentences once more are asked for by nobody.
        await pilot.press("d", "d", "d", "d")
        await asyncio.sleep(0)
        assert waiting_requests(run.folder) == []
        # But they are where another app, with sentences of its own, has asked since.
        run.log.append(_probed(4, {"of another editor": 0.2}, "another"))
        await until(shows(pilot, "of another editor"), pilot)
        await pilot.press("d", "d", "d", "d")
        await until(lambda: waiting_requests(run.folder), pilot)
        [posted] = waiting_requests(run.folder)
        assert posted.request == Probe(["so good", "not bad at all"])


async def test_while_the_probes_are_shown_their_chart_is_what_is_exported(
    open_app: OpenApp,
) -> None:
    options = {"train": {"watched": str(write_runs())}}
    async with open_app(size=(120, 40), options=options, **TRAIN) as pilot:
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("escape")
        [text] = [each for each in pane_of(pilot).exports() if each.suffix == "txt"]
        assert str(text.make()).startswith("calm-otter: loss")
        await pilot.press("d", "d")
        await until(shows(pilot, "P(POSITIVE)"), pilot)
        [text] = [each for each in pane_of(pilot).exports() if each.suffix == "txt"]
        title, legend, *_ = str(text.make()).splitlines()
        assert title.startswith("calm-otter: P(POSITIVE), %")
        assert all(sentence in legend for sentence in PROBES)


def _probed(step: int, positive: dict[str, float], request: str) -> events.Probed:
    return events.Probed(
        global_step=step,
        epoch=1.0,
        request=request,
        results=[
            events.ProbeResult(
                text=text,
                predicted="POSITIVE" if value > 0.5 else "NEGATIVE",
                probabilities=[1 - value, value],
            )
            for text, value in positive.items()
        ],
    )


async def test_a_mistake_is_typed_into_the_editor_as_a_line_of_its_own(open_app: OpenApp) -> None:
    folder = write_runs()
    async with open_app(
        text="my own words", options={"train": {"watched": str(folder)}}, **TRAIN
    ) as pilot:
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("escape", "d", "down", "enter")
        app = pilot.app
        assert isinstance(app, TermformerApp)
        await until(
            lambda: app.bench.editor.text == "my own words\nA film so bad that it has to be seen.",
            pilot,
        )
        assert "Line 2 of the editor" in screen_text(pilot)
        await pilot.press("left")
        await until(shows(pilot, "validation, step 240"), pilot)
        await pilot.press("d")
        await until(shows(pilot, *PROBES[:2], "was NEGATIVE  the plot is thin"), pilot)
        await pilot.press("d")
        await until(shows(pilot, "940   49.0 %", "1 test row stands in train too"), pilot)


@pytest.mark.parametrize(("size", "is_longer"), [((80, 24), True), ((160, 50), False)])
async def test_what_is_longer_than_its_place_says_which_keys_lead_on(
    open_app: OpenApp, size: tuple[int, int], is_longer: bool
) -> None:
    run = Run().starts(*(f"It chose number {number}." for number in range(12))).steps(3)
    run.log.append(events.Paused(global_step=3))
    async with open_app(size=size, **TRAIN) as pilot:
        await until(shows(pilot, "● paused"), pilot)
        await pilot.press("escape", "d")
        await until(shows(pilot, "No evaluation yet"), pilot)
        assert "others" not in screen_text(pilot)
        await pilot.press("d", "d")
        await until(shows(pilot, "what the worker found and chose"), pilot)
        assert ("↑ ↓ rows" in screen_text(pilot)) == is_longer
        await pilot.press(*["down"] * 12)
        await until(shows(pilot, "It chose number 11."), pilot)


async def test_in_a_narrow_place_what_is_shown_is_named(open_app: OpenApp) -> None:
    options = {"train": {"watched": str(write_runs())}}
    async with open_app(size=(44, 16), options=options, **TRAIN) as pilot:
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("escape", "d", "d")
        await until(shows(pilot, " probes ", "← → label"), pilot)
        await pilot.press("d")
        await until(shows(pilot, " data ", "↑ ↓ rows  d next  Esc"), pilot)


async def test_labels_of_any_number_have_a_matrix_or_their_worst_pairs(open_app: OpenApp) -> None:
    run = Run().starts().steps(3)
    names = [f"label {number}" for number in range(30)]
    confusion = [[0] * 30 for _ in names]
    confusion[7][3] = 41
    run.log.append(
        events.Evaluation(
            global_step=3,
            epoch=1,
            split="validation",
            loss=0.4,
            accuracy=0.5,
            confusion=confusion,
            classes=[
                events.ClassScore(label=name, rows=41, precision=0, recall=0, f1=0)
                for name in names
            ],
        )
    )
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "step 3 of 40"), pilot)
        await pilot.press("escape", "d")
        await until(shows(pilot, "30 labels", "41  label 7 taken for label 3"), pilot)
