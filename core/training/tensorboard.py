"""TensorBoard's event files beside a run's own log, through PyTorch's writer."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from core.errors import RunError
from core.runs.events import Evaluation, Event, Number, RunStarted, Step

FOLDER = "tensorboard"
"""In the run's folder: `tensorboard --logdir RUN/tensorboard`."""


class EventFiles:
    """Repeats a run's events as TensorBoard's scalars; a resumed run adds a file of its own."""

    def __init__(self, run: Path) -> None:
        """Raises `RunError` where the `tensorboard` package is not installed."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise RunError(
                "TensorBoard's files need a package that is not installed: "
                "pip install 'termformer[tensorboard]', or leave out --tensorboard."
            ) from error
        self._writer = SummaryWriter(str(run / FOLDER), flush_secs=5)

    def write(self, event: Event) -> None:
        """Takes an event as it was logged; those without numbers are passed over."""
        match event:
            case RunStarted():
                self._writer.add_text("notes", "\n\n".join(event.notes), 0, event.time)
            case Step():
                step = event.global_step
                self._scalar("train/loss", event.loss, step, event.time)
                self._scalar("train/learning_rate", event.learning_rate, step, event.time)
                self._scalar("train/grad_norm", event.grad_norm, step, event.time)
                self._scalar("train/samples_per_second", event.samples_per_second, step, event.time)
            case Evaluation():
                step, split = event.global_step, event.split
                self._scalar(f"{split}/loss", event.loss, step, event.time)
                self._scalar(f"{split}/accuracy", event.accuracy, step, event.time)
                self._scalar(f"{split}/f1", event.f1, step, event.time)
                for score in event.classes:
                    self._scalar(f"{split}/f1/{score.label}", score.f1, step, event.time)

    def _scalar(self, tag: str, value: Number, step: int, time: float) -> None:
        self._writer.add_scalar(tag, float(value), step, time)

    def close(self) -> None:
        """Writes what is still waiting."""
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
