"""Following a run's log to its last word, without torch: the log is the contract."""

from __future__ import annotations

import io
import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from core.runs import events
from core.runs.folder import EVENTS
from core.runs.log import EventWriter
from core.runs.requests import Stop, waiting_requests
from core.sizes import duration
from tests.tui.commands.test_runs import STARTED, make_run, step
from tui.commands.following import Follower, RunSoFar
from tui.commands.progress import BarView, LineView
from tui.commands.telling import tell

FINISHED = events.RunFinished(global_step=40, seconds=83.0)


def follow(folder: Path) -> tuple[RunSoFar, str]:
    said = io.StringIO()
    run = Follower(folder, LineView(said)).follow()
    return run, said.getvalue()


def when(said: io.StringIO, word: str, action: Callable[[], None]) -> threading.Thread:
    """Does `action` once `word` has been said."""

    def wait() -> None:
        while word not in said.getvalue():
            threading.Event().wait(0.01)
        action()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def append(folder: Path, *log: events.Event) -> None:
    writer = EventWriter(folder / EVENTS)
    for event in log:
        writer.append(event)
    writer.close()


def test_lines_are_fit_for_a_log_file() -> None:
    steps = [step(number, 1 / number) for number in range(1, 41)]
    evaluation = events.Evaluation(
        global_step=40, epoch=2, split="validation", loss=0.31, accuracy=0.875
    )
    folder = make_run("calm-otter", STARTED, *steps, evaluation, FINISHED)
    run, said = follow(folder)
    lines = said.splitlines()
    assert run.status == "finished"
    assert run.global_step == 40
    assert run.saved == "model"
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  \S", line) for line in lines)
    assert "\x1b" not in said
    assert "\r" not in said
    told = [line for line in lines if "samples/s" in line]
    assert len(told) == 21  # the first step, and one for each twentieth of the run
    assert "step 40 of 40 · loss 0.0250" in told[-1]
    assert "validation loss 0.3100 · accuracy 87.5 %" in lines[-2]
    assert lines[-1].endswith("Finished: 40 steps in 1 min 23 s.")


def test_hostile_words_in_a_log_stay_words() -> None:
    warning = events.Warned(message="\x1b]0;title\x07 [red]x[/red]\nnext")
    _, said = follow(make_run("calm-otter", STARTED, warning, FINISHED))
    assert "␛]0;title␇ [red]x[/red]↵next" in said


@pytest.mark.parametrize(
    ("last", "status", "message"),
    [
        (events.RunFailed(message="The disk is full."), "failed", "The disk is full."),
        (events.RunStopped(global_step=1, reason="By request."), "stopped", "By request."),
        (None, "crashed", "Its worker ended without a last word after step 1."),
    ],
)
def test_how_a_run_ended_is_known(last: events.Event | None, status: str, message: str) -> None:
    log = [STARTED, step(1), *([last] if last else [])]
    run, _ = follow(make_run("calm-otter", *log))
    assert run.status == status
    assert run.message == message


@pytest.mark.parametrize("path", ["checkpoints/step-1", None])
def test_a_stop_that_could_not_be_saved_is_not_said_to_be_saved(path: str | None) -> None:
    reason = "Stopped by request. The disk is full, so step 2 could not be saved."
    stopped = events.RunStopped(global_step=2, reason=reason, path=path)
    _, said = follow(make_run("calm-otter", STARTED, step(2), stopped))
    assert said.endswith(f"{reason}\n")


def test_a_loss_that_is_no_number_is_shown() -> None:
    run, said = follow(make_run("calm-otter", STARTED, step(1, "NaN"), FINISHED))
    assert "loss NaN" in said
    assert run.step is not None
    assert run.step.loss == "NaN"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (step(4, "NaN"), "step 4 of 400 · loss NaN · learning rate"),
        (replace(step(4), grad_norm="Infinity"), "step 4 of 400 · loss 0.5000 · gradient norm inf"),
    ],
)
def test_a_step_that_is_not_finite_has_a_line_of_its_own(broken: events.Step, said: str) -> None:
    # A twentieth of the run lies between two lines.
    log = [replace(STARTED, max_steps=400), *(step(number) for number in (1, 2, 3)), broken]
    lines = follow(make_run("calm-otter", *log))[1]
    assert said in lines
    assert "step 3 " not in lines


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"parameters": 1_000, "trainable": 1_000},
            "1,000 parameters, all trained; 40 steps on cpu, 1 thread",
        ),
        (
            {"parameters": 1_019_842, "trainable": 8_290},
            "8,290 of 1,019,842 parameters trained; 40 steps on cpu, 1 thread",
        ),
        (
            {"world_size": 2, "device": "cpu:0", "parameters": 1_019_842, "trainable": 1_019_842},
            "1.0 M parameters, all trained; 40 steps by 2 processes together on cpu, 1 thread each",
        ),
    ],
)
def test_it_is_said_who_trains_how_much(change: dict[str, Any], said: str) -> None:
    assert said in tell(replace(STARTED, **change), 40)


