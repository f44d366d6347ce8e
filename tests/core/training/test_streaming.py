"""A run on rows that are read while it trains, and never stored."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from core.runs.config import RunConfig
from core.runs.events import Event, RunFinished, RunStarted, Step, Streamed
from core.runs.folder import EVENTS, create_run
from core.runs.launch import start_run
from core.runs.log import EventReader
from core.runs.status import run_status
from tests.hub_server import PATIENT, HubServer

PATIENCE = 180.0


@pytest.mark.slow
def test_a_run_on_streamed_rows_counts_what_it_has_read(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = tmp_path / "served"
    served.mkdir()
    rows = [f"{('bad', 'good')[n % 2]} text {n},{n % 2}\n" for n in range(1100)]
    (served / "train.csv").write_text("".join(["text,label\n", *rows, ",1\n"]))
    config = msgspec.structs.replace(
        config, data="someone/large", stream=True, skip_bad_rows=True, max_steps=6, eval_steps=3
    )
    with HubServer() as hub:
        hub.add("datasets/someone/large", served)
        for name, value in {"HF_ENDPOINT": hub.url, **PATIENT}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
        folder = create_run(config)
        start_run(config, folder)
        deadline = time.monotonic() + PATIENCE
        while run_status(folder).is_live:
            assert time.monotonic() < deadline, (folder / "worker.log").read_text()[-3000:]
            time.sleep(0.05)
    events: list[Event] = [
        event for batch in EventReader(folder / EVENTS).drain() for event in batch.events
    ]
    assert isinstance(events[-1], RunFinished), events[-1]
    (started,) = [event for event in events if isinstance(event, RunStarted)]
    assert (started.max_steps, started.labels) == (6, ["NEGATIVE", "POSITIVE"])
    assert len([event for event in events if isinstance(event, Step)]) == 6
    read = [event for event in events if isinstance(event, Streamed)]
    assert [event.global_step for event in read] == [3, 6]
    # Of 1,100 rows the first 1,000 are for validation: the stream ends in the last step and
    # begins anew; the bad row is met at its end.
    assert [event.rows for event in read] == [48, 96]
    assert all(sum(event.label_rows) == event.rows for event in read)
