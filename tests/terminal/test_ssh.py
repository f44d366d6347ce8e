"""A run that is started over SSH outlives its connection; whoever connects again sees all of it."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import paths
from core.runs.events import RunStopped, Step
from core.runs.folder import EVENTS, list_runs
from core.runs.log import EventReader
from core.runs.process import read_process
from core.runs.status import run_status
from tests.terminal.sshd import Server, server, why_not
from tests.terminal.terminal import Terminal
from tests.terminal.test_app import eventually

ROOT = Path(__file__).parents[2]
_READING = re.compile(r"^ step ([\d,]+) · .*? loss ([\d.e-]+)", re.MULTILINE)


@pytest.fixture
def ssh(tmp_path: Path, private_folders: Path) -> Iterator[Server]:
    """A server whose guests have the test's folders; in CI there must be one."""
    if reason := why_not():
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must run this test, but {reason}.")
        pytest.skip(reason)
    own = ("TERMFORMER_", "HF_", "LANG", "PYTHON")
    environment = {name: value for name, value in os.environ.items() if name.startswith(own)}
    with server(tmp_path / "sshd", {"LANG": "C.UTF-8", **environment}) as running:
        yield running


def connect(ssh: Server, *arguments: str) -> Terminal:
    """The app in a terminal on the other side."""
    words = [sys.executable, "-m", "tui.commands", *arguments]
    return Terminal(
        ssh.command(f"cd {shlex.quote(str(ROOT))} && {shlex.join(words)}"), columns=100, rows=30
    )


def steps_of(folder: Path) -> dict[int, float]:
    found = (event for batch in EventReader(folder / EVENTS).drain() for event in batch.events)
    return {each.global_step: float(each.loss) for each in found if isinstance(each, Step)}


def write_data(folder: Path) -> Path:
    folder.mkdir()
    for split, count in (("train", 64), ("validation", 16), ("test", 16)):
        rows = [f"{('bad', 'good')[n % 2]}\tthis is number {n}" for n in range(count)]
        (folder / f"{split}.tsv").write_text("\n".join(["label\ttext", *rows]) + "\n")
    return folder


@pytest.mark.slow
def test_a_run_never_notices_that_its_connection_is_cut(
    ssh: Server, tiny_classifier: Path, tmp_path: Path
) -> None:
    form = {
        "model": str(tiny_classifier),
        "data": str(write_data(tmp_path / "data")),
        "name": "far-away",
        "epochs": "100000",
        # Far more than there is time for.
        "max_steps": "500000",
        "eval_steps": "1000",
        "batch_size": "8",
        "threads": "1",
    }
    paths.config_file().parent.mkdir(parents=True, exist_ok=True)
    paths.config_file().write_text("preload = false\n")
    paths.state_file().parent.mkdir(parents=True, exist_ok=True)
    paths.state_file().write_text(json.dumps({"pane": "train", "options": {"train": form}}))
    with connect(ssh) as first:
        first.wait_for("s starts it")
        first.press("escape")
        first.wait_for("KEYS")
        first.press("s")
        first.wait_for("● running")
        [folder] = list_runs()
        eventually(lambda: len(steps_of(folder)) > 20)
        worker = read_process(folder)
        first.kill(signal.SIGKILL)
        first.wait_for_exit()
    before = len(steps_of(folder))
    eventually(lambda: len(steps_of(folder)) > before + 300)

    with connect(ssh, "attach", "far-away") as again, connect(ssh, "attach", "far-away") as other:
        for terminal in (again, other):
            terminal.wait_for("● running")
        assert read_process(folder) == worker
        again.press("escape")
        again.wait_for("KEYS")
        seen = look_along(again, folder)
        assert max(seen) > before + 300
        assert min(seen) == 1
        again.press("x")
        again.wait_for("Stop far-away?")
        again.press("x")
        for terminal in (again, other):
            terminal.wait_for("● stopped")
    events = [event for batch in EventReader(folder / EVENTS).drain() for event in batch.events]
    assert [event.seq for event in events] == list(range(len(events)))
    assert isinstance(events[-1], RunStopped)
    steps = steps_of(folder)
    assert list(steps) == list(range(1, len(steps) + 1))
    assert run_status(folder).status == "stopped"


def look_along(terminal: Terminal, folder: Path) -> list[int]:
    """The steps under the crosshair, from the newest to the first; each with the log's own loss."""
    terminal.press("right")
    seen: list[int] = []
    while not seen or seen[-1] > 1:
        terminal.wait_for(lambda screen: _is_next(screen.text, folder, seen))
        found = _READING.search(terminal.screen.text)
        assert found is not None
        seen.append(int(found[1].replace(",", "")))
        terminal.press("left")
    return seen


def _is_next(shown: str, folder: Path, seen: list[int]) -> bool:
    """Whether the crosshair is at an earlier step than those `seen`, and reads what is logged."""
    found = _READING.search(shown)
    if found is None:
        return False
    step = int(found[1].replace(",", ""))
    if seen and step >= seen[-1]:
        return False
    return float(found[2]) == pytest.approx(steps_of(folder)[step], rel=1e-3)
