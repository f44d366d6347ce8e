"""`python -m core.training.make_mini OUT_DIR`: trains the embedded classifier from nothing.

It is an ordinary run of `mini-base` on `reviews` with LoRA. What the training changed is written to
OUT_DIR, which ships as `core/models/mini/`: `adapter_config.json`, `adapter_model.safetensors` and
`metrics.json`. The hyper-parameters were chosen by validation accuracy, never by the test's.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
import tempfile
from pathlib import Path

import msgspec

from core.checkpoints import MINI, MINI_BASE
from core.durable import write_atomic
from core.errors import RunError, TermformerError
from core.runs.config import REVIEWS, RunConfig
from core.runs.events import Evaluation, Number, RunFailed, RunStarted, RunStopped
from core.runs.folder import ADAPTER, EVENTS, create_run
from core.runs.log import EventReader
from core.training.worker import Worker

ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
"""Where the embedded encoder comes from."""
RECIPE = RunConfig(
    name=MINI,
    model=MINI_BASE,
    data=REVIEWS,
    adapter="lora",
    epochs=3,
    learning_rate=1e-3,
    batch_size=16,
    seed=42,
    # One thread and nothing found by trying: the same sums in the same order on every machine.
    plain=True,
    threads=1,
    fused=True,
)

logger = logging.getLogger(__name__)


class SplitMetrics(msgspec.Struct, frozen=True):
    """Of one split; `confusion[i][j]` counts rows of label i predicted as label j."""

    rows: int
    accuracy: float
    loss: Number
    confusion: list[list[int]]


class MiniMetrics(msgspec.Struct, frozen=True):
    """How `mini` was made and how good it is; ships as `metrics.json`."""

    encoder: str
    data: str
    labels: list[str]
    train_rows: int
    trainable_parameters: int
    epochs: int
    learning_rate: float
    batch_size: int
    warmup_ratio: float
    weight_decay: float
    seed: int
    validation: SplitMetrics
    test: SplitMetrics


def make_mini(out: Path, recipe: RunConfig = RECIPE) -> MiniMetrics:
    """Trains `mini` and writes its files to `out`; raises `TermformerError`."""
    with tempfile.TemporaryDirectory(prefix="make-mini-") as parent:
        run = create_run(recipe, Path(parent) / recipe.name)
        Worker(run).run()
        metrics = _metrics(run, recipe)
        out.mkdir(parents=True, exist_ok=True)
        config = json.loads((run / ADAPTER / "adapter_config.json").read_bytes())
        # Instead of the folder that the encoder was loaded from here.
        config["base_model_name_or_path"] = ENCODER
        # peft writes these in any order, and some names twice: the same training, the same file.
        for names in ("target_modules", "modules_to_save"):
            config[names] = sorted(set(config[names]))
        text = json.dumps(config, indent=2, sort_keys=True) + "\n"
        write_atomic(out / "adapter_config.json", text.encode(), mode=0o644)
        weights = out / "adapter_model.safetensors"
        shutil.copyfile(run / ADAPTER / weights.name, weights)
        written = msgspec.json.format(msgspec.json.encode(metrics), indent=2) + b"\n"
        write_atomic(out / "metrics.json", written, mode=0o644)
    return metrics


def _metrics(run: Path, recipe: RunConfig) -> MiniMetrics:
    started: RunStarted | None = None
    evaluated: dict[str, SplitMetrics] = {}
    for batch in EventReader(run / EVENTS).drain():
        for event in batch.events:
            match event:
                case RunStarted():
                    started = event
                case Evaluation():
                    rows = sum(map(sum, event.confusion))
                    evaluated[event.split] = SplitMetrics(
                        rows, round(event.accuracy, 4), event.loss, event.confusion
                    )
                    logger.info(
                        "step %d: %s accuracy %.4f, loss %s",
                        event.global_step,
                        event.split,
                        event.accuracy,
                        event.loss,
                    )
                case RunFailed(message=message) | RunStopped(reason=message):
                    raise RunError(message)
    if started is None:
        raise RunError("The run never started.")
    return MiniMetrics(
        encoder=ENCODER,
        data=recipe.data,
        labels=started.labels,
        train_rows=started.train_rows,
        trainable_parameters=started.trainable,
        epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        batch_size=recipe.batch_size,
        warmup_ratio=recipe.warmup_ratio,
        weight_decay=recipe.weight_decay,
        seed=recipe.seed,
        validation=evaluated["validation"],
        test=evaluated["test"],
    )


def main() -> int:
    """Parses the command line; 0 when the files are written, 1 when not."""
    parser = argparse.ArgumentParser(prog="python -m core.training.make_mini")
    parser.add_argument("out", type=Path, help="folder for the adapter, such as core/models/mini")
    parser.add_argument("--epochs", type=int, default=RECIPE.epochs)
    parser.add_argument("--learning-rate", type=float, default=RECIPE.learning_rate)
    parser.add_argument("--batch-size", type=int, default=RECIPE.batch_size)
    parser.add_argument("--seed", type=int, default=RECIPE.seed)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    recipe = msgspec.structs.replace(
        RECIPE,
        epochs=chosen.epochs,
        learning_rate=chosen.learning_rate,
        batch_size=chosen.batch_size,
        seed=chosen.seed,
    )
    try:
        make_mini(chosen.out, recipe)
    except (TermformerError, OSError) as error:
        logger.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
