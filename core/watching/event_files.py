"""Scalars from TensorBoard's event files, by TensorBoard's own reader and protobufs. Heavy."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto import event_pb2, summary_pb2, types_pb2
from tensorboard.util import tensor_util

_AROUND = 16
"""Bytes that a record takes beside its own: its length, and two checksums."""
_NUMBERS = "fiub"
"""Kinds of arrays that are numbers."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One number as it was logged; `time` in Unix seconds."""

    tag: str
    step: float
    time: float
    value: float


class EventFile:
    """One file, read from where the last look ended; `name` is what sentences call it.

    A rest that is no record is said after `patience` seconds without a change.
    """

    def __init__(self, path: Path, name: str, patience: float) -> None:
        self.path = path
        self._name = name
        self._patience = patience
        self.trouble = ""
        """What cannot be read of it, as a sentence."""
        self.records = 0
        """How many the last look found."""
        self._loader = RawEventFileLoader(str(path))
        self._consumed = 0
        self._plugins: dict[str, str] = {}
        self._stuck: tuple[int, float] | None = None
        self._left_out = 0

    def read(self, most: int) -> Iterator[Scalar]:
        """The next scalars, of at most `most` records; none where no whole record is there."""
        self.records = 0
        for raw in self._loader.Load():
            self._consumed += len(raw) + _AROUND
            self._stuck = None
            self.records += 1
            yield from self._scalars(raw)
            if self.records >= most:
                return
        self._look_for_trouble()

    def _look_for_trouble(self) -> None:
        """A rest that stays as it is: torn by a crash, or not a record at all."""
        try:
            size = self.path.stat().st_size
        except OSError:
            return
        if size <= self._consumed:
            self._stuck = None
            return
        if self._stuck is None or self._stuck[0] != size:
            self._stuck = size, time.monotonic()
        if time.monotonic() - self._stuck[1] < self._patience:
            return
        if self._consumed:
            self.trouble = (
                f"{self._name} cannot be read from byte {self._consumed:,} on: it is torn or "
                "damaged there. What stands before is taken."
            )
        else:
            self.trouble = f"{self._name} is no event file: its first record cannot be read."

    def _scalars(self, raw: bytes) -> Iterator[Scalar]:
        try:
            event = event_pb2.Event.FromString(raw)
        except DecodeError:
            self._left_out += 1
            some = "1 record" if self._left_out == 1 else f"{self._left_out:,} records"
            self.trouble = f"{self._name} has {some} in it that cannot be read as an event."
            return
        for value in event.summary.value:
            number = self._number(value)
            if number is not None:
                yield Scalar(value.tag, float(event.step), event.wall_time, number)

    def _number(self, value: summary_pb2.Summary.Value) -> float | None:
        """What a summary comes to; None where it is an image, a text, a histogram."""
        kind = value.WhichOneof("value")
        if kind == "simple_value":
            return float(value.simple_value)
        if kind != "tensor":
            return None
        if name := value.metadata.plugin_data.plugin_name:
            self._plugins.setdefault(value.tag, name)
        if self._plugins.get(value.tag, "scalars") != "scalars":
            return None
        tensor = value.tensor
        if tensor.dtype == types_pb2.DT_FLOAT and len(tensor.tensor_content) == 4:
            return float(struct.unpack("<f", tensor.tensor_content)[0])
        try:
            array = tensor_util.make_ndarray(tensor)
        except (TypeError, ValueError):
            return None
        if array.size != 1 or array.dtype.kind not in _NUMBERS:
            return None
        return float(array.reshape(()))
