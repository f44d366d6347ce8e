"""A contender in a process of its own, with the environment that it has in real life."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.checkpoints import MINI_BASE
from core.runs.config import RunConfig
from core.runs.launch import worker_environment
from tests.benchmarks.registry import Sampler, Side
from tests.benchmarks.subjects import ROOT

READY = "ready"
"""What a contender says before it measures for the first time."""


def worker() -> dict[str, str]:
    """What a worker finds in its environment."""
    return worker_environment(RunConfig(name="", model=MINI_BASE))


def plain_worker() -> dict[str, str]:
    """What a worker finds with `--plain`."""
    return worker_environment(RunConfig(name="", model=MINI_BASE, plain=True))


def bare() -> dict[str, str]:
    """What a script finds that a user starts."""
    return dict(os.environ)


def contender(name: str, environment: dict[str, str]) -> Side:
    """A side that `contenders` has under `name`. No two share threads, caches or memory."""

    @contextmanager
    def side(folder: Path) -> Iterator[Sampler]:
        errors = folder / "stderr"
        with errors.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.benchmarks.loops", name, str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
                env={**environment, "PYTHONPATH": str(ROOT)},
            )

        def line() -> str:
            assert process.stdout is not None
            if not (said := process.stdout.readline()):
                raise RuntimeError(f"{name} failed: {errors.read_text()}")
            return said

        def sample() -> float:
            print(file=process.stdin, flush=True)
            return float(line())

        try:
            # The next one finds out what is fast here when this one is done with that.
            while line().strip() != READY:
                pass
            yield sample
        finally:
            process.communicate()

    return side
