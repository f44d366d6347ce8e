"""What is fast here is found by trying, said, kept for the next time, and leaves no trace."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch
from accelerate.state import AcceleratorState
from safetensors.torch import load_file
from transformers import AutoTokenizer

from core.data.batches import BatchedData
from core.data.pipeline import batch_data
from core.data.sources import load_data
from core.runs.config import RunConfig, read_config
from core.runs.events import RunStarted, Step
from core.runs.folder import create_run
from core.training import tuning
from core.training.model import load_starting_point
from core.training.tuning import Tuned, machine, tune
from tests.core.training.replay import carry_out, events_of

CPU = torch.device("cpu")
Tune = Callable[[RunConfig], Tuned]


@pytest.fixture
def undecided(config: RunConfig) -> RunConfig:
    """All is left to be chosen."""
    return msgspec.structs.replace(
        config,
        threads=None,
        fused=None,
        mixed_precision=None,
        group_by_length=None,
        data_workers=None,
    )


@pytest.fixture
def tune_tiny(tiny_classifier: Path, sentences: Path) -> Tune:
    """Tunes for a tiny model, and sees to it that the model stays as it was."""
    data = load_data(str(sentences))
    model = load_starting_point(tiny_classifier, "tiny", data.labels).model

    def run(config: RunConfig) -> Tuned:
        batched, _ = batch_data(data, config, AutoTokenizer.from_pretrained(tiny_classifier), 64)
        assert isinstance(batched, BatchedData)
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        tuned = tune(config, model, batched, CPU)
        assert all(torch.equal(before[name], one) for name, one in model.state_dict().items())
        assert all(weight.grad is None for weight in model.parameters())
        return tuned

    return run


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step is quick enough in float32, though this thread may sleep in the middle of it."""
    monkeypatch.setattr(tuning, "_QUICK", math.inf)


@pytest.mark.usefixtures("quick")
def test_all_is_chosen_and_each_choice_is_said(tune_tiny: Tune, undecided: RunConfig) -> None:
    torch.set_num_threads(2)
    tuned = tune_tiny(undecided)
    chosen = tuned.config
    assert (chosen.threads, chosen.mixed_precision, chosen.machine) == (
        torch.get_num_threads(),
        "no",
        machine(),
    )
    assert None not in (chosen.fused, chosen.group_by_length, chosen.data_workers)
    said = " ".join(tuned.notes)
    for word in ("padding", "found by trying", "AdamW is", "Batches are prepared in between"):
        assert word in said


