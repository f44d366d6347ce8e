"""A key in the Model pane, on the tree of 70 layers with each of them open, against a bare key."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec

from core.settings import SavedState
from tests.benchmarks.keys import KEYS_A_SAMPLE, answers, press
from tests.benchmarks.registry import Measurement, Sampler, register
from tests.benchmarks.subjects import bare, ours, running

_TEXT = "I hate this so much!"
_LAYERS = 70
_DOWN = "j"


@contextmanager
def in_the_tree(folder: Path) -> Iterator[Sampler]:
    """Milliseconds of a step down the tree, the median of some."""
    subject = ours(folder, _TEXT)
    model = f"random:mini?num_hidden_layers={_LAYERS}"
    state = SavedState(text=_TEXT, pane="model", model=model)
    file = Path(subject.env["TERMFORMER_STATE_DIR"]) / "state.json"
    file.write_text(json.dumps(msgspec.to_builtins(state)))
    Path(subject.env["TERMFORMER_CONFIG"]).write_text("preload = false\n")
    with running(replace(subject, ready=f"layer.0–{_LAYERS - 1}")) as terminal:
        terminal.press("escape")
        terminal.wait_for("KEYS")
        # What is found is shown in its place: among its 69 siblings, one by one.
        terminal.press("/", *"layer.35.output.dense", "enter")
        terminal.wait_for("encoder.layer.35.output.dense  Linear")
        terminal.press("g")
        terminal.wait_for_quiet(1.0)

        def sample() -> float:
            steps = (press(terminal, _DOWN, subject.answer_row) for _ in range(KEYS_A_SAMPLE))
            return statistics.median(each.milliseconds for each in steps)

        yield sample


@contextmanager
def bare_key(folder: Path) -> Iterator[Sampler]:
    """Milliseconds of a key in the bare app."""
    with answers(bare(folder, _TEXT), lambda answer: answer.milliseconds) as sample:
        yield sample


register(Measurement("key_to_paint_model", "ms", in_the_tree, bare_key, "≤ 3"))
