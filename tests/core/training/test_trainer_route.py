"""Both routes are one training: `Trainer` has the losses of the loop, and obeys as it does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file
from transformers import AutoTokenizer, set_seed

from core.data.pipeline import batch_data
from core.data.sources import load_data
from core.durable import write_atomic
from core.runs.config import RunConfig
from core.runs.events import Evaluation, Event, Probed, Progress, Step, Warned
from core.runs.folder import REQUESTS, create_run
from core.runs.requests import (
    Evaluate,
    Pause,
    Probe,
    Request,
    Resume,
    SaveCheckpoint,
    SetLearningRate,
)
from core.training.checkpoints import restore_checkpoint, save_checkpoint
from core.training.loop import NotFiniteError, TrainingLoop
from core.training.model import load_starting_point, with_adapter
from core.training.randomness import random_state
from core.training.trainer_route import TrainerLoop
from core.training.worker import Worker
from tests.core.training.replay import Killed, events_of

Make = Callable[..., TrainingLoop]


@pytest.fixture
def config(tiny_classifier: Path, sentences: Path) -> RunConfig:
    """52 steps: 26 epochs of 5 batches, two a step, the last of them smaller and alone."""
    return RunConfig(
        name="",
        model=str(tiny_classifier),
        data=str(sentences),
        epochs=26,
        max_steps=52,
        batch_size=9,
        gradient_accumulation_steps=2,
        learning_rate=1e-3,
        max_grad_norm=0.5,
        threads=1,
        fused=True,
        mixed_precision="no",
        group_by_length=True,
        eval_steps=20,
    )


@pytest.fixture
def make(tiny_classifier: Path, sentences: Path) -> Make:
    """A loop of either route as a worker prepares it, with the weights in `folder`."""
    data = load_data(str(sentences))
    tokenizer = AutoTokenizer.from_pretrained(tiny_classifier)

    def make(
        route: type[TrainingLoop], config: RunConfig, folder: Path = tiny_classifier
    ) -> TrainingLoop:
        set_seed(config.seed)
        model: Any = load_starting_point(folder, "tiny", data.labels).model
        model = with_adapter(model, config.adapter)
        batched, _ = batch_data(data, config, tokenizer, config.max_length)
        set_seed(config.seed)
        return route(model, batched, config, Accelerator(cpu=True))

    return make


def _events(loop: TrainingLoop) -> list[Event]:
    events: list[Event] = []
    loop.drive(events.append)
    return events


def _losses(events: list[Event]) -> list[float]:
    return [float(event.loss) for event in events if isinstance(event, Step)]


class DifferentError(Exception):
    pass


@pytest.fixture
def looped(make: Make, config: RunConfig) -> list[float]:
    """The losses of the loop, computed once."""
    if not _LOOPED:
        _LOOPED.extend(_losses(_events(make(TrainingLoop, config))))
    return _LOOPED


_LOOPED: list[float] = []


@pytest.mark.parametrize("adapter", ["full", "lora", "head"])
def test_both_routes_tell_the_same(make: Make, config: RunConfig, adapter: str) -> None:
    config = msgspec.structs.replace(config, adapter=adapter, probes=["I love this"])
    one, other = (_events(make(route, config)) for route in (TrainingLoop, TrainerLoop))
    assert len(_losses(one)) == 52
    assert _losses(other) == pytest.approx(_losses(one), abs=1e-5)
    assert [type(event) for event in other] == [type(event) for event in one]
    for mine, theirs in zip(one, other, strict=True):
        match mine, theirs:
            case Step(), Step():
                assert theirs.global_step == mine.global_step
                assert theirs.epoch == mine.epoch
                assert theirs.learning_rate == pytest.approx(mine.learning_rate)
                assert theirs.grad_norm == pytest.approx(mine.grad_norm, rel=1e-3)
                assert theirs.padding == pytest.approx(mine.padding)
            case Evaluation(), Evaluation():
                assert (theirs.split, theirs.global_step) == (mine.split, mine.global_step)
                assert theirs.loss == pytest.approx(mine.loss, abs=1e-4)
                assert theirs.confusion == mine.confusion
                assert theirs.classes == mine.classes
                assert [row.text for row in theirs.worst] == [row.text for row in mine.worst]
            case Probed(), Probed():
                assert theirs.results[0].predicted == mine.results[0].predicted


def test_both_routes_spare_the_same_weights_from_decay(
    make: Make, config: RunConfig, tiny_mpnet: Path
) -> None:
    """A bias that is a matrix, MPNet's of relative positions, does not decay either."""
    config = msgspec.structs.replace(config, learning_rate=1e-2, weight_decay=0.5)
    one, other = (
        _losses(_events(make(route, config, tiny_mpnet))) for route in (TrainingLoop, TrainerLoop)
    )
    assert len(one) == 52
    assert other == pytest.approx(one, abs=1e-5)


