"""Scalars from TensorBoard's event files, by TensorBoard's own reader and protobufs. Heavy."""

from __future__ import annotations

import errno
import stat
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto import event_pb2, summary_pb2, types_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.util import tensor_util

_HEAD, _AROUND = 12, 16
"""Bytes before a record's own, its length and that one's checksum; and those with its own's."""
_NAMELESS = "(without a name)"
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

    A record that has only begun is said once nothing was written for `patience` seconds.
    """

    def __init__(self, path: Path, name: str, patience: float) -> None:
        self.path = path
        self._name = name
        self._patience = patience
        self.records = 0
        """How many the last look found."""
        self._plugins: dict[str, str] = {}
        self._begin()

    def _begin(self) -> None:
        try:
            self._loader = RawEventFileLoader(str(self.path))
        except UnicodeEncodeError as error:
            words = "TensorBoard's reader opens no path that is not UTF-8"
            raise OSError(errno.EILSEQ, words) from error
        self._consumed = self._left_out = 0
        self._rest = ""

    @property
    def trouble(self) -> str:
        """What cannot be read of it at present, in sentences; empty where all can."""
        some = "1 record" if self._left_out == 1 else f"{self._left_out:,} records"
        left_out = f"{self._name} has {some} in it that cannot be read as an event."
        return " ".join(filter(None, [left_out if self._left_out else "", self._rest]))

    def read(self, most: int) -> Iterator[Scalar]:
        """The next scalars, of at most `most` records; none where no whole record is there.

        Raises `OSError`, or an error of TensorBoard's own, where the file cannot be read.
        """
        self.records = 0
        status = self.path.stat()
        if not stat.S_ISREG(status.st_mode):
            # A pipe's other end may never come.
            raise OSError(errno.EINVAL, "Not an ordinary file")
        if status.st_size < self._consumed:
            self._begin()  # it is another one by the same name
        for raw in self._loader.Load():
            self._consumed += len(raw) + _AROUND
            self.records += 1
            yield from self._scalars(raw)
            if self.records >= most:
                return
        silent = time.time() - status.st_mtime
        self._rest = self._words_for_rest(status.st_size - self._consumed, silent)

    def _words_for_rest(self, rest: int, silent: float) -> str:
        """What `rest` bytes are that stood there and gave no record, as a sentence."""
        if rest >= _HEAD:
            with self.path.open("rb") as stream:
                stream.seek(self._consumed)
                head = stream.read(_HEAD)
            length, checksum = struct.unpack("<QI", head)
            if masked_crc32c(head[:8]) != checksum or length + _AROUND <= rest:
                if not self._consumed:
                    return f"{self._name} is no event file: its first record cannot be read."
                return (
                    f"{self._name} is damaged at byte {self._consumed:,}. What stands before it "
                    "is shown, and nothing behind."
                )
        if rest <= 0 or silent < self._patience:
            return ""
        return (
            f"{self._name} ends within a record, which was cut off or is yet to be written. "
            "What stands before it is shown."
        )

    def _scalars(self, raw: bytes) -> Iterator[Scalar]:
        try:
            event = event_pb2.Event.FromString(raw)
        except DecodeError:
            self._left_out += 1
            return
        for value in event.summary.value:
            number = self._number(value)
            if number is not None:
                yield Scalar(value.tag or _NAMELESS, float(event.step), event.wall_time, number)

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
