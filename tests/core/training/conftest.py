"""Tiny runs: a tiny real model, a few dozen sentences, a loop that takes milliseconds a step."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from transformers import AutoTokenizer, set_seed

from core.data.pipeline import batch_data
from core.data.sources import load_data
from core.runs.config import RunConfig
from core.runs.events import Event
from core.training.journal import Journal
from core.training.loop import TrainingLoop
from core.training.model import load_starting_point, with_adapter
from tests.core.training.replay import Killed

GOOD = ["I love this", "What a lovely film", "Not bad at all", "Warm, funny and wise"]
BAD = ["I hate this", "What a dull film", "Not good at all", "Cold, slow and smug"]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny models lose more time between threads than they gain."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    """A worker in the tests' own process listens to signals, and never stops listening."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    handlers = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def sentences(tmp_path: Path) -> Path:
    """A folder with splits of 40, 12 and 12 labelled sentences."""
    folder = tmp_path / "sentences"
    folder.mkdir()
    for split, rows in {"train": 40, "validation": 12, "test": 12}.items():
        lines = [
            f"{'positive' if n % 2 else 'negative'}\t{(GOOD if n % 2 else BAD)[n // 2 % 4]}"
            f"{', really' * (n % 3)}, take {n}"
            for n in range(rows)
        ]
        (folder / f"{split}.tsv").write_text("\n".join(["label\ttext", *lines]) + "\n")
    return folder


@pytest.fixture
def config(tiny_classifier: Path, sentences: Path) -> RunConfig:
    """24 steps: 8 epochs of 3 batches, the last one smaller."""
    return RunConfig(
        name="",
        model=str(tiny_classifier),
        data=str(sentences),
        epochs=8,
        batch_size=16,
        learning_rate=1e-3,
        threads=1,
        fused=True,
        mixed_precision="no",
        group_by_length=False,
        data_workers=0,
    )


@pytest.fixture
def make_loop(tiny_classifier: Path, sentences: Path) -> Callable[[RunConfig], TrainingLoop]:
    """A loop with its seed set, as a worker prepares it."""

    def make(config: RunConfig) -> TrainingLoop:
        data = load_data(str(sentences))
        tokenizer = AutoTokenizer.from_pretrained(tiny_classifier)
        set_seed(config.seed)
        start = load_starting_point(tiny_classifier, "tiny", data.labels)
        model = with_adapter(start.model, config.adapter)
        batched, _ = batch_data(data, config, tokenizer, config.max_length)
        set_seed(config.seed)
        return TrainingLoop(model, batched, config, Accelerator(cpu=True))

    return make


@pytest.fixture
def die_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[type[Event], int], None]:
    """The worker in this process dies when it has logged the n-th event of a kind."""

    def arm(kind: type[Event], count: int) -> None:
        append = Journal.append
        seen = 0

        def dying(self: Journal, event: Event) -> None:
            nonlocal seen
            append(self, event)
            seen += isinstance(event, kind)
            if seen == count and isinstance(event, kind):
                monkeypatch.setattr(Journal, "append", append)
                # Its signs of life end with it.
                self._closing.set()
                raise Killed

        monkeypatch.setattr(Journal, "append", dying)

    return arm
