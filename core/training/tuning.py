"""What is fast on this machine, found by trying before the first step.

More threads are not always faster: on two cores with one busy neighbour, two threads took 1.09 s
for a step that one thread took 0.19 s for, since every operation waits for its slowest thread.
"""

from __future__ import annotations

import copy
import dataclasses
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice, pairwise
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import torch
from torch.optim import AdamW

from core.data.batches import Batch, BatchedData, epoch_order, padding_share
from core.runs.config import Precision, RunConfig
from core.sizes import percent

_ROUNDS = 5
_BUDGET = 3.0
"""Seconds after which no further round is begun."""
_TRIAL_BATCHES = 3
_PACED, _SETTLING = 12, 2
"""Steps by which a number of data workers is judged, and the first of them, which do not count."""
_DECIDING, _CLEARLY = 2, 1.15
"""Rounds, and how many times slower all others were in each of them, that decide at once."""
_PAIRS = 3
"""Steps in float32, each with one in bfloat16 behind it."""
_QUICK = 0.03
"""Seconds of a step below which less precision is not worth it, nor its gain measured well."""
_MUCH_FASTER = 0.85
"""Share of float32's time that bfloat16 must stay below: it costs precision."""
_HOPELESS = 2.0
"""Times float32's time from which on bfloat16 is not tried again: without a unit for it."""
_NOTICEABLE = 0.05
"""Share of a step below which preparing its batch is no matter."""
_FEW_BATCHES = 100
"""An epoch with fewer is over before processes that were started for it pay."""
_WORTHWHILE = 0.05
"""Share of all cells that grouping must save: it costs some of the batches' randomness."""
_TOO_LARGE = 200_000_000
"""Parameters above which no second optimizer is tried beside the first one's memory."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """`config` with nothing left to choose, and why it was chosen, a sentence each."""

    config: RunConfig
    notes: list[str]


def machine() -> str:
    """What decides how sums are rounded: the processor, the GPU and torch's release."""
    processor = platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
                break
    except OSError:
        processor = platform.processor() or processor
    devices = [torch.cuda.get_device_name()] if torch.cuda.is_available() else []
    return ", ".join([processor, *devices, f"torch {torch.__version__}"])


def tune(
    config: RunConfig, model: Any, data: BatchedData, device: torch.device, local_size: int = 1
) -> Tuned:
    """Fills in what `config` leaves to be chosen; trials are made on a copy of `model`.

    Torch is left at the number of threads chosen. Draws from the global random state; seed after
    it. `local_size` processes share this machine.
    """
    here = machine()
    notes: list[str] = []
    if config.machine not in {"", here}:
        notes.append(
            f"This run was set up on another machine ({config.machine}): that it gives the same "
            "losses here, bit for bit, is not promised."
        )
    grouped, threads, fused = config.group_by_length, config.threads, config.fused
    if grouped is None:
        grouped, note = _grouping(config, data)
        notes.append(note)
    data = dataclasses.replace(data, group_by_length=grouped)
    batches = [step[0].inputs for step in islice(data.training(0), _TRIAL_BATCHES)]
    workers = config.data_workers
    mixed_precision = config.mixed_precision
    tries = not config.plain and None in (threads, fused, workers, mixed_precision)
    trial = copy.deepcopy(model).to(device).train() if tries else None
    if threads is None:
        threads, note = _threads(config, trial, batches, device, local_size)
        notes.append(note)
    torch.set_num_threads(threads)
    if mixed_precision is None:
        mixed_precision, note = _precision(config, trial, batches, device)
        notes.append(note)
    if fused is None:
        fused, note = _fused(config, trial, batches, device)
        notes.append(note)
    if workers is None:
        workers, note = _data_workers(config, trial, data, batches, device)
        notes.append(note)
    if device.type == "cpu" and "MALLOC_TRIM_THRESHOLD_" in os.environ:
        notes.append("Memory that a step frees is kept for the next one.")
    chosen = msgspec.structs.replace(
        config,
        group_by_length=grouped,
        threads=threads,
        fused=fused,
        mixed_precision=mixed_precision,
        data_workers=workers,
        machine=here,
    )
    return Tuned(chosen, notes)


