"""A sign of life is given while the worker works or waits, and not while it hangs."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from core.runs.events import Event, Heartbeat, RunFinished, Warned
from core.runs.log import EventReader
from core.training import journal as journal_module
from core.training.journal import Journal

BEAT_AFTER = 0.08
PATIENCE = 120.0


def _events(log: Path) -> list[Event]:
    return [event for batch in EventReader(log).drain() for event in batch.events]


def _until_beats(log: Path, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    # Reading over and over is the work that is done meanwhile.
    while len([event for event in _events(log) if isinstance(event, Heartbeat)]) < count:
        assert time.monotonic() < deadline


def test_work_in_silence_gives_signs_of_life(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "events.jsonl", BEAT_AFTER)
    _until_beats(tmp_path / "events.jsonl", 2)
    journal.close()


@pytest.mark.parametrize("waiting", [True, False])
def test_only_who_waits_on_purpose_may_be_idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waiting: bool
) -> None:
    looked = threading.Semaphore(0)

    def idle() -> float:
        looked.release()
        return 1.0

    monkeypatch.setattr(journal_module.time, "process_time", idle)
    journal = Journal(tmp_path / "events.jsonl", BEAT_AFTER)
    journal.waiting = waiting
    # It may have looked often before it was said that this one waits.
    while looked.acquire(blocking=False):
        pass
    for _ in range(4):
        assert looked.acquire(timeout=PATIENCE)
    journal.close()
    assert bool(_events(tmp_path / "events.jsonl")) == waiting


def test_nothing_comes_after_the_last_word(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "events.jsonl", BEAT_AFTER)
    threads = [
        threading.Thread(target=lambda: [journal.append(Warned(message="x")) for _ in range(200)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close(RunFinished(global_step=1, seconds=1.0))
    events = _events(tmp_path / "events.jsonl")
    assert isinstance(events[-1], RunFinished)
    assert [event.seq for event in events] == list(range(len(events)))
