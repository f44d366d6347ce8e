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
Route = Literal["loop", "trainer"]
"""The course's loop, or transformers' `Trainer`; both give the same losses."""


class Scratch(msgspec.Struct, frozen=True, kw_only=True):
    """A model that begins from nothing: its shape, and a tokenizer trained on the data."""

    layers: int = 2
    hidden: int = 128
    heads: int = 4
    vocabulary: int = 8000
    tokenizer: Literal["wordpiece", "bpe"] = "wordpiece"

    def problems(self) -> list[str]:
        """What keeps such a model from being made, each as a sentence."""
        found = []
        if min(self.layers, self.hidden, self.heads) < 1:
            found.append("A model from scratch needs at least 1 layer, 1 wide, with 1 head.")
        elif self.hidden % self.heads:
            found.append(f"The width {self.hidden} cannot be shared by {self.heads} heads.")
        if not 300 <= self.vocabulary <= 1_000_000:
            found.append("The vocabulary must have between 300 and 1000000 entries.")
        return found


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
    text_column: str | None = None
    """The columns' names, where they are not to be found by looking; `pair_column` of ""
    says that there are no sentence pairs."""
    pair_column: str | None = None
    label_column: str | None = None
    label_names: list[str] = []
    """Names for the labels in the order of their ids, in place of those in the data."""
    skip_bad_rows: bool = False
    """Rows that cannot be trained on are left out and reported, instead of refused."""
    stream: bool = False
    """Hub data is read while training, and never stored; needs `max_steps`."""
    route: Route = "loop"
    scratch: Scratch | None = None
    """Where set, `model` is not loaded: one of this shape begins at random."""
    probes: list[str] = []
    """Sentences that are classified at each evaluation."""
    tensorboard: bool = False
    """Writes TensorBoard's event files too."""
    version: str = ""
    """Termformer's version that wrote this."""

    def problems(self) -> list[str]:
        """What keeps this run from being started, each as a sentence; empty when nothing does."""
        steps, names, threads = self.max_steps, self.label_names, self.threads
        checks = (
            (self.epochs >= 1, "Epochs must be at least 1."),
            (0 < self.learning_rate <= 1, "The learning rate must be above 0 and at most 1."),
            (1 <= self.batch_size <= 4096, "The batch size must be between 1 and 4096."),
            (0 <= self.seed < 2**32, "The seed must be between 0 and 4294967295."),
            (steps is None or steps >= 1, "The number of steps must be at least 1."),
            (0 <= self.warmup_ratio < 1, "The warm-up's share must be at least 0 and below 1."),
            (self.weight_decay >= 0, "The weight decay must not be negative."),
            (self.max_grad_norm > 0, "The largest gradient norm must be above 0."),
            (self.max_length >= 3, "The longest input must have at least 3 tokens."),
            (threads is None or threads >= 1, "The number of threads must be at least 1."),
            (bool(self.data.strip()), "Data must be named."),
            (bool(self.model.strip()) or self.scratch is not None, "A model must be named."),
            (len(set(names)) == len(names), "Two labels cannot have the same name."),
            (
                not self.stream or steps is not None,
                "Streamed data has no known end: give the number of steps.",
            ),
        )
        found = [words for fine, words in checks if not fine]
        return found if self.scratch is None else [*found, *self.scratch.problems()]


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
