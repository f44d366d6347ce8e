"""The loop is the course's: the same losses, and nothing else moves them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import mean

import msgspec
import pytest
import torch
from torch.optim import AdamW
from torch.utils.data import DataLoader
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    get_scheduler,
    set_seed,
)

from core.data.batches import epoch_order
from core.data.sources import load_data
from core.runs.config import RunConfig
from core.runs.events import Evaluation, RunStarted, Step
from core.runs.folder import create_run
from core.training.checkpoints import save_checkpoint
from core.training.loop import NotFiniteError, TrainingLoop
from core.training.randomness import random_state
from tests.core.training.replay import carry_out, events_of

MakeLoop = Callable[[RunConfig], TrainingLoop]


def _losses(loop: TrainingLoop) -> list[float]:
    return [float(event.loss) for event in loop.run() if isinstance(event, Step)]


def _course_losses(folder: Path, sentences: Path, config: RunConfig, steps: int) -> list[float]:
    """Chapter 3 of the course, "A full training loop", but for the order of the data."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    raw_datasets = load_data(str(sentences)).train
    tokenized_datasets = raw_datasets.map(
        lambda example: tokenizer(example["text"], truncation=True), batched=True
    )
    tokenized_datasets = tokenized_datasets.remove_columns(["text"])
    tokenized_datasets = tokenized_datasets.rename_column("label", "labels")
    tokenized_datasets.set_format("torch")
    data_collator = DataCollatorWithPadding(tokenizer=tokenizer)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2)
    optimizer = AdamW(model.parameters(), lr=config.learning_rate)
    num_training_steps = config.epochs * 3
    lr_scheduler = get_scheduler(
        "linear", optimizer=optimizer, num_warmup_steps=2, num_training_steps=num_training_steps
    )
    set_seed(config.seed)
    losses: list[float] = []
    rows = torch.zeros(len(tokenized_datasets))
    model.train()
    for epoch in range(config.epochs):
        train_dataloader = DataLoader(
            tokenized_datasets,
            sampler=epoch_order(rows, 16, config.seed, epoch, grouped=False).tolist(),
            batch_size=config.batch_size,
            collate_fn=data_collator,
            generator=torch.Generator(),
        )
        for batch in train_dataloader:
            outputs = model(**batch)
            loss = outputs.loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            lr_scheduler.step()
            optimizer.zero_grad()
            losses.append(loss.item())
    return losses[:steps]


def test_the_losses_are_those_of_the_courses_loop(
    make_loop: MakeLoop, config: RunConfig, tiny_classifier: Path, sentences: Path
) -> None:
    config = msgspec.structs.replace(config, plain=True, fused=False)
    expected = _course_losses(tiny_classifier, sentences, config, 20)
    losses = _losses(make_loop(config))
    assert len(losses) == 24
    assert losses[:20] == pytest.approx(expected, abs=1e-5)
    for change in ({"learning_rate": 2e-3}, {"max_grad_norm": 0.05}, {"seed": 43}):
        other = _losses(make_loop(msgspec.structs.replace(config, **change)))[:20]
        assert other != pytest.approx(expected, abs=1e-5), change


def test_the_same_configuration_gives_the_same_losses_bit_for_bit(
    make_loop: MakeLoop, config: RunConfig
) -> None:
    assert _losses(make_loop(config)) == _losses(make_loop(config))


def test_evaluations_and_checkpoints_between_steps_change_no_loss(
    make_loop: MakeLoop, config: RunConfig, tiny_classifier: Path, tmp_path: Path
) -> None:
    for adapter in ("full", "lora"):
        config = msgspec.structs.replace(config, adapter=adapter)
        expected = _losses(make_loop(config))
        loop = make_loop(config)
        tokenizer = AutoTokenizer.from_pretrained(tiny_classifier)
        losses: list[float] = []
        for event in loop.run():
            if isinstance(event, Step):
                losses.append(float(event.loss))
                if event.global_step % 4 == 0:
                    list(loop.evaluate("validation"))
                    save_checkpoint(tmp_path / adapter, loop, tokenizer, [random_state()])
                    assert loop.model.training
        assert losses == expected


