"""The form of the Train pane: its fields, what it refuses, what it remembers."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from textual.events import Key

from core.runs.config import RunConfig
from core.runs.folder import list_runs
from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.training import TRAIN, Held, Run, go_to, losses, pane_of, shows
from tui.app import TermformerApp
from tui.panes.train import pane as train_pane
from tui.panes.train import starting
from tui.panes.train.form_fields import FIELDS


async def test_a_wrong_value_says_what_is_wrong_and_starts_nothing(open_app: OpenApp) -> None:
    async with open_app(**TRAIN) as pilot:
        # In the editor these letters would be typed.
        await until(shows(pilot, " Esc then s starts it "), pilot)
        await pilot.press("escape")
        await until(lambda: "\n s starts it " in screen_text(pilot), pilot)
        assert "mini-base" in screen_text(pilot)
        await pilot.press("f")
        go_to(pilot, "epochs")
        await pilot.press("backspace", "0")
        await until(shows(pilot, "Epochs must be at least 1."), pilot)
        await pilot.press("backspace", "x")
        await until(shows(pilot, "›! epochs", "Epochs must be a whole number."), pilot)
        await pilot.press("escape", "s")
        await until(shows(pilot, "Not started: Epochs must be a whole number."), pilot)
        assert list_runs() == []
        await pilot.press("f", "backspace", "2")
        go_to(pilot, "learning_rate")
        await pilot.press("ctrl+u", *"nan", "escape", "s")
        await until(shows(pilot, "The learning rate must be above 0 and at most 1."), pilot)
        await pilot.press("f", "ctrl+u", *"1e-3")
        go_to(pilot, "model")
        await pilot.press("ctrl+u", *"mini-base")
        go_to(pilot, "data")
        await pilot.press("ctrl+u", *"~nobody/x", "escape", "s")
        await until(shows(pilot, "Not started: There is no data named '~nobody/x'"), pilot)
        await pilot.press("f")
        go_to(pilot, "model")
        await pilot.press("ctrl+u", *"/no/where", "escape", "s")
        await until(shows(pilot, "Not started: There is no model named '/no/where'"), pilot)


@pytest.mark.parametrize("size", [(40, 16), (80, 24), (120, 40)])
async def test_what_the_form_has_no_room_for_is_said_below_it(
    open_app: OpenApp, size: tuple[int, int]
) -> None:
    async with open_app(size=size, **TRAIN) as pilot:
        await pilot.press("escape", "f")
        await until(shows(pilot, "more fields"), pilot)
        go_to(pilot, "learning_rate")
        flat = lambda: " ".join(screen_text(pilot).split())  # noqa: E731
        await until(lambda: "at its peak; 2e-05 to 0.0001 is usual" in flat(), pilot)
        await pilot.press("ctrl+u", *"2")
        await until(lambda: "The learning rate must be above 0 and at most 1." in flat(), pilot)
        go_to(pilot, "num_processes")
        await until(lambda: "more fields" not in screen_text(pilot), pilot)


async def test_a_column_that_the_data_has_not_is_marked_in_the_form(
    open_app: OpenApp, tmp_path: Path
) -> None:
    data = tmp_path / "a.csv"
    data.write_text("text,label\n" + "fine,1\ndull,0\n" * 20)
    form = {"data": str(data), "label_column": "stars"}
    async with open_app(options={"train": form}, **TRAIN) as pilot:
        await pilot.press("escape", "f", "escape", "s")
        await until(shows(pilot, "Not started: a.csv has no column 'stars'; it has"), pilot)
        assert pane_of(pilot).form_view.field == "label_column"
        assert list_runs() == []
        assert list_runs() == []


async def test_every_field_is_reached_and_presets_fill_them_in(open_app: OpenApp) -> None:
    async with open_app(**TRAIN) as pilot:
        form, view = pane_of(pilot).form, pane_of(pilot).form_view
        await pilot.press("escape", "f")
        await until(shows(pilot, "› model"), pilot)
        await pilot.press("up")
        assert view.field == "preset"
        seen = []
        for _ in range(len(FIELDS) + 1):
            await pilot.press("down")
            seen.append(view.field)
            if view.field != "preset":
                label, meaning = FIELDS[view.field].label, FIELDS[view.field].meaning
                assert f"› {label}" in screen_text(pilot), screen_text(pilot)
                assert meaning in screen_text(pilot), screen_text(pilot)
        assert set(seen) == {"preset", *FIELDS}
        go_to(pilot, "adapter")
        await pilot.press("right")
        assert form.values["adapter"] == "lora"
        go_to(pilot, "preset")
        await until(shows(pilot, "‹ own ›"), pilot)
        await pilot.press("space", "space", "space")
        await until(shows(pilot, "‹ course ›"), pilot)
        config, _ = form.read()
        assert config is not None
        assert (config.plain, config.batch_size, config.adapter) == (True, 8, "full")
        await pilot.press("left", "left", "left")
        await until(shows(pilot, "‹ own ›"), pilot)
        assert form.values["adapter"] == "lora"


async def test_the_form_is_remembered(open_app: OpenApp) -> None:
    async with open_app(**TRAIN) as pilot:
        await pilot.press("escape", "f")
        go_to(pilot, "seed")
        await pilot.press("ctrl+u", "7")
        go_to(pilot, "route")
        await pilot.press("right", "escape")
    async with open_app() as pilot:
        await pilot.press("escape")
        await until(shows(pilot, "s starts it"), pilot)
        config, _ = pane_of(pilot).form.read()
        assert config is not None
        assert (config.seed, config.route) == (7, "trainer")


async def test_keys_typed_into_the_form_act_on_nothing(open_app: OpenApp) -> None:
    async with open_app(**TRAIN) as pilot:
        await pilot.press("escape", "f", *"xsq1p")
        app = pilot.app
        assert isinstance(app, TermformerApp)
        assert pane_of(pilot).form.values["model"] == "mini-basexsq1p"
        assert app.bench.pane_in_view.id == "train"
        assert "TYPE" in screen_text(pilot).splitlines()[-1]
        # A burst, as a slow connection delivers it: what follows Esc is no text.
        for key in ("escape", "l"):
            app.post_message(Key(key, key if len(key) == 1 else None))
        await until(lambda: pane_of(pilot).view == "runs", pilot)
        assert pane_of(pilot).form.values["model"] == "mini-basexsq1p"
        await pilot.press("f", "f2")
        assert app.bench.pane_in_view.id == "tokens"


async def test_a_run_that_is_found_late_takes_no_form_away(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Letters that are typed into the form would act on the run else."""
    Run().starts().steps(3)
    slow = Held(train_pane.run_to_watch)
    monkeypatch.setattr(train_pane, "run_to_watch", slow)
    async with open_app(**TRAIN) as pilot:
        await until(lambda: slow.begun, pilot)
        await pilot.press("escape", "f")
        go_to(pilot, "seed")
        slow.let_go()
        await until(lambda: losses(pilot), pilot)
        await pilot.press("7")
        assert "› seed" in screen_text(pilot)
        assert pane_of(pilot).form.values["seed"].endswith("7")
        await pilot.press("escape", "escape")
        await until(shows(pilot, "calm-otter", "● running"), pilot)


