"""What a list says of runs, and what a form says of one that is yet to start."""

from __future__ import annotations

import json
import os
import time
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from core.runs import events
from core.runs.config import RunConfig, load_config
from core.runs.differences import Difference, differences
from core.runs.folder import EVENTS, create_run, list_runs
from core.runs.log import EventWriter
from core.runs.overview import Overviews
from core.runs.plan import REVIEWS_ROWS, find_precedent, plan_run, repeating
from core.runs.process import write_process

CONFIG = RunConfig(name="", model="mini-base")


def evaluation(step: int, accuracy: float, split: str = "validation") -> events.Evaluation:
    return events.Evaluation(global_step=step, epoch=1, split=split, loss=0.5, accuracy=accuracy)


def step(number: int) -> events.Step:
    return events.Step(
        global_step=number,
        epoch=1,
        loss=0.5,
        learning_rate=1e-4,
        grad_norm=1.0,
        samples_per_second=10.0,
    )


def logged(config: RunConfig, *log: events.Event) -> Path:
    folder = create_run(config)
    write_process(folder)
    writer = EventWriter(folder / EVENTS)
    for event in log:
        writer.append(event)
    writer.close()
    return folder


def test_a_run_whose_log_is_not_there_is_listed_all_the_same() -> None:
    folder = logged(CONFIG, step(1), evaluation(1, 0.7))
    overviews = Overviews()
    overviews.look([folder])
    (folder / EVENTS).unlink()
    [found] = overviews.look([folder])
    assert found.status.status == "unreadable"
    assert found.status.message == "Its log cannot be read: No such file or directory."
    (folder / "config.json").unlink()
    assert overviews.look([folder]) == []


def test_the_best_evaluation_is_found_as_the_log_grows() -> None:
    folder = logged(CONFIG, step(1), evaluation(1, 0.7), evaluation(1, 0.9, "test"))
    overviews = Overviews()
    [first] = overviews.look([folder])
    assert first.best is not None
    assert first.best.accuracy == 0.7
    assert first.size is not None
    with (folder / EVENTS).open("ab") as log:
        log.write(b'{"type":"evaluation"} torn')
    writer = EventWriter(folder / EVENTS)
    writer.append(evaluation(2, 0.8))
    writer.append(evaluation(3, 0.75))
    writer.close()
    [second] = overviews.look([folder])
    assert second.best is not None
    assert (second.best.global_step, second.best.accuracy) == (2, 0.8)
    assert second.size is not None
    assert second.size > first.size
    (folder / EVENTS).write_bytes(b"")
    assert overviews.look([folder])[0].best is None
    assert overviews.look([folder / "gone"]) == []


def test_differences_are_those_that_change_a_run() -> None:
    changes = {"epochs": 3, "plain": True, "label_names": ["no", "yes"]}
    other = msgspec.structs.replace(CONFIG, name="b", **changes)
    assert differences([CONFIG, other]) == [
        Difference("epochs", ("2", "3")),
        Difference("plain", ("no", "yes")),
        Difference("label_names", ("·", "no, yes")),
    ]
    assert differences([CONFIG, msgspec.structs.replace(CONFIG, machine="another")]) == []


def test_of_equal_evaluations_the_first_is_the_best() -> None:
    folder = logged(CONFIG, evaluation(1, 0.7), evaluation(2, 0.7))
    [found] = Overviews().look([folder])
    assert found.best is not None
    assert found.best.global_step == 1


def test_an_evaluation_that_is_half_written_is_taken_when_it_is_whole() -> None:
    folder = logged(CONFIG, step(1))
    line = msgspec.json.encode(evaluation(1, 0.7)) + b"\n"
    overviews = Overviews()
    with (folder / EVENTS).open("ab", buffering=0) as log:
        log.write(line[:-30])
        assert overviews.look([folder])[0].best is None
        log.write(line[-30:])
    [found] = overviews.look([folder])
    assert found.best is not None
    assert found.best.accuracy == 0.7


