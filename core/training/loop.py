"""The training loop, as in the Hugging Face course (chapter 3, "A full training loop").

It computes and yields events; it reads and writes no file. Between two events the model, the
optimizer and the schedule stand still: whoever drives the loop may save, evaluate or wait there.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import torch
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW
from transformers import get_scheduler

from core.data.batches import Batch, BatchedData, Split
from core.errors import RunError
from core.runs.config import RunConfig
from core.runs.events import Evaluation, Progress, Step, number
from core.training.randomness import random_state_kept

_REPORT_EVERY = 2.0
"""Seconds between two reports of an evaluation's progress."""


class NotFiniteError(RunError):
    """The loss or the gradients became NaN or infinite. The weights are those before the step."""

    def __init__(self, what: str, global_step: int, epoch: int, batch: int) -> None:
        super().__init__(
            f"{what} became NaN or infinite at step {global_step} (batch {batch} of epoch "
            f"{epoch}); try a lower learning rate or more warm-up."
        )
        self.global_step = global_step


class TrainingLoop:
    """Fine-tunes `model` on `data` as `config` says.

    `global_step` steps have been taken; the position in the data follows from it.
    """

    def __init__(
        self, model: Any, data: BatchedData, config: RunConfig, device: torch.device
    ) -> None:
        self.model = model.to(device)
        self.data = data
        self.device = device
        steps = config.epochs * data.steps_per_epoch
        self.max_steps = min(steps, config.max_steps or steps)
        self.warmup_steps = int(config.warmup_ratio * self.max_steps)
        self.max_grad_norm = config.max_grad_norm
        self.parameters = [weight for weight in model.parameters() if weight.requires_grad]
        self.optimizer = AdamW(
            self.parameters,
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
            fused=True,
        )
        self.lr_scheduler = get_scheduler(
            "linear",
            optimizer=self.optimizer,
            num_warmup_steps=self.warmup_steps,
            num_training_steps=self.max_steps,
        )
        self.global_step = 0

    @property
    def epoch(self) -> float:
        """Epochs done, with the part of the present one."""
        return self.global_step / self.data.steps_per_epoch

    def run(self) -> Generator[Step | Progress | Evaluation]:
        """Trains from `global_step` to `max_steps`; evaluates after each epoch and at the end.

        Raises `NotFiniteError` after the step that shows it.
        """
        self.model.train()
        while self.global_step < self.max_steps:
            epoch, start = divmod(self.global_step, self.data.steps_per_epoch)
            began = time.perf_counter()
            for batch in self.data.training(epoch, start):
                inputs = {name: tensor.to(self.device) for name, tensor in batch.items()}
                learning_rate = self.optimizer.param_groups[0]["lr"]

                outputs = self.model(**inputs)
                loss = outputs.loss
                loss.backward()
                grad_norm = clip_grad_norm_(self.parameters, self.max_grad_norm)
                # A step along such gradients would spoil the weights for good.
                is_finite = bool(torch.isfinite(loss) and torch.isfinite(grad_norm))
                if is_finite:
                    self.optimizer.step()
                    self.lr_scheduler.step()
                    self.global_step += 1
                self.optimizer.zero_grad()

                global_step = self.global_step if is_finite else self.global_step + 1
                yield Step(
                    global_step=global_step,
                    epoch=global_step / self.data.steps_per_epoch,
                    loss=number(loss.item()),
                    learning_rate=learning_rate,
                    grad_norm=number(grad_norm.item()),
                    samples_per_second=len(batch["labels"]) / (time.perf_counter() - began),
                    padding=1.0 - batch["attention_mask"].float().mean().item(),
                )
                if not is_finite:
                    what = "The gradients" if torch.isfinite(loss) else "The loss"
                    batch_number = self.global_step % self.data.steps_per_epoch + 1
                    raise NotFiniteError(what, global_step, epoch + 1, batch_number)
                if self.global_step == self.max_steps:
                    break
                began = time.perf_counter()
            yield from self.evaluate("validation")
        yield from self.evaluate("test")

    def evaluate(
        self, split: Split, request: str | None = None
    ) -> Generator[Progress | Evaluation]:
        """Loss, accuracy and confusion on a split; training's random state is left as it is.

        Yields nothing for a split that is not there.
        """
        rows = self.data.rows(split)
        if not rows:
            return
        labels = int(self.model.config.num_labels)
        confusion = torch.zeros(labels, labels, dtype=torch.long)
        total_loss, done, reported = 0.0, 0, time.monotonic()
        was_training = self.model.training
        self.model.eval()
        try:
            with random_state_kept():
                for batch in self.data.evaluation(split):
                    loss, predicted = self._predict(batch)
                    size = len(predicted)
                    total_loss += loss * size
                    cells = batch["labels"] * labels + predicted
                    confusion += torch.bincount(cells, minlength=labels**2).view(labels, labels)
                    done += size
                    if time.monotonic() - reported >= _REPORT_EVERY:
                        reported = time.monotonic()
                        yield Progress(phase=f"Evaluating on {split}", done=done, total=rows)
        finally:
            self.model.train(was_training)
        yield Evaluation(
            global_step=self.global_step,
            epoch=self.epoch,
            split=split,
            loss=number(total_loss / rows),
            accuracy=confusion.trace().item() / rows,
            confusion=confusion.tolist(),
            majority_baseline=confusion.sum(dim=1).max().item() / rows,
            request=request,
        )

    @torch.no_grad()
    def _predict(self, batch: Batch) -> tuple[float, torch.Tensor]:
        """The batch's mean loss and the predicted labels `[batch]`, on the CPU."""
        outputs = self.model(**{name: tensor.to(self.device) for name, tensor in batch.items()})
        return outputs.loss.item(), outputs.logits.argmax(dim=-1).cpu()

    def set_learning_rate(self, learning_rate: float) -> None:
        """From the next step on, falling linearly to zero from there; in the warm-up: its peak."""
        if self.global_step < self.warmup_steps:
            factor, peak = self.global_step / self.warmup_steps, learning_rate
        else:
            falling = max(1, self.max_steps - self.warmup_steps)
            factor = max(1, self.max_steps - self.global_step) / falling
            peak = learning_rate / factor
        self.lr_scheduler.base_lrs = [peak for _ in self.lr_scheduler.base_lrs]
        for group in self.optimizer.param_groups:
            group["lr"] = peak * factor
