"""What the training benchmarks compare: the course's loop, `Trainer`, and ours, on one data set.

All train the embedded encoder on the embedded reviews in batches of 16, padded dynamically.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from torch.optim import AdamW
from torch.utils.data import DataLoader
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    get_scheduler,
    set_seed,
)

from core.checkpoints import MINI_BASE
from core.data.sources import load_data
from core.data.tokenizing import tokenize
from core.models.checkpoint import resolve
from core.runs.config import RunConfig
from core.runs.events import Evaluation, Step
from core.runs.folder import EVENTS, create_run
from core.training.evaluation import evaluate
from core.training.journal import Journal
from core.training.loop import TrainingLoop
from core.training.preparation import Prepared, prepare
from core.training.ranks import Ranks
from core.training.steering import Steering
from tests.benchmarks.registry import Sampler

BATCH = 16
STEPS = 50
"""Of one block: a whole megabatch of `Trainer`'s, which begins with its longest rows."""
LEARNED = 100
"""Steps after which two loops are asked what they have learned."""
LEARNING_RATE = 5e-5
"""The course's."""


@cache
def _materials() -> tuple[Path, Any, Any]:
    """The checkpoint, its tokenizer and the tokenized training rows."""
    folder = resolve(MINI_BASE, lambda *_: None)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return folder, tokenizer, tokenize(load_data("reviews").train, tokenizer, 128).dataset


def _course(seed: int, steps: int) -> tuple[Any, Iterator[int]]:
    """Chapter 3, "A full training loop", as written: its model, and the rows of each step."""
    folder, tokenizer, rows = _materials()
    set_seed(seed)
    loader = DataLoader(
        rows.with_format("torch"),
        shuffle=True,
        batch_size=BATCH,
        collate_fn=DataCollatorWithPadding(tokenizer),
    )
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2)
    optimizer = AdamW(model.parameters(), lr=LEARNING_RATE)
    scheduler = get_scheduler(
        "linear", optimizer=optimizer, num_warmup_steps=0, num_training_steps=steps
    )
    model.train()

    def train() -> Iterator[int]:
        while True:
            for batch in loader:
                outputs = model(**batch)
                outputs.loss.backward()
                optimizer.step()
                scheduler.step()
                optimizer.zero_grad()
                yield len(batch["labels"])

    return model, train()


@contextmanager
def course(_folder: Path) -> Iterator[Sampler]:
    """The course's loop: samples a second."""
    _, steps = _course(42, 10**6)

    def sample() -> float:
        began = time.perf_counter()
        seen = sum(itertools.islice(steps, STEPS))
        return seen / (time.perf_counter() - began)

    yield sample


@contextmanager
def course_loss(_folder: Path) -> Iterator[Sampler]:
    """The course's loop: loss on the validation split after `LEARNED` steps, another seed each."""
    judge = _prepare(_config()).loop
    seeds = itertools.count(1)

    def sample() -> float:
        model, steps = _course(next(seeds), LEARNED)
        for _ in itertools.islice(steps, LEARNED):
            pass
        return _validation_loss(judge, model)

    yield sample


@contextmanager
def ours_loss(_folder: Path) -> Iterator[Sampler]:
    """Ours, tuned, at the course's learning rate and with its schedule: the same."""
    seeds = itertools.count(1)

    def sample() -> float:
        loop = _prepare(
            _config(seed=next(seeds), epochs=LEARNED, max_steps=LEARNED, warmup_ratio=0.0)
        ).loop
        steps = (event for event in loop.run() if isinstance(event, Step))
        for _ in itertools.islice(steps, LEARNED):
            pass
        return _validation_loss(loop, loop.model)

    yield sample


def _validation_loss(loop: TrainingLoop, model: Any) -> float:
    events = evaluate(loop.accelerator, model, loop.data, "validation", LEARNED)
    return next(float(event.loss) for event in events if isinstance(event, Evaluation))


