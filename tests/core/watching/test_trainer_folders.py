"""A folder of Trainer's: checkpoints with the history, and event files with the same numbers."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from core.watching.protocol import CaughtUp, Planned, Rewound
from core.watching.reader import FolderReader
from tests.core.watching.test_watching import Writer, curves, sweep


def _losses(count: int, start: float = 0.7) -> list[float]:
    return [start / step for step in range(1, count + 1)]


def _checkpoint(folder: Path, losses: list[float], **more: float) -> None:
    history = [{"step": step, "loss": loss, **more} for step, loss in enumerate(losses, 1)]
    checkpoint = folder / f"checkpoint-{len(losses)}"
    checkpoint.mkdir(parents=True)
    state = json.dumps({"log_history": history, "max_steps": 40})
    (checkpoint / "trainer_state.json").write_text(state)


def test_what_trainer_writes_twice_is_one_run(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "runs/Dec01_host").plain("train/loss", _losses(12))
    reader = FolderReader(tmp_path)
    sweep(reader)
    _checkpoint(tmp_path, _losses(10))
    assert [each for each in sweep(reader) if not isinstance(each, CaughtUp)] == [
        Planned("runs/Dec01_host", 40)
    ]
    assert sweep(reader) == [CaughtUp(2)]
    writer.plain("train/loss", _losses(20)[12:], first=13)
    _checkpoint(tmp_path, _losses(20), grad_norm=2.0)
    told = curves(sweep(reader))
    # What only the checkpoints have is the same run's.
    assert set(told) == {("runs/Dec01_host", "train/loss"), ("runs/Dec01_host", "train/grad_norm")}
    assert len(told["runs/Dec01_host", "train/loss"]) == 8
    assert {run for run, _ in curves(sweep(FolderReader(tmp_path)))} == {"runs/Dec01_host"}


def test_a_resumed_trainer_s_checkpoints_are_its_event_files_too(tmp_path: Path) -> None:
    losses = _losses(20)
    Writer(tmp_path / "runs/Dec01_host").plain("train/loss", losses[:12]).plain("eval/loss", [0.5])
    Writer(tmp_path / "runs/Dec01_host").plain("train/train_loss", [0.2], first=12)
    Writer(tmp_path / "runs/Dec02_host").plain("train/loss", losses[10:], first=11)
    _checkpoint(tmp_path, losses, eval_loss=0.5)
    told = curves(sweep(FolderReader(tmp_path, once=True)))
    assert {run for run, _ in told} == {"runs/Dec01_host", "runs/Dec02_host", tmp_path.name}
    for file in (tmp_path / "checkpoint-20").iterdir():
        file.unlink()
    (tmp_path / "checkpoint-20").rmdir()
    _checkpoint(tmp_path, losses)
    state = tmp_path / "checkpoint-20/trainer_state.json"
    history = json.loads(state.read_text())["log_history"]
    history.append({"step": 12, "train_loss": 0.4})  # of the second one, not of the first
    state.write_text(json.dumps({"log_history": history}))
    assert set(curves(sweep(FolderReader(tmp_path)))) == {
        ("runs/Dec01_host", "train/loss"),
        ("runs/Dec01_host", "eval/loss"),
        ("runs/Dec01_host", "train/train_loss"),
        ("runs/Dec02_host", "train/loss"),
    }


def test_a_history_that_no_event_file_has_is_a_run_of_its_own(tmp_path: Path) -> None:
    other = _losses(12, start=0.9)
    Writer(tmp_path / "other/runs/Dec01_host").plain("train/loss", other)
    _checkpoint(tmp_path / "other", _losses(10))
    # The event files of the beginning were deleted.
    Writer(tmp_path / "rest/runs/Dec02_host").plain("train/loss", _losses(20)[10:], first=11)
    _checkpoint(tmp_path / "rest", _losses(20))
    # TensorBoard was told of another folder from step 6 on.
    Writer(tmp_path / "begun/runs/Dec03_host").plain("train/loss", _losses(5))
    _checkpoint(tmp_path / "begun", _losses(10))
    told = curves(sweep(FolderReader(tmp_path)))
    for run in ("other", "rest", "begun"):
        assert [value for _, value in told[run, "train/loss"]] == _losses(
            20 if run == "rest" else 10
        )


def test_a_folder_that_is_trained_in_anew_shows_the_new_history(tmp_path: Path) -> None:
    Writer(tmp_path / "runs/Dec01_host").plain("train/loss", _losses(12))
    _checkpoint(tmp_path, _losses(10))
    reader = FolderReader(tmp_path)
    assert {run for run, _ in curves(sweep(reader))} == {"runs/Dec01_host"}
    _checkpoint(tmp_path, _losses(15, start=0.9))
    told = curves(sweep(reader))
    assert [value for _, value in told[tmp_path.name, "train/loss"]] == _losses(15, start=0.9)


def test_a_checkpoint_that_is_deleted_takes_nothing_from_the_curve(tmp_path: Path) -> None:
    for count, time in ((10, 1), (20, 2)):
        _checkpoint(tmp_path, _losses(count))
        os.utime(tmp_path / f"checkpoint-{count}/trainer_state.json", (time, time))
    reader = FolderReader(tmp_path)
    assert len(curves(sweep(reader))[tmp_path.name, "train/loss"]) == 20
    # As Trainer does at its end where it keeps the best one alone.
    shutil.rmtree(tmp_path / "checkpoint-20")
    assert sweep(reader) == [CaughtUp(1)]
    _checkpoint(tmp_path, _losses(30))
    told = curves(sweep(reader))[tmp_path.name, "train/loss"]
    assert [step for step, _ in told] == list(range(21, 31))


def test_a_run_that_was_taken_up_from_an_earlier_checkpoint_begins_there(tmp_path: Path) -> None:
    _checkpoint(tmp_path, _losses(20))
    os.utime(tmp_path / "checkpoint-20/trainer_state.json", (1, 1))
    reader = FolderReader(tmp_path)
    sweep(reader)
    _checkpoint(tmp_path, _losses(10))
    assert Rewound(tmp_path.name, "train/loss", 11) in sweep(reader)


def test_a_checkpoint_that_is_being_written_is_its_run_s(tmp_path: Path) -> None:
    _checkpoint(tmp_path, _losses(10))
    (tmp_path / "checkpoint-10").rename(tmp_path / "tmp-checkpoint-10")
    reader = FolderReader(tmp_path)
    assert {run for run, _ in curves(sweep(reader))} == {tmp_path.name}
    (tmp_path / "tmp-checkpoint-10").rename(tmp_path / "checkpoint-10")
    assert sweep(reader) == [CaughtUp(1)]