@pytest.mark.parametrize("route", [TrainingLoop, TrainerLoop])
def test_a_long_evaluation_says_how_far_it_is(
    make: Make, config: RunConfig, monkeypatch: pytest.MonkeyPatch, route: type[TrainingLoop]
) -> None:
    for module in ("core.training.evaluation", "core.training.trainer_route"):
        monkeypatch.setattr(f"{module}.REPORT_EVERY", 0.0)
    events = _events(make(route, msgspec.structs.replace(config, max_steps=2, eval_steps=2)))
    said = [event for event in events if isinstance(event, Progress)]
    assert {event.phase for event in said} == {"Evaluating on validation", "Evaluating on test"}
    assert [(event.done, event.total) for event in said] == [(12, 12), (12, 12)]


@pytest.mark.parametrize(
    "change",
    [
        {"max_grad_norm": 0.05},
        {"weight_decay": 0.1},
        {"seed": 43},
        {"learning_rate": 1.1e-3},
        {"warmup_ratio": 0.2},
        {"group_by_length": False},
        {"gradient_accumulation_steps": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_change_of_any_setting_is_seen_in_the_losses(
    make: Make, config: RunConfig, looped: list[float], change: dict[str, Any]
) -> None:
    # The test above could else pass with whatever it compares.
    config = msgspec.structs.replace(config, **change)
    other: list[float] = []

    def handle(event: Event) -> None:
        if isinstance(event, Step):
            other.append(float(event.loss))
            expected = pytest.approx(looped[event.global_step - 1], abs=1e-5)
            if other[-1] != expected:
                raise DifferentError

    with pytest.raises(DifferentError):
        make(TrainerLoop, config).drive(handle)


def test_accumulated_batches_are_averaged(
    make: Make, config: RunConfig, looped: list[float]
) -> None:
    config = msgspec.structs.replace(config, max_steps=3)
    assert _losses(_events(make(TrainerLoop, config)))[0] == pytest.approx(looped[0], abs=1e-5)
    summing = make(TrainerLoop, config)
    assert isinstance(summing, TrainerLoop)
    summing.trainer.model_accepts_loss_kwargs = True
    assert _losses(_events(summing))[0] != pytest.approx(looped[0], abs=1e-5)


def test_evaluations_and_checkpoints_between_steps_change_no_loss(
    make: Make, config: RunConfig, tiny_classifier: Path, tmp_path: Path
) -> None:
    config = msgspec.structs.replace(config, max_steps=25)
    expected = _losses(_events(make(TrainerLoop, config)))
    loop = make(TrainerLoop, config)
    tokenizer = AutoTokenizer.from_pretrained(tiny_classifier)
    losses: list[float] = []

    def handle(event: Event) -> None:
        if isinstance(event, Step):
            losses.append(float(event.loss))
            if event.global_step % 10 == 0:
                (evaluation,) = loop.evaluate("validation", "asked")
                assert isinstance(evaluation, Evaluation)
                assert evaluation.request == "asked"
                save_checkpoint(tmp_path, loop, tokenizer, [random_state()])

    loop.drive(handle)
    assert losses == expected


@pytest.mark.parametrize("step", [4, 7, 20])
def test_it_goes_on_from_a_checkpoint_exactly(
    make: Make, config: RunConfig, tiny_classifier: Path, tmp_path: Path, step: int
) -> None:
    config = msgspec.structs.replace(config, max_steps=26)
    loop = make(TrainerLoop, config)
    tokenizer = AutoTokenizer.from_pretrained(tiny_classifier)
    events: list[Event] = []

    def handle(event: Event) -> None:
        events.append(event)
        if isinstance(event, Step) and event.global_step == step:
            save_checkpoint(tmp_path, loop, tokenizer, [random_state()])

    loop.drive(handle)
    folder = tmp_path / "checkpoints" / f"step-{step}"
    resumed = make(TrainerLoop, config, folder)
    restore_checkpoint(folder, resumed)
    again = _events(resumed)
    assert _losses(again) == _losses(events)[step:]
    steps = [event for event in again if isinstance(event, Step)]
    assert [one.global_step for one in steps] == list(range(step + 1, 27))
    assert steps[0].learning_rate == pytest.approx(
        next(e for e in events if isinstance(e, Step) and e.global_step == step + 1).learning_rate
    )
    evaluated = [event.global_step for event in again if isinstance(event, Evaluation)]
    assert evaluated == ([20, 26, 26] if step <= 20 else [26, 26])


def test_a_new_learning_rate_and_a_stop_are_obeyed_at_the_next_step(
    make: Make, config: RunConfig
) -> None:
    class StopError(Exception):
        pass

    rates: list[float] = []

    def handle(event: Event) -> None:
        if isinstance(event, Step):
            rates.append(event.learning_rate)
            if event.global_step == 8:
                loop.set_learning_rate(3e-4)
            if event.global_step == 12:
                raise StopError

    loop = make(TrainerLoop, config)
    with pytest.raises(StopError):
        loop.drive(handle)
    assert rates[8] == pytest.approx(3e-4)
    assert len(rates) == loop.global_step == 12


def test_it_stops_early(make: Make, config: RunConfig) -> None:
    config = msgspec.structs.replace(
        config, early_stopping_patience=1, eval_steps=5, learning_rate=0.5
    )
    loop = make(TrainerLoop, config)
    events = _events(loop)
    assert loop.stopped_early
    assert _losses(events) == pytest.approx(_losses(_events(make(TrainingLoop, config))), abs=1e-3)
    assert loop.global_step < 52


@pytest.mark.parametrize("broken", ["loss", "gradients"])
def test_what_is_not_finite_is_shown_and_ends_the_run_with_sound_weights(
    make: Make, config: RunConfig, broken: str
) -> None:
    loop = make(TrainerLoop, config)
    events: list[Event] = []

    def handle(event: Event) -> None:
        events.append(event)
        if isinstance(event, Step) and event.global_step == 4:
            head = loop.model.classifier
            if broken == "loss":
                head.register_forward_hook(lambda *args: args[2] * float("nan"))
            else:
                head.weight.register_hook(lambda gradient: gradient * float("inf"))

    with pytest.raises(NotFiniteError, match=r"at step 5 \(batches 3 and 4 of epoch 2"):
        loop.drive(handle)
    last = events[-1]
    assert isinstance(last, Step)
    assert last.global_step == 5
    assert isinstance(last.loss if broken == "loss" else last.grad_norm, str)
    assert loop.global_step == 4
    assert all(torch.isfinite(weight).all() for weight in loop.model.parameters())


def _ask(run: Path, *wishes: Request) -> None:
    """As `post_request` does, before there is a worker to ask."""
    for number, wish in enumerate(wishes):
        write_atomic(run / REQUESTS / f"{number:020d}-wish{number}.json", msgspec.json.encode(wish))


def test_a_worker_on_this_route_obeys_and_survives_a_kill(
    config: RunConfig, die_after: Callable[[type[Event], int], None]
) -> None:
    config = msgspec.structs.replace(config, route="trainer", max_steps=16, save_steps=4)
    wishes = (
        SetLearningRate(2e-3), Evaluate(), Pause(), Probe(["I love this"]), SaveCheckpoint(),
        Resume(),
    )  # fmt: skip
    runs = [create_run(config) for _ in range(2)]
    for run in runs:
        _ask(run, *wishes)
    assert Worker(runs[0]).run()
    die_after(Step, 10)
    with pytest.raises(Killed):
        Worker(runs[1]).run()
    assert Worker(runs[1], resume=True).run()
    whole, killed = map(events_of, runs)
    for events in (whole, killed):
        steps = [event for event in events if isinstance(event, Step)]
        assert [step.global_step for step in steps] == list(range(1, 17))
        answered = [getattr(event, "request", None) for event in events]
        assert {f"wish{number}" for number in range(len(wishes))} <= set(answered)
        assert not any(isinstance(event, Warned) for event in events)
        # The request's sentence is classified at the evaluation of the schedule too.
        probed = [event for event in events if isinstance(event, Probed)]
        assert [event.request for event in probed] == ["wish3", None]
    assert _losses(killed) == _losses(whole)
    models = [load_file(run / "model" / "model.safetensors") for run in runs]
    assert all(torch.equal(weight, models[1][name]) for name, weight in models[0].items())
