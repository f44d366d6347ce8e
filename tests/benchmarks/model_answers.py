"""From a key to the model's answer on the screen, next to what the model alone needs for it."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from core.environment import child_environment
from core.settings import SavedState
from tests.benchmarks.keys import KEYS_A_SAMPLE
from tests.benchmarks.registry import Measurement, Sampler, Side, register
from tests.benchmarks.subjects import ROOT, ours, running, wait_until_idle
from tests.terminal.screen import Snapshot

MODEL = "mini"
TEXT = "I've been waiting for a HuggingFace course my whole life.\nI hate this so much"
FRAME = 1000 / 60
"""Milliseconds between two of Textual's frames."""
_KEYS = "!?.,;:x7"
_FORWARD = """
import json, sys, time
import torch
from core.engine.server import choose_threads
from core.models.loading import load_model

choose_threads()
loaded = load_model(sys.argv[1], lambda *_: None)
texts = sys.argv[2].splitlines()
batch = loaded.tokenizer(texts, padding=True, return_tensors="pt")
alone = [loaded.tokenizer([text], return_tensors="pt") for text in texts]
unmasked = {key: rows for key, rows in batch.items() if key != "attention_mask"}
calls = {"logits": [*alone, unmasked, batch], "pipeline": [batch]}[sys.argv[3]]
print("ready", flush=True)
for _ in sys.stdin:
    times = []
    for _ in range(int(sys.argv[4])):
        started = time.perf_counter()
        with torch.inference_mode():
            for inputs in calls:
                loaded.model(**inputs)
        times.append(time.perf_counter() - started)
        time.sleep(0.2)
    print(json.dumps(times), flush=True)
"""
"""The forward passes that a pane's answer takes, and nothing else; a pause between two answers."""


def logits(screen: Snapshot) -> list[str]:
    """The numbers of each step in a batch; none while they are not those of the text."""
    if "computing…" in str(screen):
        return []
    return [line for line in screen.lines if line.strip().startswith("batch, ")]


def stages(screen: Snapshot) -> list[str]:
    """From the logits of the pipeline's second stage on."""
    found = [number for number, line in enumerate(screen.lines) if " 2 forward" in line]
    return list(screen.lines[found[0] + 1 : found[0] + 2]) if found else []


def answered(pane: str, numbers: Callable[[Snapshot], list[str]]) -> Side:
    """Milliseconds from a key that changes the text to other numbers on the screen."""

    @contextmanager
    def side(folder: Path) -> Iterator[Sampler]:
        subject = ours(folder, TEXT)
        state = SavedState(text=TEXT, caret=(1, len(TEXT)), pane=pane, model=MODEL)
        file = Path(subject.env["TERMFORMER_STATE_DIR"]) / "state.json"
        file.write_text(json.dumps(msgspec.to_builtins(state)))
        with running(subject) as terminal:

            def answer(key: str) -> float:
                before = numbers(terminal.screen)
                sent = terminal.send(key)
                seen = terminal.wait_for(lambda screen: numbers(screen) not in ([], before), 60)
                # What else is asked of the engine is not to stand before the next key.
                wait_until_idle(terminal.pid)
                return (seen - sent) * 1000

            terminal.wait_for(lambda screen: any("." in line for line in numbers(screen)), 120)
            wait_until_idle(terminal.pid)

            def sample() -> float:
                times = []
                for key in _KEYS[:KEYS_A_SAMPLE]:
                    times.append(answer(key))
                    answer("\x7f")
                return statistics.median(times)

            yield sample

    return side


def forward(pane: str) -> Side:
    """Milliseconds that the forward passes of one answer take, and one frame."""

    @contextmanager
    def side(folder: Path) -> Iterator[Sampler]:
        cache = os.environ.get("TERMFORMER_CACHE_DIR", str(folder.parents[1] / "cache"))
        with subprocess.Popen(
            [sys.executable, "-c", _FORWARD, MODEL, TEXT, pane, str(KEYS_A_SAMPLE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            cwd=ROOT,
            env={**child_environment(), "TERMFORMER_CACHE_DIR": cache},
        ) as process:
            asked, said = process.stdin, process.stdout
            assert asked
            assert said
            said.readline()

            def sample() -> float:
                asked.write("\n")
                times: list[float] = json.loads(said.readline())
                return 1000 * statistics.median(times) + FRAME

            yield sample
            asked.close()

    return side


for each, shown in (("logits", logits), ("pipeline", stages)):
    register(Measurement(f"answer_{each}", "ms", answered(each, shown), forward(each), "≤ 1.2"))
