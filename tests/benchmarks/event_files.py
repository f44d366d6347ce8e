"""Others' event files: reading them in a process of its own, against TensorBoard's accumulator."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from core.watching.client import ForeignReader
from tests.benchmarks.registry import Measurement, Sampler, Side, register

_POINTS = 100_000


def write_points(folder: Path) -> None:
    folder.mkdir(parents=True)
    writer = EventFileWriter(str(folder), max_queue_size=10_000)
    for step in range(_POINTS):
        value = summary_pb2.Summary.Value(tag="train/loss", simple_value=1 / (step + 1))
        summary = summary_pb2.Summary(value=[value])
        writer.add_event(event_pb2.Event(step=step, wall_time=1e9 + step, summary=summary))
    writer.close()


def by_us(folder: Path) -> None:
    reader = ForeignReader(folder)
    try:
        reader.all()
    finally:
        reader.close()


def by_tensorboard(folder: Path) -> None:
    EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()


def reading(read: Callable[[Path], None]) -> Side:
    @contextmanager
    def side(folder: Path) -> Iterator[Sampler]:
        logs = folder / "logs"
        write_points(logs)

        def sample() -> float:
            began = time.perf_counter()
            read(logs)
            return (time.perf_counter() - began) * 1e6 / _POINTS

        yield sample

    return side


register(
    Measurement("event_files", "µs a point", reading(by_us), reading(by_tensorboard), "below 1")
)