def test_it_evaluates_after_each_epoch_and_at_the_end(
    make_loop: MakeLoop, config: RunConfig
) -> None:
    events = list(make_loop(config).run())
    steps = [event for event in events if isinstance(event, Step)]
    evaluations = [event for event in events if isinstance(event, Evaluation)]
    assert [step.global_step for step in steps] == list(range(1, 25))
    assert steps[0].learning_rate == 0
    assert max(step.learning_rate for step in steps) == pytest.approx(1e-3)
    assert steps[-1].learning_rate < 1e-4
    assert steps[-1].epoch == pytest.approx(8)
    assert [(one.split, one.global_step) for one in evaluations] == [
        *[("validation", 3 * epoch) for epoch in range(1, 9)],
        ("test", 24),
    ]


def test_it_learns(make_loop: MakeLoop, config: RunConfig) -> None:
    # So long that it has learned all by heart, however this processor rounds.
    events = list(make_loop(msgspec.structs.replace(config, learning_rate=5e-3, epochs=100)).run())
    losses = [float(event.loss) for event in events if isinstance(event, Step)]
    assert mean(losses[-3:]) < mean(losses[:3]) * 0.8
    last = events[-1]
    assert isinstance(last, Evaluation)
    assert last.accuracy > last.majority_baseline


def test_an_evaluation_is_what_the_model_predicts(make_loop: MakeLoop, config: RunConfig) -> None:
    loop = make_loop(config)
    data = loop.data.validation
    (event,) = loop.evaluate("validation")
    assert isinstance(event, Evaluation)
    loop.model.eval()
    confusion = [[0, 0], [0, 0]]
    total = 0.0
    for row in data:
        inputs = {name: torch.tensor([row[name]]) for name in ("input_ids", "attention_mask")}
        with torch.no_grad():
            logits = loop.model(**inputs).logits
        confusion[row["labels"]][int(logits.argmax())] += 1
        total += torch.nn.functional.cross_entropy(logits, torch.tensor([row["labels"]])).item()
    assert event.confusion == confusion
    assert event.accuracy == (confusion[0][0] + confusion[1][1]) / len(data)
    assert event.loss == pytest.approx(total / len(data), abs=1e-5)
    assert event.majority_baseline == 0.5


def test_max_steps_ends_the_run_and_its_schedule(make_loop: MakeLoop, config: RunConfig) -> None:
    loop = make_loop(msgspec.structs.replace(config, max_steps=7))
    events = list(loop.run())
    assert loop.global_step == loop.max_steps == 7
    assert loop.lr_scheduler.get_last_lr() == [0.0, 0.0]
    assert [event.split for event in events if isinstance(event, Evaluation)][-2:] == [
        "validation",
        "test",
    ]


@pytest.mark.parametrize(
    ("epochs", "wanted", "said"),
    [
        (8, 30, ["30 steps were asked for, but 8 epochs have 24: the run ends there. Ask for"]),
        (1, 1000, ["1,000 steps were asked for, but 1 epoch has 3: the run ends there. Ask for"]),
        (8, 24, []),
        (8, None, []),
    ],
)
def test_more_steps_than_the_epochs_have_are_noted(
    make_loop: MakeLoop, config: RunConfig, epochs: int, wanted: int | None, said: list[str]
) -> None:
    loop = make_loop(msgspec.structs.replace(config, epochs=epochs, max_steps=wanted))
    assert [note.partition(" more")[0] for note in loop.notes] == said


