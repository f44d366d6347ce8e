"""A run that is killed, whenever and however often, ends as if nothing had happened."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from core.errors import RunError
from core.runs.config import RunConfig, read_config
from core.runs.events import (
    CheckpointSaved,
    Evaluation,
    Event,
    LearningRateSet,
    RunFinished,
    RunResumed,
    RunStarted,
    RunStopped,
    Step,
    Warned,
)
from core.runs.folder import CHECKPOINTS, EVENTS, create_run, saved_steps
from core.runs.launch import resume_run
from core.runs.process import ProcessRecord, record_of, write_process
from core.runs.requests import SaveCheckpoint, SetLearningRate, Stop, post_request
from core.runs.status import run_status
from core.training.checkpoints import KEEP, prune_checkpoints
from core.training.journal import Journal
from tests.core.training.replay import Killed, assert_same, carry_out, curve_of, events_of


@pytest.mark.parametrize("adapter", ["full", "head", "lora"])
@pytest.mark.parametrize(
    "changes",
    [
        {"save_steps": 4},
        {"save_steps": None},
        {"save_steps": 3, "group_by_length": True, "data_workers": 1},
    ],
)
def test_a_resumed_run_is_the_run_that_was_never_interrupted(
    config: RunConfig, die_after: Callable[..., None], adapter: str, changes: dict[str, object]
) -> None:
    config = msgspec.structs.replace(
        config, adapter=adapter, gradient_accumulation_steps=2, epochs=6, **changes
    )
    # Who prepares the batches makes no difference to them.
    reference = create_run(msgspec.structs.replace(config, data_workers=0))
    folder = create_run(config)
    carry_out(reference)
    for kind, count in ((Step, 1), (Step, 6), (Evaluation, 1)):
        die_after(kind, count)
        with pytest.raises(Killed):
            carry_out(folder, resume=True)
    carry_out(folder, resume=True)
    assert_same(folder, reference)
    assert len([event for event in events_of(folder) if isinstance(event, RunResumed)]) == 3


def test_the_time_it_took_is_that_of_all_workers(
    config: RunConfig, die_after: Callable[..., None]
) -> None:
    folder = create_run(config)
    die_after(Step, 6)
    with pytest.raises(Killed):
        carry_out(folder)
    log = [msgspec.json.decode(line) for line in (folder / EVENTS).read_bytes().splitlines()]
    # An hour's work, and then a day of rest.
    for line in log[:-1]:
        line["time"] -= 86_400 + 3_600
    log[-1]["time"] -= 86_400
    (folder / EVENTS).write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in log))
    die_after(Step, 10)
    with pytest.raises(Killed):
        carry_out(folder, resume=True)
    carry_out(folder, resume=True)
    finished = events_of(folder)[-1]
    assert isinstance(finished, RunFinished)
    assert 3_600 < finished.seconds < 3_600 + 600


def test_a_new_learning_rate_is_set_again_where_it_was(
    config: RunConfig, die_after: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = msgspec.structs.replace(config, save_steps=4)
    reference, folder = create_run(config), create_run(config)
    append = Journal.append

    def asking(self: Journal, event: Event) -> None:
        append(self, event)
        if isinstance(event, Step) and event.global_step in {6, 16}:
            post_request(self.folder, SetLearningRate(event.global_step * 1e-5))

    for run in (reference, folder):
        monkeypatch.setattr(Journal, "append", asking)
        monkeypatch.setattr(Journal, "folder", run, raising=False)
        if run is folder:
            die_after(Step, 7)
            with pytest.raises(Killed):
                carry_out(run)
            monkeypatch.setattr(Journal, "append", asking)
        carry_out(run, resume=True)
    assert_same(folder, reference)
    assert len([event for event in events_of(folder) if isinstance(event, LearningRateSet)]) == 2


def test_a_torn_last_line_is_closed_and_its_step_said_again(
    config: RunConfig, die_after: Callable[..., None]
) -> None:
    config = msgspec.structs.replace(config, save_steps=4)
    reference, folder = create_run(config), create_run(config)
    carry_out(reference)
    die_after(Step, 10)
    with pytest.raises(Killed):
        carry_out(folder)
    log = (folder / EVENTS).read_bytes()
    (folder / EVENTS).write_bytes(log[:-20])
    carry_out(folder, resume=True)
    assert_same(folder, reference)
    assert (folder / EVENTS).read_bytes().startswith(log[:-20] + b"\n")


def test_a_loss_that_comes_out_otherwise_is_reported(
    config: RunConfig, die_after: Callable[..., None]
) -> None:
    folder = create_run(msgspec.structs.replace(config, save_steps=4))
    die_after(Step, 7)
    with pytest.raises(Killed):
        carry_out(folder)
    log = (folder / EVENTS).read_text().splitlines()
    last = msgspec.json.decode(log[-1])
    log[-1] = msgspec.json.encode({**last, "loss": 0.125}).decode()
    (folder / EVENTS).write_text("\n".join([*log, ""]))
    carry_out(folder, resume=True)
    (warned,) = [event for event in events_of(folder) if isinstance(event, Warned)]
    assert "Step 7" in warned.message
    assert "0.125" in warned.message
    assert isinstance(events_of(folder)[-1], RunFinished)


def test_a_stopped_run_goes_on_from_where_it_stopped(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, folder = create_run(config), create_run(config)
    carry_out(reference)
    append = Journal.append

    def stopping(self: Journal, event: Event) -> None:
        append(self, event)
        if isinstance(event, Step) and event.global_step == 5:
            post_request(folder, Stop())

    monkeypatch.setattr(Journal, "append", stopping)
    carry_out(folder)
    assert isinstance(events_of(folder)[-1], RunStopped)
    monkeypatch.setattr(Journal, "append", append)
    assert run_status(folder).status == "stopped"
    carry_out(folder, resume=True)
    assert_same(folder, reference)
    assert run_status(folder).status == "finished"
    with pytest.raises(RunError, match="finished"):
        carry_out(folder, resume=True)
    with pytest.raises(RunError, match="finished"):
        resume_run(folder)


def test_early_stopping_and_the_best_checkpoint_survive(
    config: RunConfig, die_after: Callable[..., None]
) -> None:
    """A learning rate that ruins the model: no evaluation is as good as an early one."""
    config = msgspec.structs.replace(
        config, epochs=40, learning_rate=0.5, early_stopping_patience=3, save_total_limit=1
    )
    reference, folder = create_run(config), create_run(config)
    carry_out(reference)
    die_after(Evaluation, 2)
    with pytest.raises(Killed):
        carry_out(folder)
    carry_out(folder, resume=True)
    assert curve_of(folder) == curve_of(reference)
    for run in (reference, folder):
        events = events_of(run)
        finished = events[-1]
        assert isinstance(finished, RunFinished)
        assert finished.global_step < 120
        evaluations = [
            event for event in events if isinstance(event, Evaluation) and event.split != "test"
        ]
        best = min(evaluations, key=lambda event: float(event.loss))
        assert finished.best == f"{CHECKPOINTS}/step-{best.global_step}"
        assert [event.message for event in events if isinstance(event, Warned)] == [
            f"Stopped early: the validation loss was not lower in 3 evaluations than at step "
            f"{best.global_step}."
        ]


def test_the_best_checkpoint_stays_though_it_is_old(tmp_path: Path) -> None:
    for step in range(1, 7):
        (tmp_path / CHECKPOINTS / f"step-{step}").mkdir(parents=True)
    (tmp_path / CHECKPOINTS / "step-1" / KEEP).touch()
    prune_checkpoints(tmp_path, best_step=2, limit=2)
    assert saved_steps(tmp_path) == [6, 5, 2, 1]
    assert len(list((tmp_path / CHECKPOINTS).iterdir())) == 4, "nothing is left of the others"


def test_what_a_killed_worker_was_writing_is_removed(
    config: RunConfig, die_after: Callable[..., None]
) -> None:
    folder = create_run(msgspec.structs.replace(config, save_steps=4))
    die_after(Step, 6)
    with pytest.raises(Killed):
        carry_out(folder)
    left = [folder / ".model.12.part", *(folder / CHECKPOINTS / f".step-{n}.gone" for n in (1, 2))]
    for each in left:
        each.mkdir()
        (each / "model.safetensors").touch()
    carry_out(folder, resume=True)
    assert not any(each.exists() for each in left)


def test_old_checkpoints_go_but_for_the_best_and_those_that_were_asked_for(
    config: RunConfig,
) -> None:
    folder = create_run(msgspec.structs.replace(config, save_steps=1, save_total_limit=2))
    (folder / "requests" / "1-keepthis.json").write_text('{"type": "checkpoint"}')
    carry_out(folder)
    saved = [event for event in events_of(folder) if isinstance(event, CheckpointSaved)]
    best = max(event.global_step for event in saved if event.best)
    assert {event.global_step for event in saved} == set(range(1, 25))
    assert [event.global_step for event in saved if event.request == "keepthis"] == [1]
    assert set(saved_steps(folder)) == {1, best, 23, 24}
    assert not [path for path in (folder / CHECKPOINTS).iterdir() if path.name.startswith(".")]


def test_a_checkpoint_that_was_asked_for_takes_up_no_other_one_s_place(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = create_run(msgspec.structs.replace(config, save_steps=1, save_total_limit=2))
    append = Journal.append

    def asking(self: Journal, event: Event) -> None:
        append(self, event)
        if isinstance(event, Step) and event.global_step == 23:
            post_request(folder, SaveCheckpoint())

    monkeypatch.setattr(Journal, "append", asking)
    carry_out(folder)
    saved = [event for event in events_of(folder) if isinstance(event, CheckpointSaved)]
    best = max(event.global_step for event in saved if event.best)
    assert set(saved_steps(folder)) == {best, 22, 23, 24}


def test_what_was_chosen_is_written_down_and_used_again(config: RunConfig) -> None:
    config = msgspec.structs.replace(config, threads=None, fused=None, group_by_length=None)
    folder = create_run(config)
    carry_out(folder)
    chosen = read_config(folder)
    assert None not in (chosen.threads, chosen.fused, chosen.group_by_length)
    assert chosen.machine
    again = create_run(msgspec.structs.replace(chosen, name=""))
    carry_out(again)
    assert_same(again, folder)
    (started,) = [event for event in events_of(again) if isinstance(event, RunStarted)]
    assert not any("found by trying" in note for note in started.notes)


def test_another_machine_is_told_that_exactness_is_not_promised(config: RunConfig) -> None:
    folder = create_run(msgspec.structs.replace(config, machine="a slide rule", max_steps=1))
    carry_out(folder)
    (started,) = [event for event in events_of(folder) if isinstance(event, RunStarted)]
    assert any("a slide rule" in note and "not promised" in note for note in started.notes)


def test_a_folder_that_another_machine_still_writes_is_left_to_it(
    config: RunConfig, die_after: Callable[..., None]
) -> None:
    folder = create_run(config)
    die_after(Step, 2)
    with pytest.raises(Killed):
        carry_out(folder)
    mine = record_of(os.getpid())
    assert mine is not None
    elsewhere = msgspec.structs.replace(mine, host="elsewhere")
    (folder / "process.json").write_bytes(msgspec.json.encode(elsewhere))
    with pytest.raises(RunError, match="on elsewhere"):
        resume_run(folder)
    assert isinstance(elsewhere, ProcessRecord)


def test_a_worker_that_was_just_started_is_no_longer_stopped(config: RunConfig) -> None:
    folder = create_run(config)
    post_request(folder, Stop())
    carry_out(folder)
    assert run_status(folder).status == "stopped"
    write_process(folder)
    assert run_status(folder).status == "starting"