def test_ctrl_c_asks_for_a_stop_with_a_checkpoint_and_follows_to_the_end() -> None:
    folder = make_run("calm-otter", STARTED, step(1), alive=True)
    said = io.StringIO()
    follower = Follower(folder, LineView(said))
    threads = [
        when(said, "step 1 of 40", lambda: os.kill(os.getpid(), signal.SIGINT)),
        when(
            said,
            "Stopping with a checkpoint",
            lambda: append(
                folder,
                events.RunStopped(global_step=1, reason="By request.", path="checkpoints/step-1"),
            ),
        ),
    ]
    run = follower.follow()
    for thread in threads:
        thread.join()
    assert [posted.request for posted in waiting_requests(folder)] == [Stop()]
    assert follower.interrupts == 1
    assert run.status == "stopped"
    assert "By request, after 1 step. The checkpoint is checkpoints/step-1." in said.getvalue()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_leaves_the_run_to_itself() -> None:
    folder = make_run("calm-otter", STARTED, step(1), alive=True)
    said = io.StringIO()
    follower = Follower(folder, LineView(said))
    threads = [
        when(said, "step 1 of 40", lambda: os.kill(os.getpid(), signal.SIGINT)),
        when(said, "Stopping with", lambda: os.kill(os.getpid(), signal.SIGINT)),
    ]
    run = follower.follow()
    for thread in threads:
        thread.join()
    assert run.status == "running"
    assert follower.interrupts == 2
    assert "calm-otter is left to itself" in said.getvalue()


def test_a_step_that_is_saved_again_for_its_evaluation_says_why() -> None:
    saved = events.CheckpointSaved(global_step=8, path="checkpoints/step-8")
    assert tell(saved, 40) == ["step 8 of 40 · checkpoint saved in checkpoints/step-8"]
    (again,) = tell(replace(saved, best=True), 40)
    assert again.endswith("checkpoints/step-8: no evaluation had a lower loss so far")


def test_the_time_left_is_foretold_from_the_pace() -> None:
    run = RunSoFar(Path("run"))
    run.add(STARTED)
    assert run.seconds_left is None
    for number in range(1, 11):
        event = step(number)
        run.add(replace(event, time=100.0 + 2 * number))
    assert run.seconds_left == pytest.approx(60)
    run.add(events.Paused(global_step=10))
    assert run.seconds_left is None


class Screen(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        plain = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", self.getvalue())
        return plain.replace("\r", "\n").splitlines()


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    return Screen()


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (events.Paused(global_step=2), "paused"),
        (events.RunStopped(global_step=2, reason="By request."), "step 2 of 40"),
        (events.Heartbeat(), "Saving a checkpoint"),
    ],
)
def test_a_bar_says_what_is_done_now(last: events.Event, said: str, screen: Screen) -> None:
    view, run = BarView(screen), RunSoFar(Path("run"))
    for new in ([STARTED, step(1), step(2)], [events.Progress(phase="Saving a checkpoint"), last]):
        for event in new:
            run.add(event)
        view.update(new, run)
    view.close()
    assert screen.lines()[-1].startswith(said)


def test_ctrl_c_before_the_first_step_promises_no_checkpoint() -> None:
    folder = make_run("calm-otter", STARTED, alive=True)
    said = io.StringIO()
    stopped = events.RunStopped(global_step=0, reason="By request.")
    threads = [
        when(said, "all trained", lambda: os.kill(os.getpid(), signal.SIGINT)),
        when(said, "Stopping before its first step", lambda: append(folder, stopped)),
    ]
    run = Follower(folder, LineView(said)).follow()
    for thread in threads:
        thread.join()
    assert run.status == "stopped"
    assert "with a checkpoint" not in said.getvalue()


def test_a_bar_is_drawn_on_a_terminal_and_fits_eighty_columns(screen: Screen) -> None:
    view = BarView(screen)
    run = RunSoFar(Path("run"))
    started = replace(STARTED, max_steps=37500)
    new: list[events.Event] = [started]
    new += [replace(step(number), time=number * 0.1) for number in range(12000, 12010)]
    for event in new:
        run.add(event)
    view.update(new, run)
    view.close()
    bar = next(line for line in screen.lines() if "step 12,009 of 37,500" in line)
    assert "loss 0.5000" in bar
    assert "42 min 29 s left" in bar
    assert len(bar.rstrip()) <= 77


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59.6, "1 min"),
        (83, "1 min 23 s"),
        (7500, "2 h 5 min"),
        (3600, "1 h"),
        (370000, "4 d 6 h"),
        (float("inf"), "?"),
    ],
)
def test_durations_read_well(seconds: float, words: str) -> None:
    assert duration(seconds) == words