def _grouping(config: RunConfig, data: BatchedData) -> tuple[bool, str]:
    """Whether rows of like length share a batch."""
    if config.plain:
        return False, "Plain, as in the course: batches of random rows."
    at_random, grouped = (
        padding_share(
            data.lengths,
            epoch_order(data.lengths, config.batch_size, config.seed, 0, grouped=grouped),
            config.batch_size,
        )
        for grouped in (False, True)
    )
    if at_random - grouped < _WORTHWHILE:
        return False, f"Batches of random rows: {percent(at_random, 0)} of their cells are padding."
    return True, (
        f"Rows of like length share a batch: {percent(grouped, 0)} of the cells are padding, of "
        f"random rows it would be {percent(at_random, 0)}."
    )


def _threads(
    config: RunConfig, trial: Any, batches: Sequence[Batch], device: torch.device, local_size: int
) -> tuple[int, str]:
    """How many threads compute, by the time that forward and backward take."""
    most = torch.get_num_threads()
    if device.type != "cpu":
        return most, f"Computing on {device}."
    if config.plain:
        return most, f"{_count(most)}, torch's own choice."
    if local_size > 1:
        share = max(1, (os.cpu_count() or 1) // local_size)
        return share, f"{_count(share)} for each of {local_size} processes."
    if most == 1 or not batches:
        return most, f"{_count(most)}: there is no choice here."
    seconds: dict[int, list[float]] = {count: [] for count in sorted({1, most // 2, most}) if count}
    began = time.perf_counter()
    # In turns, so that a neighbour who comes or goes meets all alike.
    for batch in islice(cycle(batches), _ROUNDS + 1):
        for threads, found in seconds.items():
            torch.set_num_threads(threads)
            found.append(_gradient_seconds(trial, batch, device))
        if time.perf_counter() - began > _BUDGET or _is_decided(seconds):
            break
    # The first of each warms up, and counts only where it was all there was time for.
    medians = {threads: median(found[1:] or found) for threads, found in seconds.items()}
    best = min(medians, key=lambda threads: medians[threads])
    timed = ", ".join(f"{value:.3g} s a step with {count}" for count, value in medians.items())
    return best, f"{_count(best)}, found by trying: {timed}."


def _is_decided(seconds: dict[int, list[float]]) -> bool:
    """Whether the same one was so much faster, round by round, that more change nothing."""
    rounds = list(zip(*seconds.values(), strict=True))[1:]
    ranked = [sorted((taken, place) for place, taken in enumerate(found)) for found in rounds]
    best = {first[1] for first, *_ in ranked}
    return (
        len(rounds) >= _DECIDING
        and len(best) == 1
        and all(first[0] * _CLEARLY < second[0] for first, second, *_ in ranked)
    )


def _precision(
    config: RunConfig, trial: Any, batches: Sequence[Batch], device: torch.device
) -> tuple[Precision, str]:
    """bfloat16 for the matrix products where this device is much faster in it."""
    if config.plain:
        return "no", "float32 throughout, as in the course."
    if device.type == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return "bf16", "Matrices are multiplied in bfloat16, which this GPU computes in."
        return "no", "float32 throughout: this GPU does not compute in bfloat16."
    if device.type != "cpu" or not batches:
        return "no", "float32 throughout."
    if (usual := _gradient_seconds(trial, batches[0], device)) < _QUICK:
        return "no", f"float32 throughout: steps of {usual:.3g} s are too short to try bfloat16."
    pairs: list[tuple[float, float]] = []
    for batch in islice(cycle(batches), _PAIRS + 1):
        whole = _gradient_seconds(trial, batch, device)
        with torch.autocast(device.type, torch.bfloat16):
            pairs.append((_gradient_seconds(trial, batch, device), whole))
        if pairs[-1][0] > whole * _HOPELESS:
            break
    # The first one warms up. Each pair met the same batch, and the same neighbours.
    half, whole = sorted(pairs[1:] or pairs, key=lambda pair: pair[0] / pair[1])[
        (len(pairs) - 1) // 2
    ]
    timed = f"{half:.3g} s a step, {whole:.3g} s in float32"
    if half < whole * _MUCH_FASTER:
        return "bf16", f"Matrices are multiplied in bfloat16, found by trying: {timed}."
    return "no", f"float32 throughout: in bfloat16 {timed}."


def _fused(
    config: RunConfig, trial: Any, batches: Sequence[Batch], device: torch.device
) -> tuple[bool, str]:
    """Whether AdamW updates all weights in one pass; True wherever that is not slower."""
    if config.plain or trial is None:
        return False, "AdamW as the course has it, not fused."
    weights = [weight for weight in trial.parameters() if weight.requires_grad]
    if not batches or sum(weight.numel() for weight in weights) > _TOO_LARGE:
        return True, "AdamW is fused: it updates all weights in one pass."
    _gradient_seconds(trial, batches[0], device, keep=True)
    fused, single = (_update_seconds(weights, fused=fused) for fused in (True, False))
    return fused <= single, (
        f"AdamW is {'fused' if fused <= single else 'not fused'}: "
        f"{fused:.3g} s an update fused, {single:.3g} s not."
    )


def _data_workers(
    config: RunConfig, trial: Any, data: BatchedData, batches: Sequence[Batch], device: torch.device
) -> tuple[int, str]:
    """How many processes prepare batches while others compute; tried where it could pay."""
    if config.plain or config.stream or trial is None or not batches:
        return 0, "Batches are prepared in between, as in the course."
    if (count := -(-len(data.train) // data.batch_size)) < _FEW_BATCHES:
        return 0, f"Batches are prepared in between: an epoch has only {count} of them."
    preparing = median(_paces(data, 0, lambda _batch: None))
    computing = median(_gradient_seconds(trial, batch, device) for batch in batches)
    share = preparing / (preparing + computing)
    if share < _NOTICEABLE:
        return 0, f"Batches are prepared in between, which takes {percent(share)} of a step."
    paces = {
        workers: median(
            _paces(data, workers, lambda batch: _gradient_seconds(trial, batch, device))
        )
        for workers in (0, 1, 2)
    }
    best = min(paces, key=lambda workers: paces[workers])
    timed = ", ".join(f"{pace:.3g} s a step with {count}" for count, pace in paces.items())
    named = {0: "No process", 1: "1 process"}.get(best, f"{best} processes")
    return best, f"{named} for preparing batches, found by trying: {timed}."


def _paces(data: BatchedData, workers: int, compute: Callable[[Batch], object]) -> list[float]:
    """Seconds between batches that are computed one after the other, without the first ones."""
    times = []
    tried = dataclasses.replace(data, workers=workers).training(0)
    for step in islice(tried, _PACED):
        compute(step[0].inputs)
        times.append(time.perf_counter())
    return [later - earlier for earlier, later in pairwise(times)][_SETTLING:]


def _gradient_seconds(
    trial: Any, batch: Batch, device: torch.device, *, keep: bool = False
) -> float:
    inputs = {name: tensor.to(device) for name, tensor in batch.items()}
    began = time.perf_counter()
    loss = trial(**inputs).loss
    loss.backward()
    # On a GPU nothing is done before someone asks for a result.
    loss.item()
    seconds = time.perf_counter() - began
    if not keep:
        trial.zero_grad()
    return seconds


def _update_seconds(weights: list[torch.Tensor], *, fused: bool) -> float:
    optimizer = AdamW(weights, lr=0.0, fused=fused)
    found = []
    for _ in range(3):
        began = time.perf_counter()
        optimizer.step()
        found.append(time.perf_counter() - began)
    # The first one makes room for the moments.
    return min(found[1:])


def _count(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads"
