"""The same training by transformers' `Trainer`, as in chapter 3 of the course.

Same batches in the same order, same optimizer, schedule, clipping and seed: hence the same losses
as the loop's. A callback tells the same events, so that whoever drives the one drives the other.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import torch
from torch.nn.utils import get_total_norm
from torch.utils.data import DataLoader
from transformers import (
    EvalPrediction,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)
from transformers.trainer import TRAINER_STATE_NAME

from core.data.batches import EVALUATED_AT_ONCE, Batch, BatchedData, Microbatch, Split
from core.runs.config import RunConfig
from core.runs.events import Evaluation, Event, Progress, Step, number
from core.training.evaluation import REPORT_EVERY, evaluation_event
from core.training.loop import Measured, NotFiniteError, TrainingLoop
from core.training.metrics import ClassificationMetrics, Scores, WorstRows
from core.training.model import is_adapted
from core.training.ordered import OrderedBatches, OrderedLoader
from core.training.randomness import (
    RandomState,
    random_state,
    random_state_kept,
    restore_random_state,
)


class TrainerLoop(TrainingLoop):
    """A `TrainingLoop` whose steps are `Trainer`'s; in one process."""

    def _set_up(self, model: Any) -> None:
        # Trainer would else leave the mean over accumulated batches to a model that takes none
        # (transformers#47688).
        (model.get_base_model() if is_adapted(model) else model).accepts_loss_kwargs = False
        args = training_arguments(self.config, self.data, self.max_steps, self.warmup_steps)
        # Trainer makes its optimizer and schedule here, so that a checkpoint's state can be put
        # into them; those that it makes itself in `train` would begin anew.
        maker = Trainer(model=model, args=args, eval_dataset=self.data.validation)
        maker.create_optimizer_and_scheduler(self.max_steps)
        labels = [model.config.id2label[label] for label in range(model.config.num_labels)]
        self._judge = _Judge(labels)
        self._reporter = _Reporter(self)
        self.trainer = _OrderedTrainer(
            model=model,
            args=args,
            train_dataset=self.data.train,
            eval_dataset=self.data.validation,
            data_collator=self.data.collator,
            processing_class=self.data.collator.tokenizer,
            compute_metrics=self._judge,
            callbacks=[self._reporter],
            optimizers=(maker.optimizer, maker.lr_scheduler),
        )
        self.trainer.data, self.trainer.reporter = self.data, self._reporter
        # It would print what the events say.
        self.trainer.remove_callback(PrinterCallback)
        self.model = model
        self.optimizer, self.lr_scheduler = maker.optimizer, maker.lr_scheduler
        set_seed(self.config.seed)

    def drive(self, handle: Callable[[Event], None]) -> None:
        """Trains from `global_step` on and hands each event to `handle`, which may raise."""
        self._reporter.handle = handle
        for event in self._evaluate_where_due():
            handle(event)
        if not self.is_over():
            self._train()
        for event in self.evaluate("test"):
            handle(event)

    def _train(self) -> None:
        if not self.global_step:
            self.trainer.train()
            return
        # Weights, optimizer, schedule and random state are in place already; Trainer only needs
        # to be told the step, which it reads from a file.
        self.trainer.random = random_state()
        with tempfile.TemporaryDirectory(prefix="trainer-state-") as folder:
            position = TrainerState(global_step=self.global_step)
            position.train_batch_size = self.trainer.args.train_batch_size
            position.compute_steps(self.trainer.args, self.max_steps)
            position.save_to_json(str(Path(folder) / TRAINER_STATE_NAME))
            self.trainer.train(resume_from_checkpoint=folder)

    def evaluate(self, split: Split, request: str | None = None) -> Generator[Measured]:
        """Metrics on a split by `Trainer.evaluate`, and the probes."""
        dataset = self.data.validation if split == "validation" else self.data.test
        if dataset is None:
            return
        self._reporter.split = split
        try:
            self.trainer.evaluate(dataset, metric_key_prefix=split)
        finally:
            self._reporter.split = None
            self.model.train()
        yield from self.judged(split, request)

    def judged(self, split: Split, request: str | None = None) -> Generator[Measured]:
        """What the evaluation that was just made is to be told as."""
        scores, worst = self._judge.scores, self._judge.worst
        misjudged = worst.misjudged(lambda row: self.data.text(split, row))
        yield evaluation_event(self.data, split, self.global_step, scores, misjudged, request)
        if split == "validation" and self.probes:
            yield self.probe(request)


def training_arguments(
    config: RunConfig, data: BatchedData, max_steps: int, warmup_steps: int
) -> TrainingArguments:
    """What a run's configuration is in `Trainer`'s words."""
    return TrainingArguments(
        output_dir=".",  # Where nothing is written: the run has its own checkpoints.
        eval_strategy="steps",
        eval_steps=config.eval_steps or data.steps_per_epoch,
        save_strategy="no",
        logging_strategy="steps",
        logging_steps=1,
        # A loss that is no number must be seen.
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        max_steps=max_steps,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=max(config.batch_size, EVALUATED_AT_ONCE),
        gradient_accumulation_steps=config.gradient_accumulation_steps,
        learning_rate=config.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=warmup_steps,
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        optim="adamw_torch_fused" if config.fused else "adamw_torch",
        bf16=config.mixed_precision == "bf16",
        # bfloat16 on a CPU is refused unless it is said that a CPU is meant.
        use_cpu=not torch.accelerator.is_available(),
        seed=config.seed,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        accelerator_config={"use_configured_state": True},
    )


