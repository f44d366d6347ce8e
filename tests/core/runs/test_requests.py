"""Requests: small files that a worker finds whole, in order, once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import RunError
from core.runs.config import RunConfig
from core.runs.events import RunFinished
from core.runs.folder import EVENTS, create_run
from core.runs.log import EventWriter
from core.runs.process import write_process
from core.runs.requests import (
    Evaluate,
    Pause,
    PostedRequest,
    Request,
    SaveCheckpoint,
    SetLearningRate,
    Stop,
    post_request,
    remove_request,
    waiting_requests,
)


@pytest.fixture
def run() -> Path:
    """A run whose process lives: this one."""
    folder = create_run(RunConfig(name="calm-otter", model="mini-base"))
    write_process(folder, os.getpid())
    return folder


def test_requests_wait_in_the_order_they_were_posted(run: Path) -> None:
    wanted: list[Request] = [
        Pause(),
        SetLearningRate(1e-4),
        SaveCheckpoint(),
        Evaluate(),
        Stop(),
    ]
    ids = [post_request(run, request) for request in wanted]
    waiting = waiting_requests(run)
    assert [posted.request for posted in waiting] == wanted
    assert [posted.id for posted in waiting] == ids
    for posted in waiting[:2]:
        remove_request(posted)
    assert [posted.id for posted in waiting_requests(run)] == ids[2:]


def test_a_request_is_not_seen_before_it_is_whole(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[PostedRequest]] = []

    def look_and_replace(part: Path, path: Path) -> Path:
        seen.append(waiting_requests(run))
        return replace(part, path)

    replace = Path.replace
    monkeypatch.setattr(Path, "replace", look_and_replace)
    post_request(run, Stop())
    assert seen == [[]]
    assert len(waiting_requests(run)) == 1


def test_a_request_that_is_none_says_so(run: Path) -> None:
    (run / "requests" / "1-ab.json").write_text('{"type": "dance"}')
    (posted,) = waiting_requests(run)
    assert posted.request is None
    assert "dance" in posted.problem


def test_where_no_worker_is_nothing_can_be_asked(run: Path) -> None:
    writer = EventWriter(run / EVENTS)
    writer.append(RunFinished(global_step=1, seconds=1.0))
    writer.close()
    with pytest.raises(RunError, match="calm-otter is finished"):
        post_request(run, Stop())
    assert waiting_requests(run) == []


@pytest.mark.parametrize("learning_rate", [1e-9, 1.0])
def test_a_learning_rate_of_at_most_one_is_taken(run: Path, learning_rate: float) -> None:
    post_request(run, SetLearningRate(learning_rate))
    assert [posted.request for posted in waiting_requests(run)] == [SetLearningRate(learning_rate)]


@pytest.mark.parametrize("learning_rate", [0.0, -1.0, 2.0, float("nan")])
def test_a_learning_rate_that_is_none_is_refused(run: Path, learning_rate: float) -> None:
    with pytest.raises(RunError, match="learning rate"):
        post_request(run, SetLearningRate(learning_rate))
