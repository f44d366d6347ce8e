"""The list of runs: overlays, names, notes, tags, the trash; each by keys, the last by two."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from textual.events import AppBlur, AppFocus, Paste
from textual.pilot import Pilot

from core.runs import events
from core.runs.config import RunConfig, load_config
from core.runs.folder import create_run, list_runs
from core.runs.notes import read_notes
from core.runs.shelf import list_trash
from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.training import TRAIN, Held, Run, pane_of, shows
from tests.tui.written_runs import STEPS, write_runs
from tui.panes.train import asking, listing


def names() -> list[str]:
    return [folder.name for folder in list_runs()]


async def test_runs_are_overlaid_with_what_was_set_otherwise(open_app: OpenApp) -> None:
    watched = write_runs()
    async with open_app(
        size=(120, 36), options={"train": {"watched": str(watched)}}, **TRAIN
    ) as pilot:
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("escape", "l")
        await until(shows(pilot, "› calm-otter", "88.0 %", "#paper as the paper has it"), pilot)
        await pilot.press("down", "space", "down", "space")
        await until(shows(pilot, "›+slow-snail", "+bold-falcon"), pilot)
        await pilot.press("escape")
        await until(shows(pilot, "╍ bold-falcon", "┅ slow-snail", "learning rate"), pilot)
        overlay = pane_of(pilot).overlay
        await until(
            lambda: [len(each.history.curves.loss) for each in overlay.watches] == [STEPS] * 2,
            pilot,
        )
        rows = [line.split() for line in screen_text(pilot).splitlines()]
        assert ["╍", "bold-falcon", "0.1711", "88.0", "%", "0.0003", "32", "lora"] in rows
        assert ["━", "calm-otter", "0.1775", "85.5", "%", "0.0001", "16", "full"] in rows
        await pilot.press("l")
        await until(shows(pilot, "+slow-snail"), pilot)
        await pilot.press("down", "space", "down", "space", "escape")
        await until(lambda: "bold-falcon" not in screen_text(pilot), pilot)


async def test_a_long_list_keeps_its_heading_and_a_wide_one_its_names(open_app: OpenApp) -> None:
    for number in range(30):
        create_run(RunConfig(name=f"a-sweep-of-learning-rates-{number:02d}", model="mini-base"))
    last = "a-sweep-of-learning-rates-29"
    async with open_app(**TRAIN) as pilot:
        await pilot.press("escape", "l")
        await until(shows(pilot, "› a-sweep-of-learni…"), pilot)
        for rows in (25, -25):
            await pilot.press(*["down" if rows > 0 else "up"] * abs(rows))
            await until(shows(pilot, "   run  ", "status", "› a-sweep-of-learni…"), pilot)
        await pilot.resize_terminal(160, 24)
        await until(shows(pilot, f"› {last}"), pilot)


async def test_an_overlaid_run_stays_so_by_another_name(open_app: OpenApp) -> None:
    watched = write_runs()
    async with open_app(
        size=(120, 36), options={"train": {"watched": str(watched)}}, **TRAIN
    ) as pilot:
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("escape", "l")
        await until(shows(pilot, "› calm-otter"), pilot)
        await pilot.press("down", "space", "R", "ctrl+u", *"swift", "enter")
        await until(shows(pilot, "bold-falcon is swift now.", "›+swift"), pilot)
        await pilot.press("escape")
        await until(shows(pilot, "╍ swift", "88.0 %"), pilot)


@pytest.mark.parametrize("size", [(120, 30), (80, 24)])
async def test_the_list_says_why_a_run_stands_still(
    open_app: OpenApp, size: tuple[int, int]
) -> None:
    failed = Run("calm-otter").starts().steps(3)
    failed.log.append(events.RunFailed(message="a.csv has 2 rows that are bad.", global_step=3))
    dead = Run("slow-snail")
    dead.log.append(events.Progress(phase="Tokenizing"))
    dead.dies()
    async with open_app(
        size=size, options={"train": {"watched": str(dead.folder)}}, **TRAIN
    ) as pilot:
        await pilot.press("escape", "l")
        # The line at the foot may be broken anywhere between words.
        why = ("Its worker ended without a last word before its first step.", "a.csv has 2 rows")
        said = lambda: " ".join(screen_text(pilot).split())  # noqa: E731
        await until(lambda: "› slow-snail" in said() and why[0] in said(), pilot)
        await pilot.press("down")
        await until(lambda: "› calm-otter" in said() and why[1] in said(), pilot)


async def test_a_run_gets_a_name_a_note_and_tags(open_app: OpenApp) -> None:
    watched = write_runs()
    async with open_app(
        size=(120, 30), options={"train": {"watched": str(watched)}}, **TRAIN
    ) as pilot:
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("escape", "R", "ctrl+u", *"best one", "enter")
        await until(shows(pilot, "cannot name a run"), pilot)
        # The line stays to be put right.
        await pilot.press(*["backspace"] * 4, "enter")
        await until(shows(pilot, "calm-otter is best now.", "best  ● finished"), pilot)
        assert names() == ["best", "bold-falcon", "slow-snail"]
        await pilot.press("l")
        await until(shows(pilot, "› best"), pilot)
        await pilot.press("N", *"so it is", "enter", "T", *"x y", "enter", "T", *"-x", "enter")
        await until(shows(pilot, "#y so it is"), pilot)
        notes = read_notes(list_runs()[0])
        assert (notes.note, notes.tags) == ("so it is", ["y"])
        await pilot.press("Y")
        await until(shows(pilot, "Copied: termformer train --config"), pilot)
        words = shlex.split(pilot.app.clipboard)
        assert load_config(Path(words[-1])).name == "best"
        await pilot.press("down", "f", "escape")
        config, _ = pane_of(pilot).form.read()
        assert config is not None
        assert (config.adapter, config.learning_rate, config.name) == ("lora", 3e-4, "")


async def test_what_is_deleted_by_two_keys_comes_back_by_one(open_app: OpenApp) -> None:
    watched = write_runs()
    async with open_app(options={"train": {"watched": str(watched)}}, **TRAIN) as pilot:
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("escape", "l")
        await until(shows(pilot, "› calm-otter"), pilot)
        await pilot.press("D")
        await until(shows(pilot, "Delete calm-otter?"), pilot)
        await pilot.press("down", "up", "y")
        assert list_trash() == []
        await pilot.press("D", "D")
        await until(shows(pilot, "calm-otter is in the trash", "› bold-falcon"), pilot)
        assert names() == ["bold-falcon", "slow-snail"]
        await pilot.press("Z")
        await until(shows(pilot, "in the trash", "› calm-otter"), pilot)
        await pilot.press("enter")
        await until(shows(pilot, "calm-otter is among the runs again."), pilot)
        await until(shows(pilot, "› calm-otter", "bold-falcon"), pilot)
        await pilot.press("D", "y", "Z")
        await until(shows(pilot, "in the trash", "› calm-otter"), pilot)
        await pilot.press("D", "D")
        await until(shows(pilot, "The trash is empty"), pilot)
        assert list_trash() == []
        assert names() == ["bold-falcon", "slow-snail"]


async def test_a_run_that_goes_on_is_not_deleted(open_app: OpenApp) -> None:
    Run().starts().steps(3)
    async with open_app(**TRAIN) as pilot:
        await until(shows(pilot, "● running"), pilot)
        await pilot.press("escape", "D", "D")
        await until(shows(pilot, "calm-otter is running: stop it first"), pilot)
        assert names() == ["calm-otter"]


async def test_keys_that_steer_mean_the_run_that_is_marked(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = write_runs()
    crashed = Run("crashed-one").starts().steps(4)
    crashed.dies()
    resumed: list[Path] = []

    def resume(folder: Path) -> int:
        resumed.append(folder)
        return 1

    monkeypatch.setattr(asking, "resume_run", resume)
    async with open_app(options={"train": {"watched": str(watched)}}, **TRAIN) as pilot:
        await until(shows(pilot, "calm-otter  ● finished"), pilot)
        await pilot.press("escape", "l")
        await until(shows(pilot, "› calm-otter", "crashed-one"), pilot)
        await pilot.press("up", "up", "p")
        await until(lambda: resumed == [crashed.folder], pilot)
        await until(shows(pilot, "crashed-one  ● crashed"), pilot)


async def test_a_list_that_is_read_slowly_takes_no_mark_back(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = write_runs()
    slow = Held(listing.look_at_runs)
    monkeypatch.setattr(listing, "look_at_runs", slow)
    slow.let_go()
    async with open_app(options={"train": {"watched": str(watched)}}, **TRAIN) as pilot:
        pane = pane_of(pilot)
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("escape", "l")
        await until(shows(pilot, "› calm-otter", "bold-falcon"), pilot)
        await pilot.press("down", "down", "l")
        slow.hold()
        begun = slow.begun
        await pilot.press("l")
        await until(lambda: slow.begun > begun, pilot)
        # The run that is watched is marked among those that were read before.
        await until(shows(pilot, "› calm-otter"), pilot)
        await pilot.press("down")
        # What is to be read meanwhile waits for it: the list is shown however slow it is.
        begun = slow.begun
        pane.keep_listing()
        pane.list_runs()
        slow.let_go()
        await until(lambda: slow.done > begun, pilot)
        await until(lambda: not pane._reading, pilot)
        await pilot.pause()
        assert "› bold-falcon" in screen_text(pilot)

        # Of two lists the one that is not shown any more is not acted upon.
        slow.hold()
        await pilot.press("Z")
        await until(shows(pilot, "Reading the list…"), pilot)
        assert "bold-falcon" not in screen_text(pilot)
        await pilot.press("D", "D", "enter")
        slow.let_go()
        await until(shows(pilot, "The trash is empty"), pilot)
        assert pane.has_focus
        assert names() == ["calm-otter", "bold-falcon", "slow-snail"]


def listed(pilot: Pilot[None]) -> list[str]:
    """The names in the list, as they stand on the screen."""
    rows = screen_text(pilot).splitlines()
    known = {"calm-otter", "bold-falcon", "slow-snail"}
    words = [word.lstrip("›+") for row in rows[6:] for word in row.split()[:2]]
    return [word for word in words if word in known]


async def test_runs_are_searched_as_their_words_are_typed(open_app: OpenApp) -> None:
    watched = write_runs()
    async with open_app(
        size=(120, 30), options={"train": {"watched": str(watched)}}, **TRAIN
    ) as pilot:
        await until(shows(pilot, "● finished"), pilot)
        # From the run's curve too: the list comes, and what is typed is for the line.
        await pilot.press("escape", "slash", *"paper")
        await until(shows(pilot, "search paper", "paper: 1 of 3", "› slow-snail"), pilot)
        assert listed(pilot) == ["slow-snail"]
        # Enter leaves the line and keeps what was found: keys act on it.
        await pilot.press("enter", "space")
        await until(shows(pilot, "›+slow-snail", "Esc all"), pilot)
        # Esc in the line takes back what was typed in it, in the list all of it.
        await pilot.press("slash", *" and no run has it")
        await until(shows(pilot, "None of 3 has 'paper and no run has it'."), pilot)
        await pilot.press("escape")
        await until(lambda: listed(pilot) == ["slow-snail"], pilot)
        await pilot.press("escape")
        await until(lambda: len(listed(pilot)) == 3, pilot)
        await pilot.press("escape")
        await until(shows(pilot, "calm-otter  ● finished"), pilot)


async def test_the_list_is_sorted_and_the_mark_stays_on_its_run(open_app: OpenApp) -> None:
    watched = write_runs()
    async with open_app(
        size=(120, 30), options={"train": {"watched": str(watched)}}, **TRAIN
    ) as pilot:
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("escape", "l")
        await until(shows(pilot, "› calm-otter"), pilot)
        newest = listed(pilot)
        await pilot.press("S")
        await until(shows(pilot, "The best accuracy first.", "▾ best", "› calm-otter"), pilot)
        assert listed(pilot) == ["bold-falcon", "calm-otter", "slow-snail"]
        await pilot.press("S", "S", "S")
        await until(shows(pilot, "The newest first."), pilot)
        assert listed(pilot) == newest


async def test_what_is_typed_stays_when_the_terminal_loses_the_focus(open_app: OpenApp) -> None:
    watched = write_runs()
    async with open_app(
        size=(120, 30), options={"train": {"watched": str(watched)}}, **TRAIN
    ) as pilot:
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("escape", "N", *"half a ")
        pilot.app.post_message(AppBlur())
        await until(lambda: not pilot.app.app_focus, pilot)
        await until(shows(pilot, "note half a"), pilot)
        pilot.app.post_message(AppFocus())
        await until(lambda: pilot.app.focused is not None, pilot)
        await pilot.press(*"note", "enter")
        await until(lambda: read_notes(watched).note == "half a note", pilot)


async def test_a_note_of_wide_characters_stays_in_its_line(open_app: OpenApp) -> None:
    watched = write_runs()
    async with open_app(options={"train": {"watched": str(watched)}}, **TRAIN) as pilot:
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("escape", "N")
        pilot.app.post_message(Paste("一" * 60 + "二\nnot this"))
        await until(shows(pilot, "二"), pilot)
        # One burst: what stands behind Enter is no text of the note.
        await pilot.press("三", "enter", "T", *"wide", "enter")
        await until(lambda: read_notes(watched).tags == ["wide"], pilot)
        assert read_notes(watched).note == "一" * 60 + "二三"


async def test_a_notice_does_not_cover_what_is_asked(open_app: OpenApp) -> None:
    watched = write_runs()
    async with open_app(options={"train": {"watched": str(watched)}}, **TRAIN) as pilot:
        await until(shows(pilot, "● finished"), pilot)
        await pilot.press("escape", "l")
        await until(shows(pilot, "› calm-otter"), pilot)
        pilot.app.notify("A file of a long name was saved.")
        await pilot.press("D")
        await until(shows(pilot, "was saved.", "Delete calm-otter?", "D or y"), pilot)
