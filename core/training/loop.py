"""The training loop, as in the Hugging Face course (chapter 3, "A full training loop").

On `accelerate`, so that the same lines train on a CPU, a GPU, or many of them. The loop computes
and yields events; it reads and writes no file. Between two events the model, the optimizer and
the schedule stand still: whoever drives the loop may save, evaluate or wait there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, nullcontext
from typing import Any

import torch
from accelerate import Accelerator
from torch.optim import AdamW
from transformers import get_scheduler

from core.data.batches import BatchedData, Microbatch, Split
from core.errors import RunError
from core.runs.config import RunConfig
from core.runs.events import Evaluation, Event, Probed, Progress, Step, Streamed, number
from core.training.evaluation import evaluate
from core.training.model import decay_groups
from core.training.probes import classify_probes

Measured = Progress | Evaluation | Probed | Streamed

_ROWS_NAMED = 8


class NotFiniteError(RunError):
    """The loss or the gradients became NaN or infinite. The weights are those before the step."""


class TrainingLoop:
    """Fine-tunes `model` on `data` as `config` says, in as many processes as `accelerator` has.

    `global_step` steps have been taken; the position in the data follows from it.
    """

    def __init__(
        self, model: Any, data: BatchedData, config: RunConfig, accelerator: Accelerator
    ) -> None:
        self.data = data
        self.config = config
        self.accelerator = accelerator
        steps = config.epochs * data.steps_per_epoch
        self.max_steps = min(steps, config.max_steps or steps)
        self.warmup_steps = config.warmup_steps(self.max_steps)
        self.parameters = [weight for weight in model.parameters() if weight.requires_grad]
        self._set_up(model)
        self.probes: Sequence[str] = config.probes
        self.global_step = 0
        # Of the evaluations that the schedule brings, not of those that someone asks for.
        self.evaluated_step = 0
        self.best_step = 0
        self.best_loss = math.inf
        self.evaluations_since_best = 0

    def _set_up(self, model: Any) -> None:
        config = self.config
        optimizer = AdamW(
            self.parameters if config.plain else decay_groups(model, config.weight_decay),
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
            fused=bool(config.fused),
        )
        self.lr_scheduler = get_scheduler(
            "linear",
            optimizer=optimizer,
            num_warmup_steps=self.warmup_steps,
            num_training_steps=self.max_steps,
        )
        self.model, self.optimizer = self.accelerator.prepare(model, optimizer)

    @property
    def notes(self) -> list[str]:
        """What is to be said of the run before its first step."""
        wanted, epochs = self.config.max_steps, self.config.epochs
        if wanted is None or wanted <= self.max_steps:
            return []
        have = "1 epoch has" if epochs == 1 else f"{epochs:,} epochs have"
        return [
            f"{wanted:,} steps were asked for, but {have} {self.max_steps:,}: the run ends there. "
            "Ask for more epochs to train longer."
        ]

    @property
    def in_warmup(self) -> bool:
        """Whether the learning rate still rises."""
        return self.global_step < self.warmup_steps

    @property
    def epoch(self) -> float:
        """Epochs done, with the part of the present one."""
        return self.global_step / self.data.steps_per_epoch

    def drive(self, handle: Callable[[Event], None]) -> None:
        """Does `run`, and hands each event to `handle`, which may raise to break off."""
        # Closed before the error goes on: an evaluation that was broken off has then put back
        # training's random state.
        with closing(self.run()) as events:
            for event in events:
                handle(event)

    def run(self) -> Generator[Step | Measured]:
        """Trains from `global_step` on; evaluates on schedule, and on the test split at the end.

        Raises `NotFiniteError` after the step that shows it.
        """
        rank, world_size = self.accelerator.process_index, self.accelerator.num_processes
        self.model.train()
        # A checkpoint may have been saved between the step and its evaluation.
        yield from self._evaluate_where_due()
        while not self.is_over():
            epoch, start = divmod(self.global_step, self.data.steps_per_epoch)
            began = time.perf_counter()
            for batches in self.data.training(epoch, start, rank, world_size):
                learning_rate = self.optimizer.param_groups[0]["lr"]

                loss = torch.zeros((), device=self.accelerator.device)
                for index, batch in enumerate(batches, 1):
                    waits = self.accelerator.no_sync(self.model)
                    with nullcontext() if index == len(batches) else waits:
                        inputs = {
                            name: tensor.to(self.accelerator.device)
                            for name, tensor in batch.inputs.items()
                        }
                        outputs = self.model(**inputs)
                        part = outputs.loss * (batch.weight / len(batches))
                        self.accelerator.backward(part)
                        loss += part.detach()
                loss = self.accelerator.reduce(loss, "mean")
                grad_norm = self.accelerator.clip_grad_norm_(
                    self.parameters, self.config.max_grad_norm
                )
                # A step along such gradients would spoil the weights for good.
                is_finite = bool(torch.isfinite(loss) and torch.isfinite(grad_norm))
                if is_finite:
                    self.optimizer.step()
                    self.lr_scheduler.step()
                    self.global_step += 1
                self.optimizer.zero_grad()

                global_step = self.global_step if is_finite else self.global_step + 1
                rows = sum(batch.size for batch in batches)
                yield Step(
                    global_step=global_step,
                    epoch=global_step / self.data.steps_per_epoch,
                    loss=number(loss.item()),
                    learning_rate=learning_rate,
                    grad_norm=number(grad_norm.item()),
                    samples_per_second=rows / (time.perf_counter() - began),
                    padding=_padding(batches),
                )
                if not is_finite:
                    what = "The gradients" if torch.isfinite(loss) else "The loss"
                    raise NotFiniteError(self.not_finite(what, batches))
                yield from self._evaluate_where_due()
                if self.is_over():
                    break
                began = time.perf_counter()
        yield from self.evaluate("test")

    def is_over(self) -> bool:
        """Whether all steps are taken, or no evaluation was better for too long."""
        return self.global_step >= self.max_steps or self.stopped_early

    @property
    def stopped_early(self) -> bool:
        """Whether the validation loss has not fallen for as long as the patience is."""
        patience = self.config.early_stopping_patience
        return patience is not None and self.evaluations_since_best >= patience

    def _evaluate_where_due(self) -> Generator[Measured]:
        every = self.config.eval_steps or self.data.steps_per_epoch
        at_end = self.global_step >= self.max_steps
        if self.global_step == self.evaluated_step or not (at_end or self.global_step % every == 0):
            return
        for event in self.evaluate("validation"):
            if isinstance(event, Evaluation):
                self.note_evaluation(event)
            yield event

    def note_evaluation(self, event: Evaluation) -> None:
        """Keeps in mind whether a scheduled evaluation was better than those before."""
        self.evaluated_step = self.global_step
        self.evaluations_since_best += 1
        if float(event.loss) < self.best_loss:
            self.best_step, self.best_loss = self.global_step, float(event.loss)
            self.evaluations_since_best = 0

    def evaluate(self, split: Split, request: str | None = None) -> Generator[Measured]:
        """Metrics on a split, and the probes; training's random state is left as it is.

        Yields nothing for a split that is not there.
        """
        yield from evaluate(
            self.accelerator, self.model, self.data, split, self.global_step, request
        )
        if split == "validation" and (read := self.data.read_so_far(self.global_step)):
            yield read
        if split == "validation" and self.probes:
            yield self.probe(request)

    def probe(self, request: str | None = None) -> Probed:
        """What the model now thinks of the probes."""
        model = self.accelerator.unwrap_model(self.model)
        return classify_probes(model, self.data, self.probes, self.global_step, request)

    def set_learning_rate(self, learning_rate: float) -> None:
        """From the next step on, falling linearly to zero from there; in the warm-up: its peak."""
        if self.in_warmup:
            factor, peak = self.global_step / self.warmup_steps, learning_rate
        else:
            falling = max(1, self.max_steps - self.warmup_steps)
            factor = max(1, self.max_steps - self.global_step) / falling
            peak = learning_rate / factor
        self.lr_scheduler.base_lrs = [peak for _ in self.lr_scheduler.base_lrs]
        for group in self.optimizer.param_groups:
            group["lr"] = peak * factor

    def not_finite(self, what: str, batches: Sequence[Microbatch]) -> str:
        """Names the step after `global_step`, in which `what` is not finite, and its rows."""
        epoch, before = divmod(self.global_step, self.data.steps_per_epoch)
        first = before * self.config.gradient_accumulation_steps + 1
        last = first + len(batches) - 1
        joined = "and" if last == first + 1 else "to"
        which = f"batch {first}" if last == first else f"batches {first} {joined} {last}"
        rows = [row for batch in batches for row in batch.rows]
        named = ", ".join(map(str, rows[:_ROWS_NAMED])) + (", …" if rows[_ROWS_NAMED:] else "")
        return (
            f"{what} became NaN or infinite at step {self.global_step + 1} ({which} of "
            f"epoch {epoch + 1}: training rows {named}, counted from 0); try a lower learning "
            "rate or more warm-up."
        )


def _padding(batches: Sequence[Microbatch]) -> float:
    """Share of this process's cells that are padding."""
    masks = [batch.inputs["attention_mask"] for batch in batches]
    return 1.0 - sum(int(mask.sum()) for mask in masks) / sum(mask.numel() for mask in masks)
