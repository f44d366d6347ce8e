"""A full-size model's tree from its config alone, against `import transformers` and two seconds.

`structure` is all of it in a fresh process: torch, transformers, config, model, tree.
`structure_bare` sets that against the course's two lines, which is as little as transformers itself
needs for a model without weights. The others are what is left of it in an engine that has imported
both libraries, which it does once.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.registry import Measurement, Sampler, Side, register

KINDS = ("bert", "distilbert", "roberta", "gpt2", "t5", "llama")
ALLOWANCE = 2.0
"""Seconds that may be added to what `import transformers` takes."""

_PREPARE = """
from core.models.libraries import import_libraries
import_libraries()
from core.engine.protocol import ReadStructure
from core.models.errands import carry_out
"""
_TWO_LINES = """
import torch
from transformers import BertConfig, BertModel
with torch.device("meta"):
    model = BertModel(BertConfig())
print(sum(parameter.numel() for parameter in model.parameters()))
"""
_READ = "print(carry_out(ReadStructure(1, {kind!r}), print).structure.root.parameters)"
_END = """
import os, sys
sys.stdout.flush()
os._exit(0)
"""
"""As the engine ends, which tears nothing down."""
_TIMED = """
import time
started = time.perf_counter()
{read}
print(time.perf_counter() - started)
"""


def _seconds(code: str) -> float:
    """From the start of an interpreter that runs `code` to its end."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return time.perf_counter() - started


@contextmanager
def import_transformers(_folder: Path) -> Iterator[Sampler]:
    yield lambda: _seconds("import transformers") + ALLOWANCE


@contextmanager
def fresh(_folder: Path) -> Iterator[Sampler]:
    yield lambda: _seconds(_PREPARE + _READ.format(kind="bert") + _END)


@contextmanager
def two_lines(_folder: Path) -> Iterator[Sampler]:
    yield lambda: _seconds(_TWO_LINES + _END)


def warm(kind: str) -> Side:
    @contextmanager
    def side(_folder: Path) -> Iterator[Sampler]:
        code = _PREPARE + _TIMED.format(read=_READ.format(kind=kind))

        def sample() -> float:
            finished = subprocess.run(
                [sys.executable, "-c", code], check=True, capture_output=True, text=True
            )
            return float(finished.stdout.splitlines()[-1])

        yield sample

    return side


register(Measurement("structure", "s", fresh, import_transformers, "≤ 1"))
register(Measurement("structure_bare", "s", fresh, two_lines, "≤ 1.1"))
for each in KINDS:
    register(Measurement(f"structure_{each}", "s", warm(each), import_transformers, "≤ 1"))
