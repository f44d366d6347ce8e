"""From a run's configuration to a loop that is about to take its next step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch
from transformers import set_seed
from transformers.utils import logging as transformers_logging

from core.data.pipeline import batch_data, open_data
from core.data.report import report_notes
from core.data.sources import TrainingData
from core.errors import ModelError, RunError
from core.models.checkpoint import resolve
from core.models.failures import plain_reason
from core.models.hub import Progress
from core.runs.config import RunConfig
from core.runs.events import DataReported, RunStarted
from core.training.checkpoints import damaged_checkpoint
from core.training.loop import TrainingLoop
from core.training.model import StartingPoint, load_starting_point, longest_input, with_adapter
from core.training.ranks import Ranks
from core.training.resuming import data_fingerprint
from core.training.scratch import start_from_scratch
from core.training.tuning import tune


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything is loaded and the seed is set; nothing in `config` is left to choose."""

    loop: TrainingLoop
    tokenizer: Any
    report: DataReported
    started: RunStarted
    config: RunConfig


def prepare(
    config: RunConfig,
    say: Progress,
    check_stop: Callable[[], None],
    ranks: Ranks,
    checkpoint: Path | None = None,
) -> Prepared:
    """Loads data and model, chooses what is fast here, and sets the seed.

    With `checkpoint` the weights are those saved there; `restore_checkpoint` then puts back the
    rest. `say` is told each phase; `check_stop` is called after each, and may raise. Raises
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

    ranks.require(config.num_processes)
    joined = ranks.join()
    # One process a machine fills the caches, the others find them full.
    with joined.local_main_process_first():
        phase(f"Loading the data {config.data}")
        data = open_data(config, say)
        check_stop()
        start = _starting_point(config, data, checkpoint, say)
        parameters = start.model.num_parameters()
        model = with_adapter(start.model, config.adapter)
        phase("Tokenizing")
        longest = longest_input(start, config.max_length)
        batched, report = batch_data(data, config, start.tokenizer, longest, say)
    if config.stream:
        # Rows that are yet to come cannot be put in order.
        config = msgspec.structs.replace(config, group_by_length=False)
    if not config.plain:
        phase("Finding out what is fast here")
    tuned = ranks.agree(tune(config, model, batched, joined.device, ranks.local_size))
    config = tuned.config
    accelerator = ranks.accelerator(config.mixed_precision)
    torch.set_num_threads(config.threads or 1)
    batched = dataclasses.replace(
        batched,
        group_by_length=bool(config.group_by_length),
        workers=config.data_workers or 0,
    )
    # Once more, so that trying left no trace and training begins as it would have without; each
    # process with a dropout of its own.
    set_seed(config.seed + ranks.rank)
    if config.route == "trainer":
        from core.training.trainer_route import TrainerLoop

        loop: TrainingLoop = TrainerLoop(model, batched, config, accelerator)
    else:
        loop = TrainingLoop(model, batched, config, accelerator)
    started = RunStarted(
        max_steps=loop.max_steps,
        steps_per_epoch=batched.steps_per_epoch,
        train_rows=len(batched.train),
        validation_rows=len(batched.validation),
        parameters=parameters,
        trainable=sum(weight.numel() for weight in loop.parameters),
        labels=start.labels,
        threads=config.threads or 1,
        device=str(accelerator.device),
        world_size=accelerator.num_processes,
        notes=[*data.notes, *report_notes(report), *start.notes, *tuned.notes, *loop.notes],
        data_fingerprint="" if config.stream else data_fingerprint(batched, start.labels),
    )
    check_stop()
    return Prepared(loop, start.tokenizer, report, started, config)


def _starting_point(
    config: RunConfig, data: TrainingData, checkpoint: Path | None, say: Progress
) -> StartingPoint:
    """The model and tokenizer that training begins with, or goes on with."""
    name = config.model or "scratch"
    if config.scratch is not None and checkpoint is None:
        say("Training a tokenizer", None, None)
        set_seed(config.seed)
        return start_from_scratch(config.scratch, data.train, data.labels, config.max_length)
    # An adapter is put onto the weights that it was trained on.
    is_merged = checkpoint is None or config.adapter == "lora"
    folder = resolve(config.model, say) if is_merged else checkpoint
    assert folder is not None
    say(f"Loading the model {name}", None, None)
    # A new head and LoRA's matrices begin at random: the same for the same seed.
    set_seed(config.seed)
    try:
        return load_starting_point(folder, name, data.labels)
    except ModelError as error:
        if folder == checkpoint and error.kind in {"corrupt", "unsafe"}:
            raise damaged_checkpoint(folder, plain_reason(error)) from error
        raise