class _OrderedTrainer(Trainer):  # type: ignore[misc]
    """`Trainer` with the loop's order of the data, which draws from no global random state."""

    data: BatchedData
    reporter: _Reporter
    random: RandomState

    def get_train_dataloader(self) -> DataLoader[Any]:
        order = OrderedBatches(self.data)
        return OrderedLoader(self.train_dataset, order, self.data_collator, self.data.workers)

    def evaluation_loop(self, *args: Any, **kwargs: Any) -> Any:
        self.reporter.begin_evaluation()
        with random_state_kept():
            return super().evaluation_loop(*args, **kwargs)

    def training_step(self, model: Any, inputs: Batch, *args: Any, **kwargs: Any) -> torch.Tensor:
        loss: torch.Tensor = super().training_step(model, inputs, *args, **kwargs)
        self.reporter.saw(inputs, loss)
        return loss

    # `TrainerLoop` has put these in place before.
    def _load_from_checkpoint(self, *_: Any, **__: Any) -> None: ...
    def _load_optimizer_and_scheduler(self, *_: Any) -> None: ...
    def _load_scaler(self, *_: Any) -> None: ...

    def _load_rng_state(self, *_: Any) -> None:
        restore_random_state(self.random)


class _Judge:
    """`Trainer`'s `compute_metrics`; keeps the last scores with all their detail."""

    scores: Scores
    worst: WorstRows

    def __init__(self, labels: list[str]) -> None:
        self._labels = labels

    def __call__(self, prediction: EvalPrediction) -> dict[str, float]:
        logits = torch.from_numpy(prediction.predictions)
        expected = torch.from_numpy(prediction.label_ids)
        metrics = ClassificationMetrics(self._labels, logits.device)
        metrics.update(logits, expected)
        self.scores, self.worst = metrics.scores(), WorstRows(self._labels)
        self.worst.update(logits, expected, range(len(logits)))
        return {"accuracy": self.scores.accuracy, "f1": self.scores.f1}


class _Reporter(TrainerCallback):  # type: ignore[misc]
    """Tells what `Trainer` does as a run's events.

    `split` is what is being evaluated on request; None where Trainer's own schedule asks.
    """

    handle: Callable[[Event], None]

    def __init__(self, loop: TrainerLoop) -> None:
        self._loop = loop
        self.split: Split | None = None
        self._began = self._reported = 0.0
        self._learning_rate = 0.0
        self._loss = torch.zeros(())
        self._rows = self._cells = self._tokens = self._evaluated = 0

    def saw(self, inputs: Batch, loss: torch.Tensor) -> None:
        """One batch went forward and back; `loss` is its share of the step's."""
        self._loss = self._loss + loss
        mask = inputs["attention_mask"]
        self._rows += len(mask)
        self._cells += mask.numel()
        self._tokens += int(mask.sum())

    def begin_evaluation(self) -> None:
        """Batches are counted from here on."""
        self._evaluated, self._reported = 0, time.perf_counter()

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self._began = time.perf_counter()
        # Trainer would say the one before, where another was asked for in between.
        self._learning_rate = self._loop.optimizer.param_groups[0]["lr"]
        self._loss = torch.zeros((), device=args.device)
        self._rows = self._cells = self._tokens = 0

    def on_pre_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """A step along gradients that are no numbers would spoil the weights for good."""
        loop = self._loop
        norm = get_total_norm([one.grad for one in loop.parameters if one.grad is not None])
        is_finite = bool(torch.isfinite(self._loss))
        if is_finite and torch.isfinite(norm):
            return
        self.handle(self._step(state.global_step + 1, self._loss.item(), norm.item()))
        raise NotFiniteError(
            loop.not_finite("The gradients" if is_finite else "The loss", self._batches())
        )

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self._loop.global_step = state.global_step
        # Trainer's schedule leaves out a last step that is no multiple.
        control.should_evaluate |= state.global_step >= state.max_steps

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float],
        **_: Any,
    ) -> None:
        if "loss" in logs:
            self.handle(self._step(state.global_step, logs["loss"], logs["grad_norm"]))

    def on_prediction_step(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        eval_dataloader: DataLoader[Any] | None = None,
        **_: Any,
    ) -> None:
        self._evaluated += args.eval_batch_size
        if eval_dataloader is None or time.perf_counter() - self._reported < REPORT_EVERY:
            return
        self._reported = time.perf_counter()
        split = self.split or "validation"
        rows = self._loop.data.rows(split)
        done = min(self._evaluated, rows)
        self.handle(Progress(phase=f"Evaluating on {split}", done=done, total=rows))

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        if self.split is not None:
            return
        for event in self._loop.judged("validation"):
            if isinstance(event, Evaluation):
                self._loop.note_evaluation(event)
            self.handle(event)
        control.should_training_stop |= self._loop.is_over()

    def _step(self, step: int, loss: float, grad_norm: float) -> Step:
        return Step(
            global_step=step,
            epoch=step / self._loop.data.steps_per_epoch,
            loss=number(loss),
            learning_rate=self._learning_rate,
            grad_norm=number(grad_norm),
            samples_per_second=self._rows / (time.perf_counter() - self._began),
            padding=1 - self._tokens / max(1, self._cells),
        )

    def _batches(self) -> list[Microbatch]:
        """The rows of the step that is being taken."""
        data = self._loop.data
        epoch, before = divmod(self._loop.global_step, data.steps_per_epoch)
        first = before * data.gradient_accumulation_steps
        rows = data.batches(epoch)[first : first + data.gradient_accumulation_steps]
        return [Microbatch({}, batch, len(batch)) for batch in rows]
