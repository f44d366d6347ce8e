"""How many threads torch should compute with, found by trying.

More is not always faster: on two cores with one busy neighbour, two threads took 1.09 s for a
step that one thread took 0.19 s for, since every operation waits for its slowest thread.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from statistics import median
from typing import Any

import torch

from core.data.batches import Batch

_ROUNDS = 5
_BUDGET = 3.0
"""Seconds after which no further round is begun."""


@dataclass(frozen=True, slots=True)
class ThreadChoice:
    """The count chosen, and why, as a sentence."""

    threads: int
    note: str


def choose_threads(model: Any, batches: Sequence[Batch]) -> ThreadChoice:
    """Times forward and backward on a copy of `model`, with one thread and with all.

    Draws from the global random state; seed after it. Leaves torch at the count chosen.
    """
    most = torch.get_num_threads()
    if most == 1 or not batches:
        return ThreadChoice(most, f"{_count(most)}: there is no choice here.")
    trial = copy.deepcopy(model)
    trial.train()
    seconds: dict[int, list[float]] = {1: [], most: []}
    began = time.perf_counter()
    # In turns, so that a neighbour who comes or goes meets both alike.
    for batch in islice(cycle(batches), _ROUNDS + 1):
        for threads, found in seconds.items():
            torch.set_num_threads(threads)
            found.append(_step_seconds(trial, batch))
        if time.perf_counter() - began > _BUDGET:
            break
    # The first step of each warms up, and counts only where it was all there was time for.
    medians = {threads: median(found[1:] or found) for threads, found in seconds.items()}
    best = min(medians, key=lambda threads: medians[threads])
    torch.set_num_threads(best)
    timed = ", ".join(f"{value:.3g} s a step with {count}" for count, value in medians.items())
    return ThreadChoice(best, f"{_count(best)}, found by trying: {timed}.")


def _step_seconds(model: Any, batch: Batch) -> float:
    began = time.perf_counter()
    model(**batch).loss.backward()
    model.zero_grad()
    return time.perf_counter() - began


def _count(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads"
