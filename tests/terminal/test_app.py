"""The real program in a real terminal: typed at, pasted into, resized, quit and killed."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from core import paths
from core.runs.events import (
    CheckpointSaved,
    Evaluation,
    LearningRateSet,
    Paused,
    Resumed,
    RunStopped,
    Step,
)
from core.runs.folder import EVENTS, list_runs
from core.runs.log import EventReader
from core.runs.status import run_status
from tests.terminal.screen import Snapshot
from tests.terminal.terminal import Terminal

TERMFORMER = (sys.executable, "-m", "tui.commands")


@pytest.fixture(autouse=True)
def no_engine(private_folders: Path) -> None:
    """These tests start no engine unless they look at logits."""
    paths.config_file().parent.mkdir(parents=True, exist_ok=True)
    paths.config_file().write_text("preload = false\n")


def app(columns: int = 80, rows: int = 24) -> Terminal:
    return Terminal(TERMFORMER, columns=columns, rows=rows, cwd=Path(__file__).parents[2])


def eventually(holds: Callable[[], object], seconds: float = 240) -> None:
    """Returns once `holds`; for what no terminal shows: files and processes."""
    deadline = time.monotonic() + seconds
    never = threading.Event()
    while not holds():
        assert time.monotonic() < deadline, "did not come to hold"
        never.wait(0.02)


def saved_text() -> str:
    file = paths.state_file()
    return str(json.loads(file.read_text())["text"]) if file.exists() else ""


def test_type_see_tokens_and_quit() -> None:
    with app() as terminal:
        terminal.wait_for("[CLS] i hate this so much ! [SEP]")
        terminal.press("down", "end")
        terminal.send(" tokenization")  # in one burst: the keys act in their order
        terminal.wait_for("token##ization [SEP]")
        terminal.press("escape")
        terminal.wait_for("KEYS")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert not terminal.mode(1049)
    assert saved_text().endswith("so much! tokenization")


def test_letters_behind_a_key_that_leads_into_a_field_are_typed() -> None:
    with app() as terminal:
        terminal.wait_for("[CLS] i hate this so much ! [SEP]")
        terminal.press("escape")
        terminal.wait_for("KEYS")
        terminal.send("iso fox ")
        terminal.wait_for("1 so fox I've been")
        assert not list_runs()

        # Behind the key that asks for a model they name it.
        terminal.wait_for("TYPE")
        terminal.press("escape")
        terminal.wait_for("KEYS")
        terminal.send("omini-base\r")
        terminal.wait_for("Termformer  mini-base")


def test_what_was_typed_survives_sigkill() -> None:
    with app() as terminal:
        terminal.wait_for("[CLS] i ' ve")
        terminal.send("Unforgettable ")
        terminal.wait_for("[CLS] un##for")
        eventually(lambda: saved_text().startswith("Unforgettable "))
        terminal.kill(signal.SIGKILL)
        terminal.wait_for_exit()
    with app() as terminal:
        terminal.wait_for("1 Unforgettable I've been waiting")


def test_a_megabyte_pasted_freezes_nothing() -> None:
    with app() as terminal:
        terminal.wait_for("[CLS] i ' ve")
        before = len(terminal.output)
        terminal.paste("so good " * 125_000)
        # It may be gone again from the screen.
        terminal.wait_for(lambda _: b"encoding" in terminal.output[before:], timeout=240)
        terminal.send("Z")
        terminal.wait_for(lambda screen: "Z" in screen.lines[1])
        terminal.wait_for(lambda screen: "250,0" in screen.text, timeout=240)


def test_hostile_text_leaves_the_terminal_as_it_was() -> None:
    text = "\x1b]0;stolen\x07[bold]x[/bold] \x1b[2J\u202e\x00 [/oops"
    paths.state_file().parent.mkdir(parents=True)
    paths.state_file().write_text(json.dumps({"text": text}))
    with app() as terminal:
        terminal.wait_for("␛]0;stolen␇[bold]x[/bold] ␛[2J·␀ [/oops")
        assert "stolen" not in terminal.screen.title
        terminal.press("escape")
        terminal.wait_for("KEYS")
        terminal.press("v", "v", "v")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
    assert saved_text() == text


def test_every_size() -> None:
    with app() as terminal:
        terminal.wait_for("[CLS] i ' ve")
        for columns, rows in ((40, 12), (200, 60), (20, 5), (120, 40), (80, 24)):
            terminal.resize(columns, rows)
            if rows >= 12:
                terminal.wait_for(_is_whole)
        # Faster than the app is told of it: the last size is the one that counts.
        for columns, rows in ((100, 30), (60, 20), (90, 28), (50, 14), (110, 36)) * 4:
            terminal.resize(columns, rows)
        terminal.wait_for(_is_whole)
        terminal.resize(80, 24)
        terminal.wait_for(_is_whole)
        terminal.send("still here ")
        terminal.wait_for("[CLS] still here")


def _is_whole(screen: Snapshot) -> bool:
    """The key bar, in the last row, shows the palette's key uncut."""
    return "^p palette" in screen.lines[-1] and "[CLS]" in screen.text


