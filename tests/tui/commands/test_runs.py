"""`termformer runs` and `stop`, on run folders as a worker leaves them."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from core import paths
from core.runs import events
from core.runs.config import RunConfig
from core.runs.folder import EVENTS, create_run
from core.runs.log import EventWriter
from core.runs.process import write_process
from core.runs.requests import Stop, remove_request, waiting_requests
from tests.tui.commands.command import Here
from tests.tui.training import STARTED


def step(number: int, loss: events.Number = 0.5) -> events.Step:
    return events.Step(
        global_step=number,
        epoch=number / 20,
        loss=loss,
        learning_rate=1e-5,
        grad_norm=1.0,
        samples_per_second=40.0,
    )


def make_run(name: str, *log: events.Event, alive: bool = False) -> Path:
    """A run's folder with a log; `alive`: this process passes for its worker."""
    folder = create_run(RunConfig(name=name, model="mini-base"))
    if alive:
        write_process(folder, os.getpid())
    writer = EventWriter(folder / EVENTS)
    for event in log:
        writer.append(event)
    writer.close()
    return folder


def test_no_runs_yet(termformer: Here) -> None:
    assert termformer("runs", "--json").document == []
    said = termformer("runs").output
    assert str(paths.runs_dir()) in said
    assert "termformer train" in said


def test_each_run_has_exactly_the_promised_keys(termformer: Here) -> None:
    begun = time.time()
    folder = make_run("calm-otter", STARTED, step(1), step(2, 0.25), alive=True)
    (row,) = termformer("runs", "--json").document
    assert list(row) == [
        "name",
        "path",
        "status",
        "global_step",
        "max_steps",
        "loss",
        "last_event_age",
        "message",
        "best_accuracy",
        "size",
        "note",
        "tags",
    ]
    age = row.pop("last_event_age")
    assert 0 <= age <= time.time() - begun
    assert row.pop("size") > 100
    assert row == {
        "name": "calm-otter",
        "path": str(folder),
        "status": "running",
        "message": "",
        "global_step": 2,
        "max_steps": 40,
        "loss": 0.25,
        "best_accuracy": None,
        "note": "",
        "tags": [],
    }


def test_what_is_not_known_or_not_a_number_is_null(termformer: Here) -> None:
    make_run("new-run", alive=True)
    make_run("lost-run", STARTED, step(1, "NaN"))
    rows = {row["name"]: row for row in termformer("runs", "--json").document}
    assert rows["new-run"]["max_steps"] is None
    assert rows["new-run"]["loss"] is None
    assert rows["new-run"]["last_event_age"] is None
    assert rows["lost-run"]["status"] == "crashed"
    assert rows["lost-run"]["loss"] is None
    assert "ended without a last word" in rows["lost-run"]["message"]
    plain = termformer("runs").output
    assert "NaN" in plain
    assert "ended without a last word" in plain


def test_some_of_the_runs_in_another_order(termformer: Here) -> None:
    for name, losses in (("calm-otter", [0.2]), ("bold-otter", [0.3, 0.1]), ("slow-snail", [0.4])):
        make_run(name, STARTED, *(step(n, loss) for n, loss in enumerate(losses, 1)))
    rows = termformer("runs", "--match", "OTTER crashed", "--sort", "loss", "--json").document
    assert [row["name"] for row in rows] == ["bold-otter", "calm-otter"]
    assert termformer("runs", "--match", "#paper").output == "None of 3 runs has '#paper'.\n"
    assert termformer("runs", "--match", "#paper", "--json").document == []


UNSAVED = "Stopped by request. The disk is full, so step 1 could not be saved."


@pytest.mark.parametrize(
    ("reason", "path", "said"),
    [
        ("Stopped by request.", "checkpoints/step-1", "stopped at step 1; it is kept in {folder}."),
        (UNSAVED, None, f"stopped at step 1. {UNSAVED}"),
    ],
)
def test_stop_waits_until_the_worker_has_stopped(
    termformer: Here, reason: str, path: str | None, said: str
) -> None:
    folder = make_run("calm-otter", STARTED, step(1), alive=True)

    def worker() -> None:
        while not (posted := waiting_requests(folder)):
            threading.Event().wait(0.01)
        assert isinstance(posted[0].request, Stop)
        writer = EventWriter(folder / EVENTS)
        writer.append(
            events.RunStopped(global_step=1, reason=reason, path=path, request=posted[0].id)
        )
        writer.close()
        remove_request(posted[0])

    thread = threading.Thread(target=worker)
    thread.start()
    finished = termformer("stop", "calm-otter")
    thread.join()
    assert finished.code == 0
    assert "saves a checkpoint" in finished.output
    assert f"calm-otter {said.format(folder=folder)}\n" in finished.output


def test_stop_without_waiting_leaves_a_request(termformer: Here) -> None:
    folder = make_run("calm-otter", STARTED, step(1), alive=True)
    row = termformer("stop", "--no-wait", "--json", str(folder)).document
    assert row["status"] == "running"
    assert [posted.request for posted in waiting_requests(folder)] == [Stop()]


@pytest.mark.parametrize("command", ["stop", "attach"])
def test_an_unknown_run_is_one_sentence_with_those_there_are(
    termformer: Here, command: str
) -> None:
    make_run("calm-otter", STARTED)
    finished = termformer(command, "calm-ottr")
    assert finished.code == 1
    assert "calm-otter" in finished.complaint
    assert finished.complaint.count("\n") == 1
    assert termformer(command).code == 2


def test_a_run_that_has_ended_cannot_be_stopped(termformer: Here) -> None:
    make_run("calm-otter", STARTED, step(1), events.RunFinished(global_step=1, seconds=1.0))
    finished = termformer("stop", "calm-otter")
    assert finished.code == 1
    assert "finished" in finished.complaint


def test_a_run_that_dies_while_it_is_to_stop_is_a_failure(termformer: Here) -> None:
    folder = make_run("calm-otter", STARTED, step(1), alive=True)

    def die() -> None:
        while not waiting_requests(folder):
            threading.Event().wait(0.01)
        (folder / "process.json").unlink()

    thread = threading.Thread(target=die)
    thread.start()
    finished = termformer("stop", "calm-otter")
    thread.join()
    assert finished.code == 1
    assert "crashed before it could stop" in finished.complaint
