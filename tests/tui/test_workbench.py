"""Modes, panes, palette, help, models and what comes back at the next start."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from core import paths
from core.engine.protocol import Loading, ModelInfo
from core.settings import COURSE_SENTENCES
from tests.tui.conftest import OpenApp, screen_text, until, write
from tui.app import TermformerApp
from tui.bench import ModelState
from tui.screens.help import HelpScreen
from tui.widgets.bars import StatusLine
from tui.widgets.editor import SentenceEditor
from tui.widgets.pane import Pane
from tui.workbench import Workbench

INFO = ModelInfo("tiny", "", "", "Bert", 35_330, ["A", "B"], None, 512, "right")


def bench_of(pilot: Pilot[None]) -> Workbench:
    assert isinstance(pilot.app, TermformerApp)
    return pilot.app.bench


def last_row(pilot: Pilot[None]) -> str:
    return screen_text(pilot).splitlines()[-1]


def saved() -> dict[str, object]:
    found: dict[str, object] = json.loads(paths.state_file().read_text())
    return found


async def test_the_editor_has_the_focus_and_letters_are_text(open_app: OpenApp) -> None:
    async with open_app(text="") as pilot:
        assert isinstance(pilot.app.focused, SentenceEditor)
        await pilot.press("q", "v", "m", "1", "o")
        assert bench_of(pilot).editor.text == "qvm1o"
        assert last_row(pilot).startswith(" TYPE ")


async def test_escape_leads_to_the_pane_and_i_back(open_app: OpenApp) -> None:
    async with open_app(text="") as pilot:
        await pilot.press("escape")
        assert pilot.app.focused is bench_of(pilot).panes[0]
        assert last_row(pilot).startswith(" KEYS ")
        await pilot.press("i", "x")
        assert bench_of(pilot).editor.text == "x"
        await pilot.press("escape", "enter", "y")
        assert bench_of(pilot).editor.text == "xy"


@pytest.mark.parametrize("opener", ["o", "n", "c", "e", "f1", "ctrl+p", "escape"])
async def test_what_a_burst_opens_and_closes_is_closed(open_app: OpenApp, opener: str) -> None:
    """However far the screen is when Esc comes: keys act in the order of the hand."""
    keys = ("escape", opener, "escape", "i", "x")
    async with open_app(text="") as pilot:
        bench = bench_of(pilot)
        for turns in (0, 1, 2, 3, 5, 8, 13, 21):
            bench.editor.load_text("")
            for key in keys:
                pilot.app.post_message(Key(key, key if len(key) == 1 else None))
                for _ in range(turns):
                    await asyncio.sleep(0)
            await until(lambda: bench.editor.text == "x", pilot)
            assert pilot.app.screen is bench


@pytest.mark.parametrize("keys", [("o", *"mini"), ("ctrl+p", *"Help")])
async def test_enter_twice_closes_what_it_closes_once(
    open_app: OpenApp, keys: tuple[str, ...]
) -> None:
    async with open_app() as pilot:
        await pilot.press("escape", *keys)
        await until(lambda: pilot.app.screen is not bench_of(pilot), pilot)
        for _ in range(3):
            pilot.app.post_message(Key("enter", None))
        await pilot.pause()
        await pilot.press("escape")
        await until(lambda: pilot.app.screen is bench_of(pilot), pilot)


async def test_help_takes_the_place_of_the_palette(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await pilot.press("ctrl+p", "f1")
        await until(lambda: isinstance(pilot.app.screen, HelpScreen), pilot)
        assert pilot.app.screen_stack[:-1] == [bench_of(pilot)]
        await pilot.press("ctrl+p")
        assert CommandPalette.is_open(pilot.app)
        await pilot.press("f1")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape")
        assert pilot.app.screen is bench_of(pilot)


async def test_what_the_engine_says_while_the_app_ends_is_left(
    open_app: OpenApp, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(pane="logits") as pilot:
        bench = bench_of(pilot)
        loading = Loading(1, "reading weights")

        def unmounted(pane: Pane) -> None:
            bench.engine._deliver(loading)

        bench.desk._load = loading.id
        monkeypatch.setattr(type(bench.pane_in_view), "on_unmount", unmounted, raising=False)
    assert "Exception" not in caplog.text


async def test_panes_are_a_key_away_in_both_modes(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        bench = bench_of(pilot)
        for key, title in (
            ("f3", "Logits"),
            ("f4", "Pipeline"),
            ("f5", "Model"),
            ("f6", "Train"),
            ("f2", "Tokens"),
        ):
            await pilot.press(key)
            assert title == bench.pane_in_view.TITLE
            assert bench.typing
        await pilot.press("escape", "5")
        assert bench.pane_in_view.TITLE == "Train"
        assert pilot.app.focused is bench.pane_in_view
        await pilot.press("tab")
        assert bench.pane_in_view.TITLE == "Tokens"


async def test_the_key_bar_and_the_name_of_the_pane_are_never_cut(open_app: OpenApp) -> None:
    for columns in (40, 60, 80, 200):
        async with open_app(size=(columns, 24)) as pilot:
            bench = bench_of(pilot)
            await pilot.press("escape")
            for pane in range(len(bench.panes)):
                bench.show_pane(pane)
                await pilot.pause()
                row = last_row(pilot)
                assert row.startswith(" KEYS "), row
                assert row.rstrip().endswith("^p palette"), row
                assert len(row) <= columns
                assert f"{pane + 1} {bench.panes[pane].TITLE}" in screen_text(pilot)


async def test_what_was_typed_comes_back(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        assert bench_of(pilot).editor.text == COURSE_SENTENCES
        await pilot.press("A", "h", "!", "f3")
    async with open_app() as pilot:
        bench = bench_of(pilot)
        assert bench.editor.text == f"Ah!{COURSE_SENTENCES}"
        assert bench.editor.cursor_location == (0, 3)
        assert bench.pane_in_view.TITLE == "Logits"


async def test_a_change_is_saved_without_quitting(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await pilot.press("Z")
        await until(lambda: paths.state_file().exists() and "Z" in str(saved()["text"]), pilot)


async def test_an_unreadable_session_is_kept_aside(open_app: OpenApp) -> None:
    write(paths.state_file(), '{"text": "half a fi')
    async with open_app() as pilot:
        assert bench_of(pilot).editor.text == COURSE_SENTENCES
        assert "not readable" in screen_text(pilot)
    (kept,) = paths.state_file().parent.glob("state.unreadable-*.json")
    assert kept.read_text() == '{"text": "half a fi'


async def test_a_broken_configuration_is_said(open_app: OpenApp) -> None:
    write(paths.config_file(), "preload = 'perhaps'\n")
    async with open_app(size=(120, 30)) as pilot:
        await until(lambda: "defaults" in screen_text(pilot), pilot)


async def test_keys_can_be_rebound(open_app: OpenApp) -> None:
    write(paths.config_file(), 'preload = false\n[keys]\n"tokens.view" = "b"\n')
    async with open_app() as pilot:
        await pilot.press("escape", "v")
        assert "type  mask" in screen_text(pilot)
        await pilot.press("b")
        assert "type  mask" not in screen_text(pilot)
        assert "b view" in last_row(pilot)


async def test_a_state_that_cannot_be_saved_is_said_once(
    open_app: OpenApp, private_folders: Path
) -> None:
    async with open_app(size=(120, 30)) as pilot:
        shutil.rmtree(private_folders / "state", ignore_errors=True)  # it may have saved already
        write(private_folders / "state", "a file where the folder should be")
        await pilot.press("a")
        await until(lambda: "cannot be saved" in screen_text(pilot), pilot)
        assert bench_of(pilot).editor.text.startswith("a")


async def test_help_is_about_the_pane_and_closes(open_app: OpenApp) -> None:
    async with open_app(size=(100, 90)) as pilot:
        await pilot.press("f3", "f1")
        await until(lambda: "Everywhere" in screen_text(pilot), pilot)
        assert "Logits" in screen_text(pilot)
        await pilot.press("escape")
        await until(lambda: pilot.app.screen is bench_of(pilot), pilot)
        assert bench_of(pilot).typing


async def test_help_writes_the_names_of_options_as_they_are(open_app: OpenApp) -> None:
    async with open_app(size=(100, 90)) as pilot:
        await pilot.press("f1")
        await until(lambda: "Everywhere" in screen_text(pilot), pilot)
        shown = screen_text(pilot)
        assert re.search(r"s +padding_side: right, left", shown)
        assert re.search(r"a +add_special_tokens: on, off", shown)
        assert "shift+Tab" in shown
        assert re.search(r"i Enter +To the editor", shown)
        await pilot.press("escape", "f5", "f1")
        await until(lambda: "Keys of Model" in screen_text(pilot), pilot)
        shown = screen_text(pilot)  # where Enter is another key
        assert re.search(r" i +To the editor", shown)
        assert "i Enter" not in shown


async def test_help_before_the_panes_are_there_does_nothing() -> None:
    write(paths.config_file(), "preload = false\n")
    app = TermformerApp()
    async with app.run_test() as pilot:
        assert not app.bench.panes
        await app.action_help()
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert titles == {"Help", "Theme", "Quit"}
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await pilot.press("f1")
        await until(lambda: "Keys of Tokens" in screen_text(pilot), pilot)


async def test_the_palette_names_every_action_of_every_pane(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        app = pilot.app
        titles = {command.title for command in app.get_system_commands(app.screen)}
        for pane in bench_of(pilot).panes:
            for binding in type(pane).BINDINGS:
                description = getattr(binding, "tooltip", "") or getattr(binding, "description", "")
                assert f"{pane.TITLE}: {description}" in titles
        assert {"Choose a model", "Help", "Theme", "Quit"} <= titles


async def test_an_unknown_model_leaves_the_tokens_as_they_are(open_app: OpenApp) -> None:
    async with open_app(size=(120, 30)) as pilot:
        bench = bench_of(pilot)
        await pilot.press("escape", "o")
        await until(lambda: isinstance(pilot.app.focused, Input), pilot)
        await pilot.press(*"./no[b]where", "enter")
        await until(lambda: "no[b]where" in screen_text(pilot), pilot)
        await until(lambda: "mini is used instead" in screen_text(pilot), pilot)
        assert bench.model.name == "mini"
        assert bench.document.batch.token_count == 24


async def test_a_model_that_is_gone_gives_way_to_the_default(open_app: OpenApp) -> None:
    async with open_app(size=(120, 30), model="./gone") as pilot:
        bench = bench_of(pilot)
        await until(lambda: "mini is opened instead" in screen_text(pilot), pilot)
        assert "./gone" in screen_text(pilot)
        await until(lambda: bench.document.batch.token_count, pilot)
        assert bench.document.batch.token_count == 24


async def test_a_tokenizer_that_cannot_be_read_gives_way_to_the_default(
    open_app: OpenApp, private_folders: Path, engine_gate: asyncio.Event
) -> None:
    folder = private_folders / "unseen"
    write(folder / "config.json", "{}")
    write(folder / "tokenizer.json", "{ broken")
    async with open_app(size=(120, 30), model=str(folder)) as pilot:
        bench = bench_of(pilot)
        shown = screen_text(pilot)
        assert "2 sentences · no tokenizer yet" in shown
        assert "reading the tokenizer" in shown
        engine_gate.set()
        await until(lambda: bench.document.batch.token_count == 24, pilot)
        assert bench.model.name == "mini"
    assert saved()["model"] == "mini"


async def test_light_and_dark_come_back(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        pilot.app.theme = "termformer-light"
        await until(
            lambda: paths.state_file().exists() and saved()["theme"] == "termformer-light", pilot
        )
    async with open_app() as pilot:
        assert pilot.app.theme == "termformer-light"


async def test_a_small_model_has_parameters_too(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        pilot.app.query_one(StatusLine).show_model(ModelState("tiny", "ready", INFO), "")
        await until(lambda: "tiny · 35,330 parameters · ready" in screen_text(pilot), pilot)
        long = ModelState(f"/home/{'somebody/' * 9}tiny", "ready", INFO)
        pilot.app.query_one(StatusLine).show_model(long, "calm-otter running")
        await until(
            lambda: re.search(
                r"…[a-z/]+y/tiny · 35,330 parameters · ready +calm-otter running",
                screen_text(pilot),
            ),
            pilot,
        )
