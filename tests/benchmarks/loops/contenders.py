"""What the training benchmarks compare: the course's loop, `Trainer`, and ours, on one data set.

All train the embedded encoder on the embedded reviews in batches of 16, padded dynamically.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import torch
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
from core.runs.events import Step
from core.runs.folder import EVENTS, create_run
from core.training.journal import Journal
from core.training.preparation import prepare
from core.training.ranks import Ranks
from core.training.steering import Steering
from tests.benchmarks.registry import Sampler

BATCH = 16
STEPS = 50
"""Of one block: a whole megabatch of `Trainer`'s, which begins with its longest rows."""
_EPOCHS = 1000


@cache
def default_threads() -> int:
    """As torch chose it in this process, before anybody chose otherwise."""
    return torch.get_num_threads()


@cache
def _materials() -> tuple[Path, Any, Any]:
    """The checkpoint, its tokenizer and the tokenized training rows."""
    folder = resolve(MINI_BASE, lambda *_: None)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return folder, tokenizer, tokenize(load_data("reviews").train, tokenizer, 128).dataset


@contextmanager
def course(_folder: Path) -> Iterator[Sampler]:
    """Chapter 3, "A full training loop", as written: samples a second."""
    threads = default_threads()
    folder, tokenizer, rows = _materials()
    set_seed(42)
    loader = DataLoader(
        rows.with_format("torch"),
        shuffle=True,
        batch_size=BATCH,
        collate_fn=DataCollatorWithPadding(tokenizer),
    )
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2)
    optimizer = AdamW(model.parameters(), lr=5e-5)
    scheduler = get_scheduler(
        "linear", optimizer=optimizer, num_warmup_steps=0, num_training_steps=len(loader) * _EPOCHS
    )
    model.train()
    batches = itertools.chain.from_iterable(itertools.repeat(loader))

    def sample() -> float:
        torch.set_num_threads(threads)
        began, seen = time.perf_counter(), 0
        for batch in itertools.islice(batches, STEPS):
            outputs = model(**batch)
            outputs.loss.backward()
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            seen += len(batch["labels"])
        return seen / (time.perf_counter() - began)

    yield sample


@contextmanager
def ours(folder: Path, *, plain: bool = False) -> Iterator[Sampler]:
    """The worker's loop with its events and its look for requests: samples a second."""
    with stepping(folder, plain=plain) as (steps, threads, _):

        def sample() -> float:
            torch.set_num_threads(threads)
            began = time.perf_counter()
            for _ in itertools.islice(steps, STEPS):
                pass
            return STEPS * BATCH / (time.perf_counter() - began)

        yield sample


@contextmanager
def stepping(folder: Path, *, plain: bool = False) -> Iterator[tuple[Iterator[Step], int, Journal]]:
    """Steps of a run as the worker takes them, the threads it chose, and its journal."""
    torch.set_num_threads(default_threads())
    config = RunConfig(
        name="", model=MINI_BASE, epochs=_EPOCHS, batch_size=BATCH, plain=plain, eval_steps=10**9
    )
    run = create_run(config, folder / "run")
    prepared = prepare(config, lambda *_: None, lambda: None, Ranks())
    journal = Journal(run / EVENTS)
    steering = Steering(run, journal, Ranks())
    driver: Any = type("Driver", (), {"loop": prepared.loop})()

    def steps() -> Iterator[Step]:
        for event in prepared.loop.run():
            journal.append(event)
            steering.between_steps(driver, lambda: False)
            if isinstance(event, Step):
                yield event

    try:
        yield steps(), prepared.config.threads or 1, journal
    finally:
        journal.close()


@contextmanager
def ours_plain(folder: Path) -> Iterator[Sampler]:
    """Ours with `--plain`."""
    with ours(folder, plain=True) as sample:
        yield sample


class _Clock(TrainerCallback):  # type: ignore[misc]
    """Times the steps, the first one not: the trainer still sets itself up in it."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_step_end(self, *_: object, **__: object) -> None:
        self.times.append(time.perf_counter())


@contextmanager
def trainer(folder: Path) -> Iterator[Sampler]:
    """`Trainer` at its best: grouped by length, fused, with the threads that ours found."""
    with stepping(folder) as (_, threads, __):
        pass
    checkpoint, tokenizer, rows = _materials()
    rows = rows.add_column("length", [len(ids) for ids in rows["input_ids"]])
    seeds = itertools.count()

    def sample() -> float:
        torch.set_num_threads(threads)
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
            ),
            train_dataset=rows,
            data_collator=DataCollatorWithPadding(tokenizer),
            processing_class=tokenizer,
            callbacks=[clock],
        ).train()
        return STEPS * BATCH / (clock.times[-1] - clock.times[0])

    yield sample
