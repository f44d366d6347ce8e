"""`termformer pause|resume|checkpoint|evaluate|set`: asked, done, and said to be done."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import paths
from core.runs import events, requests
from core.runs.folder import EVENTS
from core.runs.log import EventWriter
from core.runs.requests import PostedRequest, remove_request, waiting_requests
from tests.tui.commands.command import Here
from tests.tui.commands.test_runs import STARTED, make_run, step
from tui.commands import steering

Answer = Callable[[PostedRequest], events.Event]


@pytest.fixture
def obeying() -> Iterator[Callable[[Path, Answer], None]]:
    """Plays a worker: what it was asked for gets an answer in the log."""
    over = threading.Event()
    threads: list[threading.Thread] = []

    def obey(folder: Path, answer: Answer) -> None:
        def work() -> None:
            writer = EventWriter(folder / EVENTS)
            while not over.wait(0.01):
                for posted in waiting_requests(folder):
                    writer.append(answer(posted))
                    remove_request(posted)
            writer.close()

        threads.append(threading.Thread(target=work))
        threads[-1].start()

    yield obey
    over.set()
    for thread in threads:
        thread.join()


def _evaluation(posted: PostedRequest) -> events.Event:
    return events.Evaluation(
        global_step=2, epoch=0.1, split="validation", loss=0.5, accuracy=0.75,
        majority_baseline=0.5, request=posted.id,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "request_", "answer", "said"),
    [
        (
            ["pause"],
            requests.Pause(),
            lambda posted: events.Paused(global_step=2, request=posted.id),
            "calm-otter is paused after step 2; its model stays in memory.",
        ),
        (
            ["checkpoint"],
            requests.SaveCheckpoint(),
            lambda posted: events.CheckpointSaved(
                global_step=2, path="checkpoints/step-2", request=posted.id
            ),
            "calm-otter saved step 2 in checkpoints/step-2, and goes on.",
        ),
        (
            ["evaluate"],
            requests.Evaluate(),
            _evaluation,
            "calm-otter has after step 2 a validation loss of 0.5000 and an accuracy of 75.0 %; "
            "the commonest label alone has 50.0 %.",
        ),
        (
            ["set", "learning_rate=3e-5"],
            requests.SetLearningRate(3e-5),
            lambda posted: events.LearningRateSet(
                global_step=2, learning_rate=3e-5, request=posted.id
            ),
            "calm-otter learns with 3e-05 from step 3 on.",
        ),
        (
            ["set", "learning_rate=3e-5"],
            requests.SetLearningRate(3e-5),
            lambda posted: events.LearningRateSet(
                global_step=2, learning_rate=3e-5, in_warmup=True, request=posted.id
            ),
            "calm-otter still warms up: its learning rate rises to 3e-05 now.",
        ),
    ],
)
def test_it_says_what_the_worker_did(
    termformer: Here,
    obeying: Callable[[Path, Answer], None],
    arguments: list[str],
    request_: requests.Request,
    answer: Answer,
    said: str,
) -> None:
    folder = make_run("calm-otter", STARTED, step(1), step(2), alive=True)
    heard: list[requests.Request | None] = []

    def hear(posted: PostedRequest) -> events.Event:
        heard.append(posted.request)
        return answer(posted)

    obeying(folder, hear)
    finished = termformer(arguments[0], "calm-otter", *arguments[1:])
    assert (finished.code, finished.output) == (0, said + "\n")
    assert heard == [request_]
    row = termformer(arguments[0], str(folder), *arguments[1:], "--json").document
    assert (row["name"], row["global_step"]) == ("calm-otter", 2)


def test_a_paused_run_goes_on(termformer: Here, obeying: Callable[[Path, Answer], None]) -> None:
    paused = events.Paused(global_step=2)
    folder = make_run("calm-otter", STARTED, step(2), paused, alive=True)
    obeying(folder, lambda posted: events.Resumed(global_step=2, request=posted.id))
    assert termformer("resume", "calm-otter").output == "calm-otter goes on after step 2.\n"
    again = termformer("resume", "calm-otter")
    assert again.code == 1
    assert "running already" in again.complaint


def test_a_paused_run_saves_a_checkpoint_and_stays_paused(
    termformer: Here, obeying: Callable[[Path, Answer], None]
) -> None:
    folder = make_run("calm-otter", STARTED, step(2), events.Paused(global_step=2), alive=True)
    saved = {"global_step": 2, "path": "checkpoints/step-2"}
    obeying(folder, lambda posted: events.CheckpointSaved(**saved, request=posted.id))
    assert termformer("checkpoint", "calm-otter").output == (
        "calm-otter saved step 2 in checkpoints/step-2, and stays paused.\n"
    )


def test_a_worker_that_cannot_says_why(
    termformer: Here, obeying: Callable[[Path, Answer], None]
) -> None:
    folder = make_run("calm-otter", STARTED, step(2), alive=True)
    obeying(folder, lambda posted: events.Warned(message="No room.", request=posted.id))
    finished = termformer("checkpoint", "calm-otter")
    assert (finished.code, finished.output) == (1, "")
    assert "calm-otter: No room." in finished.complaint


def test_a_run_that_ends_before_it_answers(
    termformer: Here, obeying: Callable[[Path, Answer], None]
) -> None:
    folder = make_run("calm-otter", STARTED, step(2), alive=True)
    obeying(folder, lambda _: events.RunFailed(message="It broke.", global_step=2))
    finished = termformer("evaluate", "calm-otter")
    assert finished.code == 1
    assert "failed before it could do that. It broke." in finished.complaint


def test_a_run_without_a_worker_cannot_be_asked(termformer: Here) -> None:
    make_run("calm-otter", STARTED, step(2))
    for command in ("pause", "checkpoint", "evaluate"):
        finished = termformer(command, "calm-otter")
        assert finished.code == 1
        assert "no worker is there" in finished.complaint
    ended = events.RunFinished(global_step=2, seconds=1.0)
    make_run("keen-hare", STARTED, step(2), ended)
    finished = termformer("resume", "keen-hare")
    assert finished.code == 1
    assert "finished" in finished.complaint


@pytest.mark.parametrize(
    "setting", ["learning_rate", "learning_rate=fast", "learning_rate=2", "batch_size=3", "=1"]
)
def test_what_cannot_be_set_is_wrong_usage(termformer: Here, setting: str) -> None:
    make_run("calm-otter", STARTED, step(2), alive=True)
    assert termformer("set", "calm-otter", setting).code == 2


@pytest.mark.slow
def test_a_real_run_steered_from_its_start_to_its_end(
    termformer: Here, tiny_classifier: Path
) -> None:
    started = termformer("train", "-m", str(tiny_classifier), "--detach", "--epochs", "5000")
    folder = Path(started.output.strip())
    assert folder.parent == paths.runs_dir()
    name = folder.name
    assert "is paused after step" in termformer("pause", name).output
    paused = termformer("runs", "--json").document[0]
    assert paused["status"] == "paused"
    assert "accuracy of" in termformer("evaluate", name).output
    assert "rises to 1e-05 now" in termformer("set", name, "learning_rate=1e-5").output
    assert "saved step" in termformer("checkpoint", name).output
    assert "goes on after step" in termformer("resume", name).output
    assert termformer("stop", "--json", name).document["status"] == "stopped"
    resumed = termformer("resume", name)
    assert "goes on from checkpoints/step-" in resumed.output
    deadline = time.monotonic() + 120
    stopped_at = termformer("runs", "--json").document[0]["global_step"]
    while (row := termformer("runs", "--json").document[0])["global_step"] <= stopped_at:
        assert time.monotonic() < deadline, row
        assert row["status"] in {"starting", "running"}
    assert termformer("stop", "--json", name).document["status"] == "stopped"


def _resumed_by(monkeypatch: pytest.MonkeyPatch, folder: Path, words: list[events.Event]) -> None:
    """The next worker says `words`, and is gone."""

    def play(_folder: Path) -> int:
        writer = EventWriter(folder / EVENTS)
        for event in words:
            writer.append(event)
        writer.close()
        return 1

    monkeypatch.setattr(steering, "resume_run", play)


def test_a_resume_that_is_refused_is_no_success(
    termformer: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = events.RunStopped(global_step=2, reason="Stopped by request.")
    folder = make_run("calm-otter", STARTED, step(2), stopped)
    taken_over = events.RunResumed(global_step=2, checkpoint="checkpoints/step-2")
    refused = events.RunFailed(message="The data has changed.", global_step=0)
    _resumed_by(monkeypatch, folder, [taken_over, events.Progress(phase="Tokenizing"), refused])
    result = termformer("resume", "calm-otter")
    assert result.code == 1
    assert result.output == ""
    assert "The data has changed." in result.complaint
    going_on = events.Progress(phase=requests.GOING_ON)
    _resumed_by(monkeypatch, folder, [taken_over, going_on, step(3), stopped])
    assert termformer("resume", "calm-otter").output.endswith("goes on from checkpoints/step-2.\n")


@pytest.mark.parametrize(
    ("free", "words"), [(100, "the disk is full. Make room"), (1 << 30, "see worker.log in")]
)
def test_a_worker_that_ends_without_a_word_is_not_given_the_words_of_the_one_before(
    termformer: Here, monkeypatch: pytest.MonkeyPatch, free: int, words: str
) -> None:
    stopped = events.RunStopped(global_step=2, reason="Stopped by request.")
    folder = make_run("calm-otter", STARTED, step(2), stopped)
    _resumed_by(monkeypatch, folder, [])
    usage = shutil.disk_usage(folder)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    result = termformer("resume", "calm-otter")
    assert result.code == 1
    assert "ended before it could say a word" in result.complaint
    assert words in result.complaint
    assert "Stopped by request" not in result.complaint