def test_what_is_noted_of_a_loop_is_said_as_the_run_starts(config: RunConfig) -> None:
    folder = create_run(msgspec.structs.replace(config, epochs=1, max_steps=4))
    carry_out(folder)
    (started,) = [event for event in events_of(folder) if isinstance(event, RunStarted)]
    assert started.max_steps == 3
    assert "4 steps were asked for, but 1 epoch has 3" in " ".join(started.notes)


def test_a_loop_goes_on_from_the_step_it_is_given(make_loop: MakeLoop, config: RunConfig) -> None:
    loop = make_loop(config)
    loop.global_step = 22
    assert [event.global_step for event in loop.run() if isinstance(event, Step)] == [23, 24]


@pytest.mark.parametrize("broken", ["loss", "gradients"])
def test_what_is_not_finite_is_shown_and_ends_the_run_with_sound_weights(
    make_loop: MakeLoop, config: RunConfig, broken: str
) -> None:
    loop = make_loop(config)
    events = []
    run = loop.run()
    with pytest.raises(NotFiniteError, match=r"at step 5 \(batch 2 of epoch 2: training rows 37, "):
        for event in run:
            events.append(event)
            if isinstance(event, Step) and event.global_step == 4:
                head = loop.model.classifier
                if broken == "loss":
                    head.register_forward_hook(lambda *args: args[2] * float("nan"))
                else:
                    head.weight.register_hook(lambda gradient: gradient * float("inf"))
    last = events[-1]
    assert isinstance(last, Step)
    assert last.global_step == 5
    assert isinstance(last.loss if broken == "loss" else last.grad_norm, str)
    assert loop.global_step == 4
    assert all(torch.isfinite(weight).all() for weight in loop.model.parameters())


def test_the_last_step_is_evaluated_whatever_the_rhythm(
    make_loop: MakeLoop, config: RunConfig
) -> None:
    loop = make_loop(msgspec.structs.replace(config, eval_steps=5, max_steps=12))
    found = [event for event in loop.run() if isinstance(event, Evaluation)]
    places = [(event.split, event.global_step) for event in found]
    assert places == [("validation", 5), ("validation", 10), ("validation", 12), ("test", 12)]


@pytest.mark.parametrize(
    ("accumulated", "taken", "named"),
    [(2, 1, "batches 3 and 4"), (2, 2, "batch 5"), (4, 0, "batches 1 to 4"), (1, 1, "batch 2")],
)
def test_all_batches_of_the_step_that_is_not_finite_are_named(
    make_loop: MakeLoop, config: RunConfig, accumulated: int, taken: int, named: str
) -> None:
    loop = make_loop(
        msgspec.structs.replace(config, batch_size=8, gradient_accumulation_steps=accumulated)
    )
    loop.global_step = taken
    loop.model.classifier.register_forward_hook(lambda *args: args[2] * float("nan"))
    with pytest.raises(NotFiniteError, match=rf"step {taken + 1} \({named} of epoch 1: "):
        list(loop.run())


def test_a_new_learning_rate_falls_to_zero_from_where_it_is_set(
    make_loop: MakeLoop, config: RunConfig
) -> None:
    loop = make_loop(config)
    rates: list[float] = []
    for event in loop.run():
        if isinstance(event, Step):
            rates.append(event.learning_rate)
            if event.global_step == 12:
                loop.set_learning_rate(6e-4)
    assert rates[12] == pytest.approx(6e-4)
    falls = [one - other for one, other in pairwise(rates[12:])]
    assert falls == pytest.approx([6e-4 / 12] * len(falls))
    assert rates[11] != pytest.approx(6e-4)


def test_a_new_learning_rate_in_the_warm_up_is_its_peak(
    make_loop: MakeLoop, config: RunConfig
) -> None:
    loop = make_loop(msgspec.structs.replace(config, warmup_ratio=0.5))
    loop.set_learning_rate(6e-4)
    rates = [event.learning_rate for event in loop.run() if isinstance(event, Step)]
    assert max(rates) == rates[12] == pytest.approx(6e-4)
