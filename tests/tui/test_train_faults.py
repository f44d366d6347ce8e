"""A run whose folder goes, or whose log is not as it should be, while it is watched."""

from __future__ import annotations

import json

import pytest

from core.runs import events
from core.runs.folder import EVENTS
from tests.tui.conftest import OpenApp, until
from tests.tui.training import TRAIN, Run, losses, shows


async def test_a_run_that_another_app_renamed_is_said_to_be_gone(open_app: OpenApp) -> None:
    run = Run().starts().steps(20)
    run.log.append(events.RunFinished(global_step=20, seconds=2.0))
    away = run.folder.with_name("swift-swan")
    options = {"train": {"watched": str(run.folder)}}
    async with open_app(size=(120, 30), options=options, **TRAIN) as pilot:
        await until(shows(pilot, "calm-otter  ● finished · step 20"), pilot)
        await pilot.press("escape")
        run.folder.rename(away)
        gone = "Its folder is not there any more: it was renamed, moved or deleted."
        await until(shows(pilot, "calm-otter  ● unreadable · step 20", gone), pilot)
        assert len(losses(pilot)) == 20
        assert not shows(pilot, "resumes it")()
        await pilot.press("p")
        await until(shows(pilot, gone), pilot)
        away.rename(run.folder)
        await until(shows(pilot, "calm-otter  ● finished · step 20", "Finished in"), pilot)
        assert len(losses(pilot)) == 20


async def test_the_rate_of_a_run_whose_configuration_cannot_be_read(open_app: OpenApp) -> None:
    run = Run().starts().steps(20)
    (run.folder / "config.json").write_text("{")
    async with open_app(size=(120, 30), **TRAIN) as pilot:
        await until(shows(pilot, "step 20", "Its config.json cannot be read"), pilot)
        await pilot.press("escape", "u")
        await until(shows(pilot, "learning rate 2.50e-05", "Enter sets it"), pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 30), (200, 60)])
async def test_what_is_wrong_with_a_log_is_in_sight_beside_many_evaluations(
    open_app: OpenApp, size: tuple[int, int]
) -> None:
    run = Run().starts()
    for _ in range(10):
        run.steps(2).evaluates("validation", 0.8)
    with (run.folder / EVENTS).open("ab") as log:
        log.write(b"\xff\x00 rubbish\n")
    run.dies()
    options = {"train": {"watched": str(run.folder)}}
    async with open_app(size=size, options=options, **TRAIN) as pilot:
        await until(shows(pilot, "step 20", "1 fault in the log: 1 unreadable"), pilot)


async def test_a_long_line_that_is_not_whole_is_said(open_app: OpenApp) -> None:
    run = Run().starts().steps(20)
    with (run.folder / EVENTS).open("ab") as log:
        log.write(b'{"seq":500,"type":"warning","message":"' + b"x" * 10_000_000)
    run.dies()
    options = {"train": {"watched": str(run.folder)}}
    async with open_app(size=(120, 40), options=options, **TRAIN) as pilot:
        await until(shows(pilot, "● crashed · step 20", "1 fault in the log: a torn end."), pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 30)])
async def test_a_run_whose_configuration_is_rubbish_shows_its_curve_and_says_so(
    open_app: OpenApp, size: tuple[int, int]
) -> None:
    run = Run().starts().steps(20)
    (run.folder / "config.json").write_bytes(b"\xff\x00 rubbish")
    options = {"train": {"watched": str(run.folder)}}
    async with open_app(size=size, options=options, **TRAIN) as pilot:
        await until(shows(pilot, "● running · step 20", "Its config.json cannot be read"), pilot)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_a_log_of_another_version_is_shown_as_far_as_it_goes(
    open_app: OpenApp, size: tuple[int, int]
) -> None:
    run = Run()
    lines: list[dict[str, object]] = [{"type": "run_started", "max_steps": 40}]
    lines += [{"type": "step", "global_step": step, "loss": 1 / step} for step in range(1, 21)]
    lines.append({"type": "evaluation", "global_step": 20, "split": "validation", "loss": 0.4})
    with (run.folder / EVENTS).open("a") as log:
        for seq, line in enumerate(lines):
            log.write(json.dumps({"seq": seq, "time": 1e9 + seq, **line}) + "\n")
    run.dies()
    options = {"train": {"watched": str(run.folder)}}
    async with open_app(size=size, options=options, **TRAIN) as pilot:
        await until(shows(pilot, "● crashed · step 20", "22 faults in the log"), pilot)
        assert len(losses(pilot)) == 20
        assert not shows(pilot, "0 parameters")()
        await pilot.press("escape", "d")
        await until(shows(pilot, "loss 0.4000", "accuracy ?"), pilot)


@pytest.mark.parametrize(
    "fields",
    [
        {"time": -1e308},
        {"time": 1e308, "global_step": 2**62},
        {"loss": 5e-324, "grad_norm": -1e308},
        {"loss": None, "grad_norm": None, "learning_rate": None, "epoch": None},
    ],
)
async def test_no_number_in_a_log_ends_the_app(
    open_app: OpenApp, fields: dict[str, object]
) -> None:
    run = Run()
    step = {"type": "step", "epoch": 1, "loss": 0.5, "learning_rate": 1e-5, "grad_norm": 1}
    lines: list[dict[str, object]] = [{"type": "run_started", "max_steps": 40, "time": 1e9}]
    lines += [
        {**step, "time": 1e9 + number, "global_step": number, **(fields if number % 7 else {})}
        for number in range(1, 61)
    ]
    at = {"global_step": 60, "epoch": fields.get("epoch", 1.0), "time": 1e9 + 70}
    lines.append({"type": "evaluation", "split": "validation", "accuracy": None, **at})
    lines.append({"type": "probe", "results": [], **at})
    with (run.folder / EVENTS).open("a") as log:
        for seq, line in enumerate(lines):
            log.write(json.dumps({"seq": seq, **line}) + "\n")
    run.dies()
    options = {"train": {"watched": str(run.folder)}}
    async with open_app(size=(100, 30), options=options, **TRAIN) as pilot:
        await until(shows(pilot, "calm-otter  ● crashed"), pilot)
        await pilot.press("escape", "right", "plus", "t", "right", "t", "g", *"nnnnn", "0")
        await pilot.press("d", "right", "d", "d", "d", "l")
        await until(shows(pilot, "› calm-otter"), pilot)
        await pilot.press("space", "enter")
        await until(shows(pilot, "calm-otter  ● crashed"), pilot)