def test_the_app_never_loads_torch() -> None:
    with app() as terminal:
        terminal.wait_for("[CLS] i ' ve")
        maps = Path(f"/proc/{terminal.pid}/maps")
        if not maps.exists():
            pytest.skip("needs /proc")
        loaded = maps.read_text()
        assert "tokenizers" in loaded
        assert "libtorch" not in loaded
        assert "numpy" not in loaded


def test_a_hang_up_ends_the_app_and_keeps_the_text() -> None:
    with app() as terminal:
        terminal.wait_for("[CLS] i ' ve")
        terminal.send("Kept ")
        terminal.wait_for("[CLS] kept")
        terminal.hang_up()
        terminal.wait_for_exit()
    assert saved_text().startswith("Kept ")


@pytest.mark.parametrize("stop", [signal.SIGTSTP, signal.SIGSTOP])
def test_a_process_that_was_stopped_draws_its_screen_anew(stop: signal.Signals) -> None:
    with app() as terminal:
        terminal.wait_for("[CLS] i ' ve")
        process = psutil.Process(terminal.pid)
        for word in ("One", "Two"):
            terminal.kill(stop)
            eventually(lambda: process.status() == psutil.STATUS_STOPPED)
            drawn = terminal.bytes_written
            terminal.kill(signal.SIGCONT)
            eventually(partial(_is_drawn_since, terminal, drawn))
            terminal.send(f"{word} ")
            terminal.wait_for(f" {word.lower()} i ' ve")
        terminal.press("escape")
        terminal.wait_for("KEYS")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0


def _is_drawn_since(terminal: Terminal, drawn: int) -> bool:
    """Whether the first and the last row have been sent again, after `drawn` bytes."""
    fresh = terminal.output[drawn:]
    return b"Termformer" in fresh and b"palette" in fresh


@pytest.mark.slow
def test_a_connection_that_is_stuck_and_then_lost_ends_the_app() -> None:
    """No signal tells the app, which is in a session of its own."""
    start = "import subprocess, sys; subprocess.run(sys.argv[1:], start_new_session=True)"
    command = (sys.executable, "-c", start, *TERMFORMER)
    with Terminal(command, cwd=Path(__file__).parents[2]) as terminal:
        terminal.wait_for("[CLS] i ' ve")
        terminal.freeze()
        [process] = psutil.Process(terminal.pid).children()
        # One pane after the other, until the app cannot get rid of them and does nothing any more.
        for number in range(200):
            terminal.press(f"f{2 + number % 5}")
            process.cpu_percent(0.02)
        eventually(lambda: process.cpu_percent(0.2) == 0.0)
        terminal.hang_up()
        try:
            process.wait(120)
        finally:
            with suppress(psutil.NoSuchProcess):
                process.kill()


@pytest.mark.slow
def test_a_run_goes_on_without_the_app_and_its_curve_is_whole(tiny_classifier: Path) -> None:
    paths.state_file().parent.mkdir(parents=True)
    options = {"model": str(tiny_classifier), "epochs": "1000", "threads": "1"}
    paths.state_file().write_text(
        json.dumps({"text": "hi", "pane": "train", "options": {"train": options}})
    )
    with app(120, 40) as terminal:
        terminal.wait_for("TYPE")
        terminal.press("escape")
        terminal.wait_for("KEYS")
        terminal.press("s")
        eventually(lambda: _step() >= 5)
        terminal.kill(signal.SIGKILL)
        terminal.wait_for_exit()
    run = list_runs()[0]
    seen = _step()
    status = run_status(run)
    assert status.status == "running"
    with app(120, 40) as terminal:
        terminal.wait_for(run.name)
        eventually(lambda: _step() > seen)
        terminal.press("escape")
        terminal.wait_for("KEYS")
        # The worker carries out what is asked for, and the pane says that it has.
        for keys, words in (
            (("v",), "validation: accuracy"),
            (("w",), "is saved in checkpoints/step-"),
            (("u", "\x15", *"3e-5", "enter"), "3e-05 now. It still warms up: that is its peak."),
            (("p",), "the model stays in memory"),
            (("p",), "Went on at step"),
        ):
            terminal.press(*keys)
            terminal.wait_for(words)
        terminal.press("x", "x")
        eventually(lambda: run_status(run).status == "stopped")
        terminal.wait_for("stopped")
    eventually(lambda: not _workers(run))
    events = [event for batch in EventReader(run / EVENTS).drain() for event in batch.events]
    asked = {type(event) for event in events if getattr(event, "request", None)}
    assert asked >= {Evaluation, CheckpointSaved, LearningRateSet, Paused, Resumed, RunStopped}
    rates = [event.learning_rate for event in events if isinstance(event, Step)]
    peak = rates[-1] / len(rates) * 0.1 * 1_000 * 333
    assert peak == pytest.approx(3e-5, rel=0.05)


def _step() -> int:
    runs = list_runs()
    return run_status(runs[0]).global_step if runs else 0


def _workers(run: Path) -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if str(run) in (process.info["cmdline"] or [])
    ]
