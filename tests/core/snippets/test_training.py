"""The code of a run, run in an interpreter of its own, has the run's own losses."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from core.runs.config import RunConfig, read_config
from core.runs.events import DataReported, RunFinished, RunStarted, Step
from core.runs.folder import EVENTS, create_run
from core.runs.log import EventReader
from core.snippets import training
from core.snippets.training import TrainingRun, training_code
from core.snippets.training_data import DataSource, source_of

_RUN = """
import contextlib, io, json, sys
losses = []
for code in json.load(sys.stdin):
    namespace = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, "snippet", "exec"), namespace)
    losses.append(namespace["losses"])
json.dump(losses, sys.stdout)
"""


def write_rows(file: Path, count: int, *, header: bool) -> None:
    """Sentences of many lengths, the last word of which is the label's."""
    rows = [
        [("bad", "good")[n % 2], f"{'so ' * (n % 7)}this is {('awful', 'lovely')[n % 2]} {n}"]
        for n in range(count)
    ]
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened, delimiter="\t" if file.suffix == ".tsv" else ",")
        writer.writerows([["label", "text"], *rows] if header else rows)


def trained(config: RunConfig) -> tuple[TrainingRun, list[float]]:
    """A run carried out here, and the losses in its log."""
    from core.training.worker import Worker

    folder = create_run(config)
    assert Worker(folder).run(), (folder / EVENTS).read_text()
    events = [event for batch in EventReader(folder / EVENTS).drain() for event in batch.events]
    assert isinstance(events[-1], RunFinished)
    started = next(event for event in events if isinstance(event, RunStarted))
    data = next(event for event in events if isinstance(event, DataReported))
    config = read_config(folder)
    source = source_of(config, data, started.notes)
    assert source is not None
    run = TrainingRun(
        config, config.model, source, started.labels, started.max_steps, data.max_length
    )
    return run, [float(event.loss) for event in events if isinstance(event, Step)]


@pytest.fixture
def as_before() -> Iterator[None]:
    """A worker in this process listens to signals and chooses threads: here for a while."""
    import torch

    threads = torch.get_num_threads()
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    handlers = {number: signal.getsignal(number) for number in numbers}
    yield
    torch.set_num_threads(threads)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.slow
@pytest.mark.usefixtures("as_before")
def test_the_code_gives_the_losses_of_the_run(tiny_classifier: Path, tmp_path: Path) -> None:
    whole, parts = tmp_path / "all.csv", tmp_path / "parts"
    write_rows(whole, 150, header=True)
    parts.mkdir()
    for split, count in (("train", 90), ("validation", 16), ("test", 16)):
        write_rows(parts / f"{split}.tsv", count, header=False)
    usual = RunConfig(name="", model=str(tiny_classifier), data=str(whole), batch_size=8, threads=1)
    runs = [
        # Rows held out and batches of like length; two epochs, so that the order changes.
        trained(msgspec.structs.replace(usual, group_by_length=True, learning_rate=1e-3)),
        # Files without a header; several batches a step; little is trained; evaluated in between.
        trained(
            msgspec.structs.replace(
                usual,
                data=str(parts),
                adapter="lora",
                gradient_accumulation_steps=2,
                eval_steps=4,
                early_stopping_patience=9,
                max_steps=9,
            )
        ),
        trained(msgspec.structs.replace(usual, data=str(parts), plain=True, epochs=1)),
        trained(msgspec.structs.replace(usual, data=str(parts), route="trainer", eval_steps=5)),
    ]
    finished = subprocess.run(
        [sys.executable, "-c", _RUN],
        input=json.dumps([training_code(run) for run, _ in runs]),
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert finished.returncode == 0, finished.stderr[-4000:]
    for (run, logged), found in zip(runs, json.loads(finished.stdout), strict=True):
        assert len(found) == run.max_steps == len(logged)
        assert found == pytest.approx(logged, abs=1e-5), run.config
    assert len({tuple(logged) for _, logged in runs}) == len(runs)


def test_lora_is_as_the_worker_has_it() -> None:
    from core.training import model

    values = (model.LORA_RANK, model.LORA_ALPHA, model.LORA_DROPOUT)
    names = ("r", "lora_alpha", "lora_dropout")
    assert [f"{name}={value}" for name, value in zip(names, values, strict=True)] == list(
        training.LORA
    )


def test_data_that_load_dataset_cannot_read_alike_has_no_code(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "1.txt").write_text("so good")
    report = DataReported(
        data=str(tmp_path), labels=["good"], max_length=8, text_column="text", label_column="label"
    )
    config = RunConfig(name="", model="m", data=str(tmp_path))
    assert source_of(config, report, []) is None
    hub = msgspec.structs.replace(config, data="owner/name:subset")
    assert source_of(hub, report, []) == DataSource("owner/name", subset="subset")
    assert source_of(hub, msgspec.structs.replace(report, bad_rows=1), []) is None
