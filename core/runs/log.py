"""`events.jsonl`: written by one worker, read by whoever wants to, as often as they want.

Bytes are only ever added. A last line without its line end is not there yet: a reader leaves it
for the next time, and a writer that comes back after a crash closes it and goes on behind it.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from core.runs.events import Event, event_decoder
from core.runs.partial import event_in, steps_in

CHUNK = 1 << 20
"""Bytes read at once; also the longest line that is understood."""
_BLOCK = 1 << 16
_MEMORY = 512
"""Bytes kept to know the file again by; lines carry their time, so that no two are alike."""

ProblemKind = Literal["bad_line", "partial", "long_line", "unknown_type", "hole", "repeated"]


class LogProblem(msgspec.Struct, frozen=True):
    """Something in the log that is not as it should be; `line` counts from 1."""

    line: int
    kind: ProblemKind
    message: str


class EventBatch(msgspec.Struct, frozen=True):
    """What one read found. `restarted`: the file is another one now; forget what came before."""

    events: list[Event]
    problems: list[LogProblem]
    restarted: bool = False
    more: bool = False
    """More complete lines may be waiting; read again at once."""


class _Head(msgspec.Struct, frozen=True):
    seq: int = -1
    type: str = ""


_head_decoder = msgspec.json.Decoder(_Head)


class EventReader:
    """Reads a log from where the last read ended.

    Keeps nothing open between reads, so that it follows a file over network file systems and
    through replacement. Never raises for what stands in the file; `OSError` other than a missing
    file is raised.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem_count = 0
        self.is_torn = False
        """Whether there were bytes behind the last complete line at the last read."""
        self.missing = False
        """Whether there was no file at the last read."""
        self._reset()

    def _reset(self) -> None:
        self.offset = 0
        self.line = 0
        self.next_seq = 0
        self._inode: tuple[int, int] | None = None
        self._memory = b""
        self._oversized = False

    def read(self, limit: int = CHUNK) -> EventBatch:
        """The complete lines of the next `limit` bytes; an empty batch where there are none.

        A file that is gone gives none: whether it is another one shows when it is back. A line
        longer than `limit` bytes is a problem of its own kind.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            self.missing = True
            return EventBatch([], [])
        self.missing = False
        try:
            restarted = self._was_replaced(descriptor)
            if restarted:
                self._reset()
            status = os.fstat(descriptor)
            self._inode = (status.st_dev, status.st_ino)
            data = os.pread(descriptor, limit, self.offset)
        finally:
            os.close(descriptor)
        block, more = self._complete(data, limit)
        events, problems = self._decode(block)
        self.is_torn = self._oversized or len(block) < len(data)
        self.problem_count += len(problems)
        return EventBatch(events, problems, restarted, more)

    def drain(self) -> Iterator[EventBatch]:
        """All complete lines there are now, a bounded batch at a time; at least one batch."""
        while True:
            batch = self.read()
            yield batch
            if not batch.more:
                return

    def _was_replaced(self, descriptor: int) -> bool:
        if not self.offset:
            return False
        status = os.fstat(descriptor)
        if (status.st_dev, status.st_ino) != self._inode or status.st_size < self.offset:
            return True
        size = len(self._memory)
        return os.pread(descriptor, size, self.offset - size) != self._memory

    def _complete(self, data: bytes, limit: int) -> tuple[bytes, bool]:
        """The part of `data` that ends in a line end, and whether more may follow it now."""
        full = len(data) == limit
        end = data.rfind(b"\n") + 1
        if not end and full:
            self._oversized = True
            end = len(data)
        block = data[:end]
        self.offset += end
        self._memory = (self._memory + block[-_MEMORY:])[-_MEMORY:]
        return block, full

    def _decode(self, block: bytes) -> tuple[list[Event], list[LogProblem]]:
        if not block:
            return [], []
        if not self._oversized:
            with contextlib.suppress(msgspec.MsgspecError):
                events = event_decoder.decode_lines(block)
                if self._take_all(events, block):
                    return events, []
            if (found := steps_in(block)) and self._take_all([each for each, _ in found], block):
                first = self.line - len(found) + 1
                return [event for event, _ in found], [
                    _partial(line, lacking)
                    for line, (_, lacking) in enumerate(found, first)
                    if lacking
                ]
        return self._decode_singly(block)

    def _take_all(self, events: list[Event], block: bytes) -> bool:
        """Whether they are every line of the block and go on from the last; then they are taken."""
        first = self.next_seq
        expected = list(range(first, first + block.count(b"\n")))
        if [event.seq for event in events] != expected:
            return False
        self.line += len(events)
        self.next_seq += len(events)
        return True

    def _decode_singly(self, block: bytes) -> tuple[list[Event], list[LogProblem]]:
        events: list[Event] = []
        problems: list[LogProblem] = []
        for line in _lines(block):
            if self._oversized:
                if line.endswith(b"\n"):
                    self._oversized = False
                    self.line += 1
                    problems.append(LogProblem(self.line, "long_line", "The line is too long."))
                continue
            self.line += 1
            seq = self._decode_line(line, events, problems)
            if seq is None:
                continue
            if seq > self.next_seq:
                missing = f"{seq - self.next_seq:,} missing"
                message = f"seq {self.next_seq} was expected, {seq} came: {missing}."
                problems.append(LogProblem(self.line, "hole", message))
            self.next_seq = seq + 1
        return events, problems

    def _decode_line(
        self, line: bytes, events: list[Event], problems: list[LogProblem]
    ) -> int | None:
        """Sorts one line; returns its seq where it has one that is new."""
        try:
            event = event_decoder.decode(line)
        except msgspec.MsgspecError as error:
            rest = event_in(line)
            if rest is None:
                return self._leave_out(line, error, problems)
            event, lacking = rest
            if lacking:
                problems.append(_partial(self.line, lacking))
        if event.seq < 0:
            problems.append(LogProblem(self.line, "partial", "It has no seq: the rest is taken."))
            event = msgspec.structs.replace(event, seq=self.next_seq)
        if event.seq < self.next_seq:
            message = f"seq {self.next_seq} was expected, {event.seq} came again: it is left out."
            problems.append(LogProblem(self.line, "repeated", message))
            return None
        events.append(event)
        return event.seq

    def _leave_out(
        self, line: bytes, error: msgspec.MsgspecError, problems: list[LogProblem]
    ) -> int | None:
        """Says of a line that is no event why; returns its seq where it has one that is new."""
        try:
            head = _head_decoder.decode(line)
        except msgspec.MsgspecError:
            problems.append(LogProblem(self.line, "bad_line", f"Not an event: {error}."))
            return None
        if head.type and "$.type" in str(error):
            message = f"Events of type {head.type!r} are not known to this version."
            problems.append(LogProblem(self.line, "unknown_type", message))
        else:
            problems.append(LogProblem(self.line, "bad_line", f"Not an event: {error}."))
        return max(head.seq, self.next_seq - 1)


def _partial(line: int, lacking: list[str]) -> LogProblem:
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    words = f"{lacking[0]}{more} cannot be read: the rest of it is taken."
    return LogProblem(line, "partial", words)


def _lines(block: bytes) -> list[bytes]:
    """The lines with their ends; only a part of an oversized line has none."""
    *complete, rest = block.split(b"\n")
    return [line + b"\n" for line in complete] + ([rest] if rest else [])


class EventWriter:
    """Appends events to a log, each as one whole line by one write.

    A log that exists is continued: a torn last line is closed, and `seq` goes on from the last
    event in it. Only one writer may be at a log; `core.training.worker` holds a lock for that.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o600)
        self._encoder = msgspec.json.Encoder()
        size = os.fstat(self._descriptor).st_size
        self._torn = size > 0 and os.pread(self._descriptor, 1, size - 1) != b"\n"
        if self._torn:
            self._write(b"")
        self._next_seq = last_seq(path) + 1

    def append(self, event: Event) -> Event:
        """Writes `event` with the next `seq` and the time; returns it as written.

        Raises `OSError` (a full disk): the event is then not in the log, and the next one will be
        readable all the same.
        """
        event = msgspec.structs.replace(event, seq=self._next_seq, time=time.time())
        self._write(self._encoder.encode(event) + b"\n")
        self._next_seq += 1
        return event

    def _write(self, line: bytes) -> None:
        data = b"\n" + line if self._torn else line
        while data:
            written = os.write(self._descriptor, data)
            # A full disk may take a part and then refuse the rest: the next write closes it.
            self._torn = written < len(data)
            data = data[written:]

    def sync(self) -> None:
        """Makes what was written survive a power cut."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Ends the writing; the log can be continued by another writer."""
        os.close(self._descriptor)


def lines_backwards(path: Path, block: int = _BLOCK) -> Iterator[bytes]:
    """The complete lines of a log from the last to the first, read block by block.

    A file that does not exist has none. Lines longer than `CHUNK` are left out.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        position = os.fstat(descriptor).st_size
        rest = b""
        torn = True
        while position:
            size = min(block, position)
            position -= size
            parts = (os.pread(descriptor, size, position) + rest).split(b"\n")
            rest = parts[0] if len(parts[0]) <= CHUNK else b""
            for line in reversed(parts[1:]):
                # What follows the last line end is torn, or nothing.
                if not torn and line:
                    yield line
                torn = False
        if rest and not torn:
            yield rest
    finally:
        os.close(descriptor)


def last_seq(path: Path) -> int:
    """The highest `seq` at the end of a log; -1 for an empty one."""
    for line in lines_backwards(path):
        try:
            seq = _head_decoder.decode(line).seq
        except msgspec.MsgspecError:
            continue
        if seq >= 0:
            return seq
    return -1
