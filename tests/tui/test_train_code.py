"""The Train pane's code screen: the run on the screen, or the one that the form describes."""

from __future__ import annotations

from tests.tui.conftest import OpenApp, until
from tests.tui.training import TRAIN, Run, pane_of, shows
from tests.tui.written_runs import write_runs


async def test_code_of_the_form_and_of_the_run(open_app: OpenApp) -> None:
    watched = write_runs()
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        await pilot.press("escape", "c")
        await until(shows(pilot, "The run that the form describes", "load_dataset"), pilot)
        await pilot.press("escape")
        form = pane_of(pilot).code()
        assert form is not None
        assert "num_training_steps=666" in form.python
        assert "lr=0.0001" in form.python
        pane_of(pilot).watch_run(watched)
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("c")
        await until(shows(pilot, "The run calm-otter"), pilot)
        run = pane_of(pilot).code()
        assert run is not None
        # One of its rows was left out, which load_dataset would not do.
        assert "give raw_datasets the rows yourself" in run.note
        assert "num_training_steps=240" in run.python
        compile(run.python, "run", "exec")
        compile(form.python, "form", "exec")


async def test_there_is_no_code_before_the_data_is_known(open_app: OpenApp) -> None:
    Run()
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "● starting"), pilot)
        assert pane_of(pilot).code() is None
        await pilot.press("escape", "c")
        await until(shows(pilot, "There is code once"), pilot)
