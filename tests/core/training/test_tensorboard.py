"""What TensorBoard reads is what the run's own log says."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from core.errors import RunError
from core.runs.config import RunConfig
from core.runs.events import Evaluation, Event, Step
from core.runs.folder import EVENTS, create_run
from core.runs.log import EventReader
from core.training.tensorboard import FOLDER, EventFiles
from core.training.worker import Worker


def _read(run: Path) -> EventAccumulator:
    accumulator = EventAccumulator(str(run / FOLDER))
    accumulator.Reload()
    return accumulator


def test_a_runs_losses_are_read_back_by_tensorboard(config: RunConfig) -> None:
    folder = create_run(msgspec.structs.replace(config, tensorboard=True, max_steps=5))
    assert Worker(folder).run()
    events: list[Event] = [
        event for batch in EventReader(folder / EVENTS).drain() for event in batch.events
    ]
    steps = [event for event in events if isinstance(event, Step)]
    read = _read(folder)
    losses = read.Scalars("train/loss")
    assert [one.step for one in losses] == [1, 2, 3, 4, 5]
    assert [one.value for one in losses] == pytest.approx([float(step.loss) for step in steps])
    assert [one.wall_time for one in losses] == pytest.approx([step.time for step in steps])
    (test,) = (e for e in events if isinstance(e, Evaluation) and e.split == "test")
    assert [one.value for one in read.Scalars("test/accuracy")] == pytest.approx([test.accuracy])
    assert "validation/f1/positive" in read.Tags()["scalars"]


def test_a_loss_that_is_no_number_is_shown_as_such(tmp_path: Path) -> None:
    with EventFiles(tmp_path) as files:
        files.write(
            Step(
                global_step=1, epoch=0.1, loss="NaN", learning_rate=0.1, grad_norm="Infinity",
                samples_per_second=1.0,
            )
        )  # fmt: skip
    read = _read(tmp_path)
    assert math.isnan(read.Scalars("train/loss")[0].value)
    assert math.isinf(read.Scalars("train/grad_norm")[0].value)


def test_where_tensorboard_is_not_installed_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    with pytest.raises(RunError, match=r"pip install 'termformer\[tensorboard\]'"):
        EventFiles(tmp_path)
