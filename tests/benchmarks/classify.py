"""How fast `termformer classify` is, next to `pipeline(texts, batch_size=…)` at its best.

Both have their model loaded; which batch size is best is found beforehand on some of the texts.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rich

from core.engine.client import EngineClient
from core.engine.protocol import Classify, Interim, RowsClassified, Texts
from core.environment import child_environment
from tests.benchmarks import subjects
from tests.benchmarks.registry import Measurement, Sampler, register
from tests.benchmarks.subjects import ROOT, reviews
from tui.commands.classify import BATCH_SIZE, WINDOW

MODEL = "mini"
SAME_WITHIN = 1e-5
_PIPELINE = """
import json, sys, time
import torch
from transformers import pipeline
from core.models.loading import load_model

folder = load_model(sys.argv[1], lambda *_: None).info.folder
classifier = pipeline("text-classification", model=folder, device="cpu")
texts = json.load(open(sys.argv[2], encoding="utf-8"))

def seconds(texts, size):
    started = time.perf_counter()
    said = classifier(texts, batch_size=size, truncation=True)
    return time.perf_counter() - started, [each["score"] for each in said]

some = texts[: max(64, len(texts) // 10)]
seconds(some, 8)
best = min((1, 4, 8, 16, 32, 64), key=lambda size: seconds(some, size)[0])
print(json.dumps([best, torch.get_num_threads()]), flush=True)
for _ in sys.stdin:
    print(json.dumps(seconds(texts, best)), flush=True)
"""

_scores: dict[str, list[float]] = {}
"""Of both sides, the newest: they are to be the same."""


def texts() -> list[str]:
    """As many sentences as are asked for, those of the reviews again and again."""
    return list(itertools.islice(itertools.cycle(reviews()), subjects.sentences))


def _hold(side: str, scores: list[float]) -> None:
    """Keeps what one side said; raises `AssertionError` where the other says something else."""
    _scores[side] = scores
    if len(_scores) == 2:
        apart = max(abs(a - b) for a, b in zip(*_scores.values(), strict=True))
        assert apart <= SAME_WITHIN, f"scores differ by {apart}"


@contextmanager
def ours(folder: Path) -> Iterator[Sampler]:
    """Sentences a second by the engine that the command asks, in the command's portions."""
    os.environ.setdefault("TERMFORMER_CACHE_DIR", str(folder.parents[1] / "cache"))
    client = EngineClient()
    sentences: list[Texts] = [(text, None) for text in texts()]

    async def classify() -> list[float]:
        scores = [0.0] * len(sentences)
        for start in range(0, len(sentences), WINDOW):

            def hear(reply: Interim, start: int = start) -> None:
                if isinstance(reply, RowsClassified):
                    for index, row in zip(reply.indices, reply.rows, strict=True):
                        scores[start + index] = row.score

            window = sentences[start : start + WINDOW]
            await client.ask(Classify(0, MODEL, window, BATCH_SIZE), hear)
        return scores

    with asyncio.Runner() as runner:

        def sample() -> float:
            started = time.perf_counter()
            scores = runner.run(classify())
            rate = len(sentences) / (time.perf_counter() - started)
            _hold("ours", scores)
            return rate

        try:
            yield sample
        finally:
            runner.run(client.close())


@contextmanager
def pipeline(folder: Path) -> Iterator[Sampler]:
    """Sentences a second by transformers' own pipeline, in a process of its own."""
    file = folder / "texts.json"
    file.write_text(json.dumps(texts()), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-c", _PIPELINE, MODEL, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        cwd=ROOT,
        env=child_environment(),
    ) as process:
        asked, said = process.stdin, process.stdout
        assert asked
        assert said
        size, threads = json.loads(said.readline())
        rich.print(f"  pipeline: {size} at once are best, with {threads} threads", flush=True)

        def sample() -> float:
            asked.write("\n")
            seconds, scores = json.loads(said.readline())
            _hold("pipeline", scores)
            return float(len(scores) / seconds)

        yield sample
        asked.close()


register(Measurement("classify", "sentences/s", ours, pipeline, "≥ 1.5", decimals=0))
