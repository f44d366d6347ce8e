"""From a run's configuration to a loop that is about to take its first step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from datasets import Dataset
from transformers import DataCollatorWithPadding, set_seed
from transformers.utils import logging as transformers_logging

from core.data.batches import BatchedData, sequence_lengths, tokenize
from core.data.sources import TrainingData, load_data
from core.errors import RunError
from core.models.checkpoint import resolve
from core.models.hub import Progress
from core.runs.config import RunConfig
from core.runs.events import RunStarted
from core.training.loop import TrainingLoop
from core.training.model import StartingPoint, load_starting_point, longest_input, with_adapter
from core.training.threads import ThreadChoice, choose_threads

_TRIAL_BATCHES = 2


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything is loaded and the seed is set."""

    loop: TrainingLoop
    tokenizer: Any
    started: RunStarted


def prepare(config: RunConfig, say: Progress, check_stop: Callable[[], None]) -> Prepared:
    """Loads data and model, chooses threads and sets the seed.

    `say` is told each phase; `check_stop` is called after each, and may raise. Raises
    `DataError`, `ModelError` or `RunError`.
    """
    # What it would report, such as a new head, stands in the notes.
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    if problems := config.problems():
        raise RunError(" ".join(problem.sentence for problem in problems))

    def phase(words: str) -> None:
        check_stop()
        say(words, None, None)

    phase(f"Loading the data {config.data}")
    data = load_data(config.data)
    check_stop()
    folder = resolve(config.model, say)
    phase(f"Loading the model {config.model}")
    # A new head and LoRA's matrices begin at random: the same for the same seed.
    set_seed(config.seed)
    start = load_starting_point(folder, config.model, data.labels)
    parameters = start.model.num_parameters()
    model = with_adapter(start.model, config.adapter)
    phase("Tokenizing")
    longest = longest_input(start, config.max_length)
    batched, cut = _batched(data, start, config, longest)
    phase("Choosing the number of threads")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    choice = _threads(config, model, batched, device)
    # Once more, so that trying left no trace and training begins as it would have without.
    set_seed(config.seed)
    loop = TrainingLoop(model, batched, config, device)
    started = RunStarted(
        max_steps=loop.max_steps,
        steps_per_epoch=batched.steps_per_epoch,
        train_rows=len(batched.train),
        validation_rows=len(batched.validation),
        parameters=parameters,
        trainable=sum(weight.numel() for weight in loop.parameters),
        labels=start.labels,
        threads=choice.threads,
        device=str(device),
        notes=[*data.notes, *start.notes, *cut, choice.note],
    )
    check_stop()
    return Prepared(loop, start.tokenizer, started)


def _batched(
    data: TrainingData, start: StartingPoint, config: RunConfig, longest: int
) -> tuple[BatchedData, list[str]]:
    """The splits tokenized, and a note where texts were cut."""

    def tokenized(split: Dataset) -> Dataset:
        return tokenize(split, start.tokenizer, longest)

    batched = BatchedData(
        train=tokenized(data.train),
        validation=tokenized(data.validation),
        test=tokenized(data.test) if data.test is not None else None,
        collator=DataCollatorWithPadding(start.tokenizer),
        batch_size=config.batch_size,
        seed=config.seed,
    )
    full = sum(length >= longest for length in sequence_lengths(batched.train))
    rows = len(batched.train)
    notes = [f"{full:,} of {rows:,} texts fill all {longest} tokens; longer ones were cut."]
    return batched, notes if full else []


def _threads(
    config: RunConfig, model: Any, batched: BatchedData, device: torch.device
) -> ThreadChoice:
    if config.threads is not None:
        torch.set_num_threads(config.threads)
        return ThreadChoice(config.threads, f"Threads: {config.threads}, as configured.")
    if device.type != "cpu":
        return ThreadChoice(torch.get_num_threads(), f"Computing on {device}.")
    return choose_threads(model, list(islice(batched.training(0), _TRIAL_BATCHES)))
