"""What the reading process tells of others' files is what TensorBoard itself reads from them."""

from __future__ import annotations

import json
import math
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util import tensor_util

from core.watching.client import ForeignReader
from core.watching.protocol import CaughtUp, Message, Planned, Points, Rewound, Trouble
from core.watching.reader import FolderReader

Curve = list[tuple[float, float]]


class Writer:
    """Writes event files as `SummaryWriter` and Keras do."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._writer = EventFileWriter(str(folder))

    def add(self, value: summary_pb2.Summary.Value, step: int) -> None:
        summary = summary_pb2.Summary(value=[value])
        self._writer.add_event(event_pb2.Event(step=step, wall_time=100.0 + step, summary=summary))

    def plain(self, tag: str, values: list[float], first: int = 1) -> Writer:
        for step, value in enumerate(values, first):
            self.add(summary_pb2.Summary.Value(tag=tag, simple_value=value), step)
        self._writer.flush()
        return self

    def tensors(self, tag: str, values: list[float], plugin: str = "scalars") -> Writer:
        """As TensorFlow 2 writes scalars; which plugin draws them is said once."""
        for step, value in enumerate(values):
            proto = tensor_util.make_tensor_proto(value, dtype="float32")
            written = summary_pb2.Summary.Value(tag=tag, tensor=proto)
            if not step:
                written.metadata.plugin_data.plugin_name = plugin
            self.add(written, step)
        self._writer.flush()
        return self


def curves(messages: Iterator[Message] | list[Message]) -> dict[tuple[str, str], Curve]:
    found: dict[tuple[str, str], Curve] = {}
    for message in messages:
        if isinstance(message, Points):
            columns = array("d", message.steps), array("d", message.values)
            found.setdefault((message.run, message.tag), []).extend(zip(*columns, strict=True))
        elif isinstance(message, Rewound):
            curve = found[message.run, message.tag]
            curve[:] = [point for point in curve if point[0] < message.step]
    return found


def sweep(reader: FolderReader) -> list[Message]:
    return list(reader.sweep())


def test_scalars_are_those_that_tensorboard_reads(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "run")
    writer.plain("train/loss", [1 / step for step in range(1, 200)])
    writer.tensors("epoch_loss", [0.5, math.nan, 0.25]).tensors("pictures", [1.0], "images")
    reader = ForeignReader(tmp_path)
    try:
        found = curves(reader.all())
    finally:
        reader.close()
    accumulator = EventAccumulator(str(tmp_path / "run"), size_guidance={"scalars": 0})
    accumulator.Reload()
    wanted = [(event.step, event.value) for event in accumulator.Scalars("train/loss")]
    assert found["run", "train/loss"] == wanted
    keras = [
        (event.step, float(tensor_util.make_ndarray(event.tensor_proto)))
        for event in accumulator.Tensors("epoch_loss")
    ]
    assert [step for step, _ in found["run", "epoch_loss"]] == [step for step, _ in keras]
    assert repr(found["run", "epoch_loss"]) == repr([(float(s), v) for s, v in keras])
    assert set(found) == {("run", "train/loss"), ("run", "epoch_loss")}


def test_what_is_added_is_told_and_nothing_twice(tmp_path: Path) -> None:
    writer = Writer(tmp_path).plain("loss", [3.0, 2.0])
    reader = FolderReader(tmp_path)
    told = sweep(reader)
    assert curves(told) == {(tmp_path.name, "loss"): [(1, 3), (2, 2)]}
    assert isinstance(told[-1], CaughtUp)
    writer.plain("loss", [1.0], first=3)
    assert curves(sweep(reader)) == {(tmp_path.name, "loss"): [(3, 1)]}
    assert curves(sweep(reader)) == {}


def test_a_resumed_program_takes_back_the_steps_it_repeats(tmp_path: Path) -> None:
    Writer(tmp_path).plain("loss", [5.0, 4.0, 3.0]).plain("loss", [9.0, 8.0], first=2)
    assert curves(sweep(FolderReader(tmp_path)))[tmp_path.name, "loss"] == [(1, 5), (2, 9), (3, 8)]


def test_a_damaged_file_gives_what_stands_before_and_says_so(tmp_path: Path) -> None:
    Writer(tmp_path).plain("loss", [1.0, 2.0])
    (file,) = tmp_path.iterdir()
    with file.open("ab") as stream:
        stream.write(b"\x00binary rubbish, and no record" * 40)
    reader = FolderReader(tmp_path)
    told = [*sweep(reader), *sweep(reader), *sweep(reader)]
    assert curves(told) == {(tmp_path.name, "loss"): [(1, 1), (2, 2)]}
    (trouble,) = [found for found in told if isinstance(found, Trouble)]
    assert "is damaged at byte" in trouble.message


def state(step: int, *, first: float = 2.0) -> str:
    history: list[dict[str, float]] = []
    for at in range(10, step + 1, 10):
        history.append({"step": at, "epoch": at / 10, "loss": first / at, "learning_rate": 1e-5})
        if at % 20 == 0:
            history.append({"step": at, "epoch": at / 10, "eval_loss": 0.5, "eval_accuracy": 0.9})
    return json.dumps({"log_history": history, "max_steps": 100, "global_step": step})


def test_checkpoints_of_trainer_are_one_run_that_grows(tmp_path: Path) -> None:
    reader = FolderReader(tmp_path)
    assert sweep(reader) == [CaughtUp(0)]
    for step in (20, 40):
        checkpoint = tmp_path / f"checkpoint-{step}"
        checkpoint.mkdir()
        (checkpoint / "trainer_state.json").write_text(state(step))
        told = sweep(reader)
    assert curves(told)[tmp_path.name, "train/loss"] == [(30, 2 / 30), (40, 0.05)]
    assert curves(told)[tmp_path.name, "eval/accuracy"] == [(40, 0.9)]
    assert not any(isinstance(message, Planned) for message in told)
    fresh = sweep(FolderReader(tmp_path))
    assert Planned(tmp_path.name, 100) in fresh
    assert [step for step, _ in curves(fresh)[tmp_path.name, "train/loss"]] == [10, 20, 30, 40]


def test_a_trainer_s_state_that_is_about_to_be_written_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = 100.0
    monkeypatch.setattr(
        "core.watching.trainer_states.time", SimpleNamespace(monotonic=lambda: clock)
    )
    reader = FolderReader(tmp_path)
    file = tmp_path / "checkpoint-40/trainer_state.json"
    file.parent.mkdir()
    for half in (20, 40):
        file.write_text(state(40)[:half])
        clock += 2.0
        assert sweep(reader) == [CaughtUp(1)]
    file.write_text(state(40))
    assert curves(sweep(reader))[tmp_path.name, "eval/accuracy"] == [(20, 0.9), (40, 0.9)]
    file.write_text("{torn")
    assert sweep(reader) == [CaughtUp(1)]
    clock += 10.0
    assert any(isinstance(message, Trouble) for message in sweep(reader))


def test_without_tensorboard_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Writer(tmp_path).plain("loss", [1.0])
    monkeypatch.setitem(sys.modules, "core.watching.event_files", None)
    told = sweep(FolderReader(tmp_path))
    assert [message.message for message in told if isinstance(message, Trouble)] == [
        "TensorBoard's event files need a package that is not installed: "
        "pip install 'termformer[tensorboard]'."
    ]


def test_who_looks_once_hears_at_once_what_is_not_whole(tmp_path: Path) -> None:
    Writer(tmp_path / "torn").plain("loss", [1.0, 2.0])
    (file,) = (tmp_path / "torn").iterdir()
    file.write_bytes(file.read_bytes()[:-7])
    (tmp_path / "rubbish").mkdir()
    (tmp_path / "rubbish/events.out.tfevents.1.x").write_bytes(b"no records at all" * 40)
    reader = ForeignReader(tmp_path, once=True)
    try:
        told = reader.all()
    finally:
        reader.close()
    assert curves(told) == {("torn", "loss"): [(1, 1)]}
    rubbish, torn = [found.message for found in told if isinstance(found, Trouble)]
    assert rubbish.startswith("rubbish/events.out.tfevents.1.x is no event file")
    assert torn.startswith(f"torn/{file.name} ends within a record")


def test_a_bad_entry_of_a_history_leaves_the_good_ones(tmp_path: Path) -> None:
    entries = (
        '{"step": "x", "loss": 3}, {"step": 2, "loss": "nan", "grad_norm": 1}, '
        '{"step": 3, "loss": NaN}, 5, {"loss": 1}, {"step": 4, "loss": 0.5}'
    )
    texts = {
        "a": f'{{"log_history": [{entries}]}}',
        "b": '{"log_history": [{"step": 1, ',
        "c": "[]",
        "d": '{"log_history": 3}',
    }
    for run, text in texts.items():
        (tmp_path / run / "checkpoint-5").mkdir(parents=True)
        (tmp_path / run / "checkpoint-5/trainer_state.json").write_text(text)
    told = sweep(FolderReader(tmp_path, once=True))
    found = curves(told)
    assert [step for step, _ in found["a", "train/loss"]] == [3, 4]
    assert found["a", "train/grad_norm"] == [(2, 1)]
    said = [message.message for message in told if isinstance(message, Trouble)]
    assert [sentence.split("/")[0] for sentence in said] == ["a", "b", "c", "d"]
    assert "4 entries (of 6 in log_history, the first of them number 1)" in said[0]
    assert not any("Error" in sentence for sentence in said)


def test_links_are_followed_and_no_run_is_told_twice(tmp_path: Path) -> None:
    Writer(tmp_path / "elsewhere/run").plain("loss", [1.0])
    Writer(tmp_path / "logs/run42").plain("loss", [2.0])
    (tmp_path / "logs/chosen").symlink_to(tmp_path / "elsewhere/run")
    (tmp_path / "logs/latest").symlink_to("run42")
    (tmp_path / "logs/run42/loop").symlink_to("..")
    told = sweep(FolderReader(tmp_path / "logs"))
    assert curves(told) == {("chosen", "loss"): [(1, 1)], ("run42", "loss"): [(1, 2)]}
