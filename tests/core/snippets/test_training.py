"""The code of a run, run in an interpreter of its own, has the run's own losses."""

from __future__ import annotations

import csv
import dataclasses
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from core.runs.config import RunConfig, Scratch, read_config
from core.runs.events import DataReported, RunFinished, RunStarted, Step
from core.runs.folder import EVENTS, MODEL, create_run
from core.runs.log import EventReader
from core.snippets import training
from core.snippets.training import TrainingRun, training_code
from core.snippets.training_data import DataSource, source_of

_RUN = """
import contextlib, io, json, sys
found = []
for code in json.load(sys.stdin):
    namespace = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "snippet", "exec"), namespace)
    found.append((namespace["losses"], printed.getvalue()))
json.dump(found, sys.stdout)
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
    # Of a model from scratch the shape and the tokenizer are where the run saved them.
    checkpoint = config.model if config.scratch is None else str(folder / MODEL)
    run = TrainingRun(
        config, checkpoint, source, started.labels, started.max_steps, data.max_length
    )
    return run, [float(event.loss) for event in events if isinstance(event, Step)]


def run_apart(
    folder: Path, runs: Sequence[tuple[TrainingRun, object]]
) -> list[tuple[list[float], str]]:
    """The losses of each run's code in a fresh interpreter, and what it prints."""
    finished = subprocess.run(
        [sys.executable, "-c", _RUN],
        input=json.dumps([training_code(run) for run, _ in runs]),
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert finished.returncode == 0, finished.stderr[-4000:]
    return [(losses, printed) for losses, printed in json.loads(finished.stdout)]


@pytest.fixture
def as_before() -> Iterator[None]:
    """A worker listens to signals and chooses threads and a precision: here for a while."""
    import torch
    from accelerate.state import AcceleratorState

    threads = torch.get_num_threads()
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    handlers = {number: signal.getsignal(number) for number in numbers}
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)
    torch.set_num_threads(threads)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.slow
@pytest.mark.usefixtures("as_before")
def test_the_code_gives_the_losses_of_the_run(
    tiny_classifier: Path, tiny_mpnet: Path, tmp_path: Path
) -> None:
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
        trained(
            msgspec.structs.replace(usual, data=str(parts), adapter="head", learning_rate=1e-2)
        ),
        trained(
            msgspec.structs.replace(
                usual,
                data=str(parts),
                scratch=Scratch(layers=1, hidden=32, heads=2, vocabulary=300),
                learning_rate=1e-2,
            )
        ),
        # Of a bias that is a matrix, too, the code knows that it does not decay.
        trained(
            msgspec.structs.replace(
                usual, model=str(tiny_mpnet), data=str(parts), learning_rate=1e-2, weight_decay=0.5
            )
        ),
    ]
    for (run, logged), (found, printed) in zip(runs, run_apart(tmp_path, runs), strict=True):
        assert len(found) == run.max_steps == len(logged)
        assert found == pytest.approx(logged, abs=1e-5), run.config
        lines = printed.splitlines()
        assert lines[-1].startswith("test {") or run.config.route == "trainer"
        if run.config.route == "loop":
            steps = [line.split() for line in lines if line[0].isdecimal()]
            assert [(int(step), float(loss)) for step, loss in steps] == [*enumerate(found, 1)]
            assert [line for line in lines if line.startswith("validation {'loss'")]
    assert len({tuple(logged) for _, logged in runs}) == len(runs)


@pytest.mark.slow
@pytest.mark.usefixtures("as_before")
def test_the_code_of_a_run_in_bfloat16_has_its_losses(
    tiny_classifier: Path, tmp_path: Path
) -> None:
    file = tmp_path / "all.csv"
    write_rows(file, 60, header=True)
    config = RunConfig(
        name="", model=str(tiny_classifier), data=str(file), batch_size=8, threads=1,
        mixed_precision="bf16", max_steps=6,
    )  # fmt: skip
    run, logged = trained(config)
    # One precision a process.
    by_trainer, exact = (
        dataclasses.replace(run, config=msgspec.structs.replace(run.config, **change))
        for change in ({"route": "trainer"}, {"mixed_precision": "no"})
    )
    for found, _ in run_apart(tmp_path, [(run, logged), (by_trainer, logged)]):
        assert found == pytest.approx(logged, abs=1e-5)
    ((other, _),) = run_apart(tmp_path, [(exact, logged)])
    assert other != pytest.approx(logged, abs=1e-5)


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