async def test_a_run_that_starts_slowly_takes_no_form_away(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Held(lambda config, folder: None)
    monkeypatch.setattr(starting, "start_run", slow)
    async with open_app(options={"train": {"name": "first-one"}}, **TRAIN) as pilot:
        await pilot.press("escape", "s")
        await until(lambda: slow.begun, pilot)
        await pilot.press("f")
        go_to(pilot, "name")
        await pilot.press("ctrl+u", *"second")
        slow.let_go()
        await until(lambda: pane_of(pilot).watched is not None, pilot)
        await pilot.press(*"-one")
        assert pane_of(pilot).form.values["name"] == "second-one"
        assert "› name" in screen_text(pilot)
        assert [folder.name for folder in list_runs()] == ["first-one"]


async def test_a_form_that_changes_often_leaves_nothing_undone(
    open_app: OpenApp, recwarn: pytest.WarningsRecorder
) -> None:
    gc.collect()
    recwarn.clear()  # what other tests left undone
    async with open_app(size=(120, 40), **TRAIN) as pilot:
        pane = pane_of(pilot)
        plan = pane.plan_view
        for batch in range(1, 30):
            plan.show(RunConfig(name="a", model="mini", batch_size=batch))
        await pilot.pause()
        plan.show(RunConfig(name="a", model="mini", batch_size=64))
    gc.collect()
    assert not [each for each in recwarn if "never awaited" in str(each.message)]


async def test_of_a_long_path_the_end_is_seen_in_every_script(open_app: OpenApp) -> None:
    options = {"train": {"data": f"/{'映画' * 30}/rows.csv"}}
    async with open_app(size=(120, 40), options=options, **TRAIN) as pilot:
        await until(shows(pilot, "映画/rows.csv"), pilot)
