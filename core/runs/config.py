"""All it takes to repeat a training run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from core.durable import write_atomic
from core.errors import RunError

REVIEWS = "reviews"
"""The embedded dataset."""

Adapter = Literal["full", "lora", "head"]
Route = Literal["loop", "trainer"]
"""The course's loop, or transformers' `Trainer`; both give the same losses, but where `plain` has
all weights decay, as the course's loop as written has it."""


Precision = Literal["no", "bf16"]
"""What the forward pass computes in, as `accelerate` names it; weights stay in float32."""


class Problem(NamedTuple):
    """What is wrong with one field of a configuration."""

    field: str
    sentence: str


class Scratch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model that begins from nothing: its shape, and a tokenizer trained on the data."""

    layers: int = 2
    hidden: int = 128
    heads: int = 4
    vocabulary: int = 8000
    tokenizer: Literal["wordpiece", "bpe"] = "wordpiece"

    @property
    def summary(self) -> str:
        """Layers and width in words."""
        layers = "1 layer" if self.layers == 1 else f"{self.layers} layers"
        return f"a new model of {layers}, {self.hidden} wide"

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
    `eval_steps` of None evaluates after each epoch. A step sees `batch_size` rows, shared among
    the processes, `gradient_accumulation_steps` times.

    What is None of `threads`, `fused`, `group_by_length`, `mixed_precision` and `data_workers` is
    the worker's to choose; it writes its choice here before the first step, and on which
    `machine`, so that the run can be resumed and repeated. `plain` leaves them as the course's
    loop has them.
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
    gradient_accumulation_steps: int = 1
    eval_steps: int | None = None
    early_stopping_patience: int | None = None
    """Evaluations without a lower validation loss after which the run ends; None: never."""
    save_steps: int | None = None
    save_minutes: float | None = 10.0
    """Steps and minutes between two checkpoints; None for no such rhythm."""
    save_total_limit: int = 2
    """Checkpoints kept, the newest; the best one and those that were asked for stay besides."""
    plain: bool = False
    threads: int | None = None
    fused: bool | None = None
    group_by_length: bool | None = None
    mixed_precision: Precision | None = None
    data_workers: int | None = None
    """Processes that prepare batches while others compute; 0: batches are prepared in between."""
    machine: str = ""
    num_processes: int = 1
    config_file: str | None = None
    """An `accelerate` configuration that the processes are launched with."""
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

    def warmup_steps(self, max_steps: int) -> int:
        """Of a run of `max_steps`, those in which the learning rate rises."""
        return int(self.warmup_ratio * max_steps)

    def undecided(self) -> RunConfig:
        """The same, with all that is a worker's to choose left to be chosen once more."""
        return msgspec.structs.replace(
            self,
            threads=None,
            fused=None,
            group_by_length=None,
            mixed_precision=None,
            data_workers=None,
            machine="",
        )

    def problems(self) -> list[Problem]:
        """What keeps this run from being started; empty when nothing does."""
        found = [Problem(field, sentence) for field, holds, sentence in self._rules() if not holds]
        if self.scratch is not None:
            found += [Problem("scratch", sentence) for sentence in self.scratch.problems()]
        return found

    def _rules(self) -> list[tuple[str, bool, str]]:
        """Each as a field, whether it is as it must be, and what to say where it is not."""

        def at_least_one(field: str, noun: str) -> tuple[str, bool, str]:
            value = getattr(self, field)
            return field, value is None or value >= 1, f"{noun} must be at least 1."

        return [
            at_least_one("epochs", "Epochs"),
            (
                "learning_rate",
                0 < self.learning_rate <= 1,
                "The learning rate must be above 0 and at most 1.",
            ),
            (
                "batch_size",
                1 <= self.batch_size <= 4096,
                "The batch size must be between 1 and 4096.",
            ),
            ("seed", 0 <= self.seed < 2**32, "The seed must be between 0 and 4294967295."),
            at_least_one("max_steps", "The number of steps"),
            (
                "warmup_ratio",
                0 <= self.warmup_ratio < 1,
                "The warm-up's share must be at least 0 and below 1.",
            ),
            ("weight_decay", self.weight_decay >= 0, "The weight decay must not be negative."),
            (
                "max_grad_norm",
                self.max_grad_norm > 0,
                "The largest gradient norm must be above 0.",
            ),
            ("max_length", self.max_length >= 3, "The longest input must have at least 3 tokens."),
            at_least_one("gradient_accumulation_steps", "The batches a step accumulates"),
            at_least_one("eval_steps", "The steps between evaluations"),
            at_least_one("early_stopping_patience", "The patience of early stopping"),
            at_least_one("save_steps", "The steps between checkpoints"),
            (
                "save_minutes",
                self.save_minutes is None or self.save_minutes > 0,
                "The minutes between checkpoints must be above 0.",
            ),
            at_least_one("save_total_limit", "The number of checkpoints to keep"),
            at_least_one("threads", "The number of threads"),
            (
                "data_workers",
                self.data_workers is None or 0 <= self.data_workers <= 64,
                "The processes that prepare batches must be between 0 and 64.",
            ),
            at_least_one("num_processes", "The number of processes"),
            (
                "batch_size",
                self.num_processes <= self.batch_size,
                "The batch size must be at least the number of processes, which share a batch.",
            ),
            (
                "max_steps",
                not self.stream or self.max_steps is not None,
                "Streamed data has no known end: give the number of steps.",
            ),
            (
                "route",
                self.route == "loop" or self.num_processes == 1,
                "The Trainer route runs in one process here; take the loop for several.",
            ),
            (
                "route",
                self.route == "loop" or not self.stream,
                "The Trainer route cannot stream its data here; take the loop for that.",
            ),
            (
                "adapter",
                self.scratch is None or self.adapter == "full",
                "A model that begins from nothing must be trained whole.",
            ),
            (
                "label_names",
                len(set(self.label_names)) == len(self.label_names),
                "Two labels cannot have the same name.",
            ),
            (
                "model",
                self.scratch is not None or bool(self.model.strip()),
                "A model must be named.",
            ),
            ("data", bool(self.data.strip()), "Data must be named."),
        ]


_decoder = msgspec.json.Decoder(RunConfig)
"""Made once: two threads that both make msgspec look at a type for the first time may crash it."""


def write_config(folder: Path, config: RunConfig) -> None:
    """Writes `config.json` into a run's folder; raises `OSError`."""
    write_atomic(
        folder / "config.json", msgspec.json.format(msgspec.json.encode(config), indent=2) + b"\n"
    )


def read_config(folder: Path) -> RunConfig:
    """Reads a run's `config.json`; raises `RunError` where it is missing or no run's."""
    if not (folder / "config.json").exists():
        raise RunError(f"{folder} holds no run.")
    return load_config(folder / "config.json")


def load_config(file: Path) -> RunConfig:
    """Reads a configuration, wherever it stands; raises `RunError`."""
    try:
        return _decoder.decode(file.read_bytes())
    except OSError as error:
        raise RunError(f"{file} cannot be read: {error.strerror}.") from error
    except msgspec.MsgspecError as error:
        raise RunError(f"{file} is not a run's configuration: {error}.") from error