def test_another_version_s_evaluations_are_found_too() -> None:
    folder = logged(CONFIG, step(1))
    lines = [
        {"type": "evaluation", "seq": seq, "time": 1, "global_step": 1, "split": "validation"}
        | {"accuracy": accuracy}
        for seq, accuracy in enumerate([None, 0.8, 0.7], 1)
    ]
    with (folder / EVENTS).open("a") as log:
        log.write("".join(json.dumps(line) + "\n" for line in lines))
    [found] = Overviews().look([folder])
    assert found.best is not None and found.best.accuracy == 0.8


def test_the_command_that_repeats_a_run_names_its_configuration(tmp_path: Path) -> None:
    import shlex

    folder = create_run(CONFIG, tmp_path / "a b")
    program, command, option, file = shlex.split(repeating(folder))
    assert (program, command, option) == ("termformer", "train", "--config")
    assert load_config(Path(file)).model == "mini-base"


def test_the_embedded_reviews_are_counted() -> None:
    import core.data

    data = Path(core.data.__file__).with_name("reviews") / "train.tsv"
    assert len(data.read_text(encoding="utf-8").splitlines()) == REVIEWS_ROWS


def test_a_plan_knows_steps_evaluations_and_checkpoints() -> None:
    plan = plan_run(msgspec.structs.replace(CONFIG, save_steps=200))
    assert (plan.steps_per_epoch, plan.max_steps, plan.warmup_steps) == (333, 666, 66)
    assert plan.evaluations == [333, 666]
    assert plan.checkpoints == [200, 400, 600]
    assert plan.seconds is None
    assert plan.learning_rate(33, 1e-4) == pytest.approx(5e-5)
    assert plan.learning_rate(366, 1e-4) == pytest.approx(5e-5)
    assert plan.learning_rate(666, 1e-4) == 0
    short = plan_run(msgspec.structs.replace(CONFIG, max_steps=50, eval_steps=20))
    assert (short.max_steps, short.evaluations) == (50, [20, 40, 50])
    long = plan_run(msgspec.structs.replace(CONFIG, max_steps=5_000))
    assert long.max_steps == 666, "the epochs end before"
    unknown = plan_run(msgspec.structs.replace(CONFIG, data="mine.csv"))
    assert (unknown.max_steps, unknown.evaluations) == (None, [])


STARTED = events.RunStarted(
    max_steps=100,
    steps_per_epoch=100,
    train_rows=1600,
    validation_rows=100,
    parameters=1,
    trainable=1,
    labels=["a", "b"],
    threads=1,
    device="cpu",
)


def test_an_earlier_run_tells_rows_and_time() -> None:
    config = msgspec.structs.replace(CONFIG, data="mine.csv", epochs=1)
    around = [event for n in range(5, 11) for event in (step(n), evaluation(n, 0.5))]
    folder = logged(config, STARTED, *map(step, range(1, 5)), *around)
    # The times of a log that is written at once are those of nothing: give it others.
    lines = [msgspec.json.decode(line) for line in (folder / EVENTS).read_bytes().splitlines()]
    for before, line in pairwise(lines):
        # Behind an evaluation a step waits for what is saved, which is none of its own time.
        took = 0.2 if line["type"] == before["type"] else 0.5
        line["time"] = before["time"] + took
    (folder / EVENTS).write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    found = find_precedent(config, list_runs())
    assert found is not None
    assert found.train_rows == 1600
    assert found.step_seconds == pytest.approx(0.2)
    plan = plan_run(config, found)
    assert plan.max_steps == 100
    assert plan.seconds == pytest.approx(100 * 0.2 + 2 * 0.5)
    assert plan.measured_in == folder.name
    # Another batch size has another time, but the same rows.
    other = msgspec.structs.replace(config, batch_size=32)
    found = find_precedent(other, list_runs())
    assert found is not None
    plan = plan_run(other, found)
    assert (plan.max_steps, plan.seconds) == (50, None)
    assert find_precedent(msgspec.structs.replace(config, data="other"), list_runs()) is None


def test_rows_of_a_file_that_was_changed_since_are_not_those_of_the_earlier_run(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("text,label\n")
    config = msgspec.structs.replace(CONFIG, data=str(file))
    logged(config, STARTED)
    found = find_precedent(config, list_runs())
    assert found is not None
    assert found.train_rows == 1600
    os.utime(file, (time.time() + 60, time.time() + 60))
    found = find_precedent(config, list_runs())
    assert found is not None
    assert plan_run(config, found).max_steps is None
