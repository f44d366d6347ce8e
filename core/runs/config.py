"""All it takes to repeat a training run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from core.durable import write_atomic
from core.errors import RunError

REVIEWS = "reviews"
"""The embedded dataset."""

Adapter = Literal["full", "lora", "head"]


class RunConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a run does. Written to `config.json` once, before its worker starts.

    `max_steps`, where set, ends the run there, and the schedule falls to zero there too.
    `adapter` says which parameters are trained: all, LoRA matrices and the head, or the head.
    `threads` of None lets the worker find the fastest count by trying.
    """

    name: str
    model: str
    data: str = REVIEWS
    epochs: int = 2
    learning_rate: float = 1e-4
    batch_size: int = 16
    seed: int = 42
    max_steps: int | None = None
    warmup_ratio: float = 0.1
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    max_length: int = 128
    adapter: Adapter = "full"
    threads: int | None = None
    version: str = ""
    """Termformer's version that wrote this."""

    def problems(self) -> list[str]:
        """What keeps this run from being started, each as a sentence; empty when nothing does."""
        found = []
        if self.epochs < 1:
            found.append("Epochs must be at least 1.")
        if not 0 < self.learning_rate <= 1:
            found.append("The learning rate must be above 0 and at most 1.")
        if not 1 <= self.batch_size <= 4096:
            found.append("The batch size must be between 1 and 4096.")
        if not 0 <= self.seed < 2**32:
            found.append("The seed must be between 0 and 4294967295.")
        if self.max_steps is not None and self.max_steps < 1:
            found.append("The number of steps must be at least 1.")
        if not 0 <= self.warmup_ratio < 1:
            found.append("The warm-up's share must be at least 0 and below 1.")
        if not self.weight_decay >= 0:
            found.append("The weight decay must not be negative.")
        if not self.max_grad_norm > 0:
            found.append("The largest gradient norm must be above 0.")
        if self.max_length < 3:
            found.append("The longest input must have at least 3 tokens.")
        if self.threads is not None and self.threads < 1:
            found.append("The number of threads must be at least 1.")
        if not self.model.strip():
            found.append("A model must be named.")
        if not self.data.strip():
            found.append("Data must be named.")
        return found


def write_config(folder: Path, config: RunConfig) -> None:
    """Writes `config.json` into a run's folder; raises `OSError`."""
    write_atomic(
        folder / "config.json", msgspec.json.format(msgspec.json.encode(config), indent=2) + b"\n"
    )


def read_config(folder: Path) -> RunConfig:
    """Reads a run's `config.json`; raises `RunError` where it is missing or no run's."""
    try:
        return msgspec.json.decode((folder / "config.json").read_bytes(), type=RunConfig)
    except OSError as error:
        raise RunError(f"{folder} holds no run: {error.strerror}.") from error
    except msgspec.MsgspecError as error:
        raise RunError(
            f"{folder / 'config.json'} is not a run's configuration: {error}."
        ) from error
