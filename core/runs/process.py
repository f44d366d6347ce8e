"""`process.json`: which process writes a run, and whether it still lives."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from pathlib import Path

import msgspec
import psutil  # type: ignore[import-untyped, unused-ignore]

from core.durable import write_atomic

PROCESS = "process.json"


class ProcessRecord(msgspec.Struct, frozen=True):
    """A process that cannot be mistaken for another one, though its pid be used again."""

    pid: int
    started: float
    """Clock ticks since the machine started (Linux), else Unix seconds; only compared."""
    host: str
    boot_id: str
    launcher: int | None = None
    """The process that started this one and its likes, where a run has several."""
    inode: int | None = None
    """Of the run's folder: it stays when the folder is renamed, and a copy has another one."""
    since: float = 0.0
    """Unix seconds: what the log said before was another process's word.

    By the clock of the log's own times; that of files ticks more slowly, or is a server's."""


def host() -> str:
    """This machine's name."""
    return platform.node()


def boot_id() -> str:
    """Differs after every start of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"


def record_of(pid: int) -> ProcessRecord | None:
    """The record of a living process here; None where there is none, or only its remains."""
    started = _started(pid)
    return None if started is None else ProcessRecord(pid, started, host(), boot_id())


def _started(pid: int) -> float | None:
    """When a living process began. A zombie, which only waits for its parent, does not live."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():
        # psutil turns these ticks into a time of day, which moves when the clock is set.
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZXx" else float(fields[19])
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}:
            return float(process.create_time())
    return None


def memory_in_use() -> int:
    """Bytes of memory that this process has in use; 0 where the system does not tell."""
    try:
        return int(psutil.Process().memory_info().rss)
    except psutil.Error:
        return 0


def write_process(
    folder: Path,
    pid: int | None = None,
    launcher: int | None = None,
    since: float | None = None,
) -> None:
    """Writes `process.json` for `pid` (this process), at the run `since` (now).

    Raises `OSError`.
    """
    since = time.time() if since is None else since
    record = record_of(os.getpid() if pid is None else pid)
    if record is not None:
        inode = folder.stat().st_ino
        record = msgspec.structs.replace(record, launcher=launcher, inode=inode, since=since)
        write_atomic(folder / PROCESS, msgspec.json.encode(record) + b"\n")


_decoder = msgspec.json.Decoder(ProcessRecord)


def read_process(folder: Path) -> ProcessRecord | None:
    """The process that wrote the run last; None where none has, or the file is no record."""
    try:
        return _decoder.decode((folder / PROCESS).read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None


def is_alive(record: ProcessRecord | None) -> bool:
    """Whether just that process lives, on this machine, since this start of the machine."""
    if record is None:
        return False
    same = msgspec.structs.replace(record, launcher=None, inode=None, since=0.0)
    return record_of(record.pid) == same


def is_copied(record: ProcessRecord | None, folder: Path) -> bool:
    """Whether `record`, read in `folder`, came with a copy: its process writes another folder."""
    if record is None or record.inode is None:
        return False
    try:
        return folder.stat().st_ino != record.inode
    except OSError:
        return False


def has_worker(record: ProcessRecord | None, folder: Path) -> bool:
    """Whether the process of `record`, read in `folder`, lives and writes that folder."""
    return is_alive(record) and not is_copied(record, folder)