@contextmanager
def ours(folder: Path, **choices: Any) -> Iterator[Sampler]:
    """The worker's loop with its events and its look for requests: samples a second."""
    with _stepping(folder, **choices) as (steps, _):

        def sample() -> float:
            began = time.perf_counter()
            for _ in itertools.islice(steps, STEPS):
                pass
            return STEPS * BATCH / (time.perf_counter() - began)

        yield sample


@contextmanager
def ours_plain(folder: Path) -> Iterator[Sampler]:
    """Ours with `--plain`."""
    with ours(folder, plain=True) as sample:
        yield sample


@contextmanager
def ours_float32(folder: Path) -> Iterator[Sampler]:
    """Ours, tuned but for its precision, which is the course's."""
    with ours(folder, mixed_precision="no") as sample:
        yield sample


@contextmanager
def events(folder: Path) -> Iterator[Sampler]:
    """Milliseconds a step that writing its event takes, timed inside the worker's journal."""
    with _stepping(folder) as (steps, journal):

        def sample() -> float:
            spent = journal.append_seconds
            taken = len(_seconds(steps))
            return 1000 * (journal.append_seconds - spent) / taken

        yield sample


@contextmanager
def step(folder: Path) -> Iterator[Sampler]:
    """Milliseconds of the median step."""
    with _stepping(folder) as (steps, _):
        yield lambda: 1000 * statistics.median(_seconds(steps))


def _seconds(steps: Iterator[Step]) -> list[float]:
    seconds = []
    for _ in range(20):
        began = time.perf_counter()
        next(steps)
        seconds.append(time.perf_counter() - began)
    return seconds


def _config(**changes: Any) -> RunConfig:
    return RunConfig(
        name="",
        model=MINI_BASE,
        batch_size=BATCH,
        learning_rate=LEARNING_RATE,
        eval_steps=10**9,
        **changes,
    )


def _prepare(config: RunConfig) -> Prepared:
    return prepare(config, lambda *_: None, lambda: None, Ranks())


@contextmanager
def _stepping(folder: Path, **choices: Any) -> Iterator[tuple[Iterator[Step], Journal]]:
    """Steps of a run as the worker takes them, and its journal."""
    config = _config(epochs=1000, **choices)
    run = create_run(config, folder / "run")
    loop = _prepare(config).loop
    journal = Journal(run / EVENTS)
    steering = Steering(run, journal, Ranks())
    driver: Any = type("Driver", (), {"loop": loop})()

    def steps() -> Iterator[Step]:
        for event in loop.run():
            journal.append(event)
            steering.between_steps(driver, lambda: False)
            if isinstance(event, Step):
                yield event

    try:
        yield steps(), journal
    finally:
        journal.close()


class _Clock(TrainerCallback):  # type: ignore[misc]
    """Times the steps, the first one not: the trainer still sets itself up in it."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_step_end(self, *_: object, **__: object) -> None:
        self.times.append(time.perf_counter())


@contextmanager
def trainer(folder: Path) -> Iterator[Sampler]:
    """`Trainer` at its best: by length, fused, with the threads and the precision ours finds."""
    found = _prepare(_config()).config
    checkpoint, tokenizer, rows = _materials()
    rows = rows.add_column("length", [len(ids) for ids in rows["input_ids"]])
    seeds = itertools.count()

    def sample() -> float:
        model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
        clock = _Clock()
        Trainer(
            model,
            TrainingArguments(
                str(folder / "trainer"),
                per_device_train_batch_size=BATCH,
                max_steps=STEPS + 1,
                train_sampling_strategy="group_by_length",
                optim="adamw_torch_fused",
                seed=next(seeds),
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                logging_strategy="no",
                use_cpu=True,
                bf16=found.mixed_precision == "bf16",
            ),
            train_dataset=rows,
            data_collator=DataCollatorWithPadding(tokenizer),
            processing_class=tokenizer,
            callbacks=[clock],
        ).train()
        return STEPS * BATCH / (clock.times[-1] - clock.times[0])

    yield sample
