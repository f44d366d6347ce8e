"""Watching what other programs write: curves, any names, read-only."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import time
from array import array
from pathlib import Path

import pytest
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from textual.pilot import Pilot

from core import paths
from core.runs import events
from core.runs.folder import list_runs
from core.watching.protocol import CaughtUp, Points
from tests.tui.conftest import screen_text, until, write
from tests.tui.training import Run, pane_of, shows
from tui.app import TermformerApp
from tui.panes.train.others import OtherWatch, watch_others


def logged(writer: EventFileWriter, tag: str, steps: range) -> None:
    for step in steps:
        value = summary_pb2.Summary.Value(tag=tag, simple_value=1 / (step + 1))
        summary = summary_pb2.Summary(value=[value])
        writer.add_event(event_pb2.Event(step=step, wall_time=50.0 + step, summary=summary))
    writer.flush()


def watch_of(pilot: Pilot[None]) -> OtherWatch:
    watch = pane_of(pilot).watched
    assert isinstance(watch, OtherWatch)
    return watch


async def test_others_runs_are_seen_as_they_grow_and_never_touched(tmp_path: Path) -> None:
    write(paths.config_file(), "preload = false\n")
    folder = tmp_path / "logs"
    folder.mkdir()
    app = TermformerApp(others=folder)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await until(shows(pilot, "● waiting", "No TensorBoard event files"), pilot)
        bar = screen_text(pilot).splitlines()[-1]
        assert "n curves" in bar
        assert not any(word in bar for word in ("start", "stop", "pause", "details", "use model"))
        writer = EventFileWriter(str(folder / "first"))
        logged(writer, "train/loss", range(1, 60))
        logged(writer, "my own/number", range(1, 60))
        logged(EventFileWriter(str(folder / "second")), "train/loss", range(1, 40))
        await until(shows(pilot, "first", "step 59", "━ first", "╍ second", "my own/number"), pilot)
        logged(writer, "train/loss", range(60, 100))
        await until(shows(pilot, "step 99"), pilot)
        assert watch_of(pilot).max_steps is None
        await pilot.press("n")
        await until(shows(pilot, "train/loss · my own/number"), pilot)
        await pilot.press("right", "left")
        await until(shows(pilot, "step 98 ·", "0.0101"), pilot)
        await pilot.press("t")
        await until(shows(pilot, "by time"), pilot)
        await pilot.press("c")
        await until(shows(pilot, "The program that this run belongs to has its code"), pilot)
        await pilot.press("escape")
        for key in ("x", "p", "v", "u", "w", "s"):
            await pilot.press(key)
            await until(shows(pilot, "watched, not steered"), pilot)
        await pilot.press("D", "D", "s", "s", "y")
        assert list_runs() == []
        assert sorted(path.name for path in folder.iterdir()) == ["first", "second"]
        reader = watch_of(pilot)._foreign
        assert reader is not None
        pane_of(pilot).follower.leave()
        assert reader._process.poll() is not None
    state = json.loads(paths.state_file().read_text())
    assert "watched" not in state["options"].get("train", {})


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_a_checkpoint_of_trainer_has_its_curve_at_every_size(
    size: tuple[int, int], tmp_path: Path
) -> None:
    write(paths.config_file(), "preload = false\n")
    history = [{"step": step, "loss": 1 / step, "learning_rate": 0.1} for step in range(1, 80)]
    text = json.dumps({"log_history": history, "max_steps": 100})
    write(tmp_path / "out/checkpoint-79/trainer_state.json", text)
    app = TermformerApp(others=tmp_path / "out")
    async with app.run_test(size=size, notifications=True) as pilot:
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await until(shows(pilot, "step 79 of 100", "train/loss", "read-only"), pilot)
        await pilot.press("t")
        assert pane_of(pilot)._run_view.charts.unit == "steps"


async def test_all_runs_are_in_one_chart_whatever_they_call_their_loss(tmp_path: Path) -> None:
    write(paths.config_file(), "preload = false\n")
    first = EventFileWriter(str(tmp_path / "a"))
    logged(first, "loss", range(1, 51))
    second = EventFileWriter(str(tmp_path / "b"))
    logged(second, "train/loss", range(1, 101))
    logged(second, "train/grad_norm", range(1, 101))
    logged(EventFileWriter(str(tmp_path / "c")), "score", range(1, 11))
    app = TermformerApp(others=tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await until(shows(pilot, "loss  ━ a  ╍ b", "1 of 3 runs"), pilot)
        assert "┅" not in screen_text(pilot)
        charts = pane_of(pilot)._run_view.charts
        first_plot = charts.plots()[0].plot
        assert [len(curve.series) for curve in first_plot.curves] == [50, 100, 0]
        await pilot.press("n")
        await until(shows(pilot, "loss · train/grad_norm  ━ a  ╍ b"), pilot)
        assert {plot.plot.end for plot in charts.plots()} == {100}
        await pilot.press("n")
        await until(shows(pilot, "loss · score  ━ a  ╍ b  ┅ c"), pilot)
        await pilot.press("down")
        await until(shows(pilot, "b  ● ", "train/loss · score  ━ b  ╍ a  ┅ c"), pilot)
        assert "2 of 3 runs" in screen_text(pilot)
        await pilot.press("up", "up")
        await until(shows(pilot, "c  ● ", "score  ━ c"), pilot)
        await pilot.press("up", "right")
        # The run that ended at step 50 is not said to be anywhere at step 100.
        await until(shows(pilot, "step 100 ·", "train/loss ━ b 0.0099 ~", " ╍ a ·"), pilot)


async def test_a_rate_over_the_loss_has_a_scale_of_its_own(tmp_path: Path) -> None:
    write(paths.config_file(), "preload = false\n")
    history = [{"step": at, "loss": 3 / at, "learning_rate": 1e-6 * at} for at in range(1, 80)]
    text = json.dumps({"log_history": history})
    write(tmp_path / "out/checkpoint-79/trainer_state.json", text)
    app = TermformerApp(others=tmp_path / "out")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await until(shows(pilot, "step 79"), pilot)
        await pilot.press("a")
        await until(shows(pilot, "╍ train/learning_rate from 1e-06 to 7.9e-05"), pilot)
        rate = pane_of(pilot)._run_view.charts._charts[0].readings[1]
        assert (rate.y, rate.trend) == (7.9e-05, None)
        rows = screen_text(pilot).splitlines()
        top = next(at for at, row in enumerate(rows) if "learning_rate from" in row) + 1
        # It ends at the upper right, where the loss is not.
        upper_right = "".join(row[40:78] for row in rows[top : top + 6])
        assert any("\u2800" < character <= "\u28ff" for character in upper_right), rows


async def test_from_a_run_of_one_s_own_the_list_leads_back(tmp_path: Path) -> None:
    write(paths.config_file(), "preload = false\n")
    own = Run("calm-otter").starts().steps(5)
    own.log.append(events.RunFinished(global_step=5, seconds=2.0))
    logged(EventFileWriter(str(tmp_path / "logs/first")), "train/loss", range(1, 60))
    app = TermformerApp(others=tmp_path / "logs")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await until(shows(pilot, "first  ●", "step 59"), pilot)
        await pilot.press("l")
        await until(shows(pilot, "› logs", "read-only  Other programs' runs under"), pilot)
        for key in ("R", "D", "Y", "m"):
            await pilot.press(key)
            await until(shows(pilot, "watched, not steered", "› logs"), pilot)
        await pilot.press("down", "enter")
        await until(shows(pilot, "calm-otter  ● finished"), pilot)
        await pilot.press("l")
        await until(shows(pilot, "› calm-otter"), pilot)
        # What steers acts on the row that is marked, or on none.
        await pilot.press("up", "x")
        await until(shows(pilot, "first  ●", "step 59", "watched, not steered"), pilot)
        await pilot.press("l", "down", "enter")
        await until(shows(pilot, "calm-otter  ● finished"), pilot)
        await pilot.press("l", "up", "enter")
        await until(shows(pilot, "first  ●", "step 59"), pilot)
        assert watch_of(pilot).runs


async def test_keys_that_keep_runs_say_that_others_are_only_watched(tmp_path: Path) -> None:
    write(paths.config_file(), "preload = false\n")
    for name in ("first", "second"):
        logged(EventFileWriter(str(tmp_path / "logs" / name)), "train/loss", range(1, 60))
    app = TermformerApp(others=tmp_path / "logs")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await until(shows(pilot, "step 59", "1 of 2 runs"), pilot)
        for key in ("R", "N", "T", "Y", "D", "m"):
            await pilot.press("0")
            await until(shows(pilot, "another in front"), pilot)
            await pilot.press(key)
            await until(shows(pilot, "This run belongs to another program"), pilot)


async def test_what_is_no_longer_read_is_said_and_read_again_by_two_keys(tmp_path: Path) -> None:
    write(paths.config_file(), "preload = false\n")
    writer = EventFileWriter(str(tmp_path / "logs"))
    logged(writer, "train/loss", range(1, 60))
    app = TermformerApp(others=tmp_path / "logs")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await until(shows(pilot, "logs  ● nothing new · step 59"), pilot)
        reader = watch_of(pilot)._foreign
        assert reader is not None
        reader._process.kill()
        await until(shows(pilot, "logs  ● no longer read · step 59", "The process that"), pilot)
        logged(writer, "train/loss", range(60, 70))
        await pilot.press("l", "enter")
        await until(shows(pilot, "step 69"), pilot)
        assert "no longer read" not in screen_text(pilot)


def test_files_are_not_gone_before_all_of_them_were_read(tmp_path: Path) -> None:
    watch = watch_others(tmp_path)
    try:
        values = array("d", [1.0]).tobytes()
        watch._take(Points("first", "loss", values, values, values))
        assert watch.behind
        assert watch.remarks(80) == []
        assert "files" not in str(watch.heading(80))
        watch._take(CaughtUp(0))
        assert "not there any more" in str(watch.remarks(80))
        assert "0 files" in str(watch.heading(80))
    finally:
        watch.close()


async def test_files_that_are_gone_are_said_to_be(tmp_path: Path) -> None:
    write(paths.config_file(), "preload = false\n")
    folder = tmp_path / "logs"
    logged(EventFileWriter(str(folder / "first")), "train/loss", range(1, 60))
    app = TermformerApp(others=folder)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await until(shows(pilot, "first  ● nothing new · step 59"), pilot)
        shutil.rmtree(folder / "first")
        await until(shows(pilot, "0 files", "Its files are not there any more."), pilot)


async def test_a_run_whose_points_have_no_times_is_in_no_chart_by_time(tmp_path: Path) -> None:
    write(paths.config_file(), "preload = false\n")
    logged(EventFileWriter(str(tmp_path / "out/runs/today")), "train/loss", range(1, 60))
    history = [{"step": step, "loss": 1 / step} for step in range(1, 60)]
    text = json.dumps({"log_history": history, "max_steps": 100})
    write(tmp_path / "out/checkpoint-59/trainer_state.json", text)
    app = TermformerApp(others=tmp_path / "out")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await until(shows(pilot, "runs/today  ●", "━ runs/today  ╍ out"), pilot)
        charts = pane_of(pilot)._run_view.charts

        def points() -> list[int]:
            return [len(curve.series) for curve in charts.plots()[0].plot.curves]

        assert points() == [59, 59]
        await pilot.press("t", "right")
        await until(shows(pilot, "by time", "step 59 · 58 s"), pilot)
        assert points() == [59, 0]
        await pilot.press("down")
        await until(shows(pilot, "out  ●", "step 59 of 100"), pilot)
        await pilot.press("right")
        await until(shows(pilot, "step 59  train/loss"), pilot)
        assert points() == [59, 59]


@pytest.mark.parametrize("columns", [80, 100, 120])
async def test_how_far_a_run_came_is_said_however_long_its_name(
    columns: int, tmp_path: Path
) -> None:
    write(paths.config_file(), "preload = false\n")
    for name in ("Nov30_22-25-41_a-machine-of-the-cluster", "Nov30_22-25-41_b"):
        writer = EventFileWriter(str(tmp_path / "out/runs" / name))
        logged(writer, "train/loss", range(12_000, 12_020))
    app = TermformerApp(others=tmp_path / "out")
    async with app.run_test(size=(columns, 24), notifications=True) as pilot:
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await until(shows(pilot, "/Nov30_", "● nothing new · step 12,019"), pilot)
        before = next(row for row in screen_text(pilot).splitlines() if "1 of 2 runs" in row)
        await pilot.press("l")
        await until(shows(pilot, "read-only  Other programs' runs"), pilot)
        await pilot.press("escape")
        assert before in screen_text(pilot)


async def test_reading_goes_on_however_long_a_tick_is_held_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(paths.config_file(), "preload = false\n")
    logged(EventFileWriter(str(tmp_path / "logs")), "train/loss", range(1, 60))
    ticks = itertools.count()
    # On a busy machine more time than a short timer has passes between any two looks at the clock.
    monkeypatch.setattr("textual._time.get_time", lambda: time.monotonic() + 0.02 * next(ticks))
    app = TermformerApp(others=tmp_path / "logs")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await until(shows(pilot, "logs  ● nothing new · step 59"), pilot)


async def test_points_that_were_logged_again_are_said_to_be_left_out(tmp_path: Path) -> None:
    write(paths.config_file(), "preload = false\n")
    writer = EventFileWriter(str(tmp_path / "logs"))
    logged(writer, "train/loss", range(1, 60))
    logged(writer, "train/loss", range(40, 50))
    app = TermformerApp(others=tmp_path / "logs")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await until(shows(pilot, "logs  ●", "step 49", "20 points are not shown"), pilot)


async def test_of_many_runs_the_legend_says_how_many_more_there_are(tmp_path: Path) -> None:
    write(paths.config_file(), "preload = false\n")
    for number in range(40):
        writer = EventFileWriter(str(tmp_path / f"sweep-{number:02d}-of-rates"))
        logged(writer, "train/loss", range(1, 4))
    app = TermformerApp(others=tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await until(shows(pilot, "1 of 40 runs"), pilot)
        legend = next(row for row in screen_text(pilot).splitlines() if "━ sweep-0" in row)
        named = legend.count("sweep-")
        assert 3 <= named < 40
        assert legend.endswith(f" and {40 - named} more")


async def test_runs_in_folders_of_folders_are_told_apart(tmp_path: Path) -> None:
    write(paths.config_file(), "preload = false\n")
    for name in ("train", "validation"):
        for first in ("warm-start", "cold-start"):
            run = tmp_path / first / "a-folder-of-another-program" / name
            logged(EventFileWriter(str(run)), "epoch_loss", range(1, 60))
    app = TermformerApp(others=tmp_path)
    async with app.run_test(size=(120, 24), notifications=True) as pilot:
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await until(shows(pilot, "1 of 4 runs"), pilot)
        legend = next(row for row in screen_text(pilot).splitlines() if "━" in row)
        named = ("cold-start/…/train", "cold-start/…/validation")
        assert all(name in legend for name in named) and legend.endswith("  and 2 more")


async def test_a_silent_run_says_how_long_it_has_been_silent(tmp_path: Path) -> None:
    write(paths.config_file(), "preload = false\n")
    writer = EventFileWriter(str(tmp_path / "logs"))
    summary = summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="loss", simple_value=1)])
    three_days_ago = time.time() - 3 * 86_400 - 60
    writer.add_event(event_pb2.Event(step=7, wall_time=three_days_ago, summary=summary))
    writer.flush()
    app = TermformerApp(others=tmp_path / "logs")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await asyncio.wait_for(app.bench.furnished.wait(), 60)
        await until(shows(pilot, "logs  ● nothing new for 3 d 0 h · step 7"), pilot)