def test_the_threads_are_those_that_were_fastest(
    tune_tiny: Tune, undecided: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fastest in (1, 2):
        monkeypatch.setattr(
            tuning,
            "_gradient_seconds",
            lambda *_, fastest=fastest, **__: 1.0 + abs(torch.get_num_threads() - fastest),
        )
        torch.set_num_threads(2)
        fixed = msgspec.structs.replace(undecided, fused=True, data_workers=0)
        assert tune_tiny(fixed).config.threads == fastest


@pytest.mark.parametrize(
    ("float32", "bfloat16", "chosen", "said"),
    [
        (0.2, 0.12, "bf16", "in bfloat16, found by trying: 0.12 s a step, 0.2 s in float32."),
        (0.2, 0.19, "no", "float32 throughout: in bfloat16 0.19 s a step"),
        (0.2, 9.0, "no", "float32 throughout: in bfloat16 9 s a step"),
        (0.01, 0.001, "no", "float32 throughout: steps of 0.01 s are too short to try bfloat16."),
    ],
)
def test_bfloat16_is_chosen_where_it_is_much_faster(
    tune_tiny: Tune,
    undecided: RunConfig,
    monkeypatch: pytest.MonkeyPatch,
    float32: float,
    bfloat16: float,
    chosen: str,
    said: str,
) -> None:
    monkeypatch.setattr(
        tuning,
        "_gradient_seconds",
        lambda *_, **__: bfloat16 if torch.is_autocast_enabled("cpu") else float32,
    )
    tuned = tune_tiny(msgspec.structs.replace(undecided, threads=1, fused=True, data_workers=0))
    assert tuned.config.mixed_precision == chosen
    assert said in " ".join(tuned.notes)


def test_data_workers_are_tried_where_batches_are_waited_for(
    tune_tiny: Tune, undecided: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = msgspec.structs.replace(undecided, threads=1, fused=True)
    monkeypatch.setattr(tuning, "_gradient_seconds", lambda *_, **__: 0.0)
    short = tune_tiny(config)
    assert short.config.data_workers == 0
    assert "an epoch has only 3 of them" in " ".join(short.notes)
    whole = tune_tiny(msgspec.structs.replace(config, batch_size=20))
    assert "an epoch has only 2 of them" in " ".join(whole.notes)
    monkeypatch.setattr(tuning, "_FEW_BATCHES", 1)
    small = msgspec.structs.replace(config, batch_size=2)
    paces = {0: 3.0, 1: 1.0, 2: 2.0}
    measured: list[int] = []
    pace = tuning._paces

    def paced(data: BatchedData, workers: int, compute: Callable[..., object]) -> list[float]:
        found = pace(data, workers, compute)
        assert found
        assert min(found) > 0
        measured.append(workers)
        return [paces[workers]]

    monkeypatch.setattr(tuning, "_paces", paced)
    tuned = tune_tiny(small)
    assert measured == [0, 0, 1, 2]
    assert tuned.config.data_workers == 1
    said = next(note for note in tuned.notes if "preparing" in note)
    assert said.startswith("1 process for preparing batches, found by trying: 3 s a step with 0")


def test_plain_leaves_all_as_the_course_has_it(
    tune_tiny: Tune, undecided: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tried(*_: object, **__: object) -> float:
        raise AssertionError("something was tried")

    monkeypatch.setattr(tuning, "_gradient_seconds", tried)
    torch.set_num_threads(2)
    chosen = tune_tiny(msgspec.structs.replace(undecided, plain=True)).config
    assert (chosen.threads, chosen.fused, chosen.group_by_length) == (2, False, False)
    assert (chosen.data_workers, chosen.mixed_precision) == (0, "no")


@pytest.mark.usefixtures("quick")
def test_a_choice_is_kept_in_the_run_and_not_made_again_but_questioned_elsewhere(
    undecided: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = create_run(msgspec.structs.replace(undecided, max_steps=2))
    carry_out(folder)
    chosen = read_config(folder)
    assert None not in (chosen.threads, chosen.fused, chosen.group_by_length, chosen.data_workers)

    def tried(*_: object, **__: object) -> float:
        raise AssertionError("something was tried again")

    monkeypatch.setattr(tuning, "_gradient_seconds", tried)
    moved = msgspec.structs.replace(chosen, name="", machine="another machine")
    again = create_run(moved)
    carry_out(again)
    (started,) = [event for event in events_of(again) if isinstance(event, RunStarted)]
    assert "is not promised" in " ".join(started.notes)
    assert read_config(again).machine == machine()
    first, second = (
        [event.loss for event in events_of(run) if isinstance(event, Step)]
        for run in (folder, again)
    )
    assert len(first) == 2
    assert first == second


def test_bfloat16_rounds_the_forward_pass_and_keeps_the_weights_in_float32(
    config: RunConfig,
) -> None:
    found, runs = [], []
    for precision, route in (("no", "loop"), ("bf16", "loop"), ("bf16", "trainer")):
        # A worker has a process of its own, in which the precision is said once.
        AcceleratorState._reset_state(reset_partial_state=True)
        runs.append(
            create_run(
                msgspec.structs.replace(
                    config, mixed_precision=precision, route=route, max_steps=12
                )
            )
        )
        carry_out(runs[-1])
        events = events_of(runs[-1])
        found.append([float(event.loss) for event in events if isinstance(event, Step)])
    AcceleratorState._reset_state(reset_partial_state=True)
    exact, rounded, by_trainer = found
    assert len(exact) == 12
    assert rounded != exact
    assert rounded == pytest.approx(exact, abs=0.2)
    assert by_trainer == pytest.approx(rounded, abs=1e-5)
    weights = load_file(runs[1] / "model" / "model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float32}
