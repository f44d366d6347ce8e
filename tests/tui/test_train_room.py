"""What gives way where the Train pane has little room: never what matters."""

from __future__ import annotations

import re

from core.engine.protocol import ModelInfo
from core.runs import events
from core.text.visible import width
from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.training import TRAIN, Run, pane_of, shows
from tests.tui.written_runs import write_runs
from tui.bench import ModelState
from tui.panes.train.chart_words import values
from tui.panes.train.form import Form
from tui.panes.train.sheet import Row, wrapped_row
from tui.widgets.bars import StatusLine
from tui.widgets.chart import Reading

INFO = ModelInfo("mini", "", "", "Bert", 35_330, ["A", "B"], None, 512, "right")
LONG = "a-very-long-name-that-says-all-of-what-was-set-in-this-run-of-an-evening-in-november"


async def test_a_long_name_leaves_how_the_run_fares_in_sight(open_app: OpenApp) -> None:
    Run(LONG).starts().steps(3)
    async with open_app(size=(80, 24), **TRAIN) as pilot:
        await until(shows(pilot, "…  ● running · step 3 of 40"), pilot)
        status, *_ = screen_text(pilot).splitlines()
        assert "run a-very-long-name-that-s… · step 3 of 40 · loss 0.33" in status


async def test_what_the_worker_does_is_worth_more_than_the_time_left(open_app: OpenApp) -> None:
    run = Run("calm-otter-again").starts().steps(3)
    async with open_app(size=(80, 24), **TRAIN) as pilot:
        await until(shows(pilot, "● running · step 3 of 40", " s left"), pilot)
        run.log.append(events.Progress(phase="Finding out what is fast here"))
        await until(shows(pilot, "step 3 of 40 · finding out what is fast here…"), pilot)
        assert " s left" not in screen_text(pilot)


async def test_beside_a_run_the_model_says_no_half_words(open_app: OpenApp) -> None:
    async with open_app(size=(80, 24)) as pilot:
        line = pilot.app.query_one(StatusLine)
        ready = ModelState("mini", "ready", INFO)
        for note, shown in (
            ("run calm-otter · step 3", "mini · 35,330 parameters · ready"),
            ("run calm-otter · step 18 of 666 · loss 0.69", "mini · ready"),
            ("run calm-otter · finished · step 666 of 666 · loss 0.69", "mini"),
        ):
            line.show_model(ready, note)
            await until(lambda note=note: note in screen_text(pilot), pilot)
            assert screen_text(pilot).splitlines()[0].split("  ")[1] == shown


def _texts(rows: list[Row]) -> list[str]:
    return ["".join(text for text, _ in row) for row in rows]


def test_the_foot_is_broken_between_what_it_says() -> None:
    words = [
        (" Stopped by request · saved in step-271", "a"),
        (" · ", ""),
        ("p", "k"),
        (" goes on", ""),
    ]
    assert _texts(wrapped_row(words, 80)) == [" Stopped by request · saved in step-271 · p goes on"]
    assert _texts(wrapped_row(words, 45)) == [
        " Stopped by request · saved in step-271",
        " p goes on",
    ]
    assert wrapped_row(words, 45)[1] == [(" ", ""), ("p", "k"), (" goes on", "")]
    # What is longer than a row has no other place to be broken than between words.
    assert _texts(wrapped_row(words, 25)) == [
        " Stopped by request",
        " saved in step-271",
        " p goes on",
    ]
    assert all(len(text) <= 12 for text in _texts(wrapped_row(words, 12)))


async def test_numbers_align_in_a_narrow_place(open_app: OpenApp) -> None:
    Run().starts().steps(20)
    async with open_app(size=(80, 24), **TRAIN) as pilot:
        await until(shows(pilot, "step 20 of 40"), pilot)
        shown = screen_text(pilot).splitlines()
        rows = [line for line in shown if line.startswith((" loss  ", " trend ", " epoch "))]
        assert len({line.index(".") for line in rows}) == 1, rows
        assert "1.00 of 2" in rows[-1]


async def test_a_matrix_says_what_its_columns_are(open_app: OpenApp) -> None:
    options = {"train": {"watched": str(write_runs())}}
    async with open_app(size=(80, 24), options=options, **TRAIN) as pilot:
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("escape", "d")
        await until(shows(pilot, "precision"), pilot)
        shown = screen_text(pilot).splitlines()
        at = next(number for number, line in enumerate(shown) if "precision" in line)
        assert shown[at].split()[:2] == ["true", "NEGATIVE"]
        assert shown[at - 1].strip() == "predicted"


async def test_an_evaluation_that_is_asked_for_twice_is_one(open_app: OpenApp) -> None:
    run = Run().starts().steps(3).evaluates("validation", 0.7).evaluates("validation", 0.7)
    run.steps(1).evaluates("validation", 0.8).evaluates("test", 0.9)
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        await until(shows(pilot, "step 4 of 40", "90.0 %"), pilot)
        watch = pane_of(pilot).watched
        assert watch is not None
        assert [found.accuracy for found in watch.history.evaluations] == [0.7, 0.8, 0.9]
        assert list(watch.history.curves.series("validation accuracy").y) == [0.7, 0.8]


async def test_a_curve_without_points_takes_no_room_until_there_are_some(open_app: OpenApp) -> None:
    run = Run().starts().steps(9)
    async with open_app(size=(80, 40), **TRAIN) as pilot:
        await until(shows(pilot, "step 9 of 40"), pilot)
        charts = pane_of(pilot)._run_view.charts
        assert "validation accuracy" not in charts.others()
        charts.second = "validation accuracy"
        run.steps(1)
        await until(shows(pilot, "step 10 of 40"), pilot)
        assert charts.names() == ["loss"]
        run.evaluates("validation", 0.7)
        await until(lambda: charts.names() == ["loss", "validation accuracy"], pilot)


def test_at_the_crosshair_no_figure_is_cut() -> None:
    names = ("loss", "learning_rate", "grad_norm", "samples_per_second")
    drawn = [(name, [Reading("calm-otter", 9.0, 31.4159, 30.5)]) for name in names]
    whole = "".join(text for text, _ in values(drawn, ["calm-otter"], 200, plain=False))
    for cells in range(12, 100):
        text = "".join(text for text, _ in values(drawn, ["calm-otter"], cells, plain=False))
        assert width(text) <= cells
        figures = re.findall("[0-9.e+-]*[0-9]", text)
        assert set(figures) <= set(re.findall("[0-9.e+-]*[0-9]", whole)), text
    # Of several runs those that do not go as far as the crosshair give way first.
    several = [Reading(f"run-{number}", 9.0, 0.5, None, is_near=number == 0) for number in range(9)]
    runs = [reading.name for reading in several]
    words = values([("loss", several)], runs, 24, plain=False)
    assert "".join(text for text, _ in words) == "  loss ━ 0.5000"


def test_a_name_that_is_refused_is_told_what_names_are() -> None:
    form = Form()
    form.values["name"] = "-3"
    _, wrong = form.read()
    assert wrong["name"].startswith("A run's name begins with a letter or digit")
