"""Runs a program in a real pseudo-terminal, as a person at a keyboard would."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pyte.screens import Char

from tests.terminal.keys import KEYS
from tests.terminal.screen import Emulator, Snapshot

_QUERY = re.compile(rb"\x1b\[\?(\d+)\$p")
_IN_BAND_RESIZE = 2048
_PATIENCE = 120.0
"""Seconds until a program that does not do what is waited for is given up: machines are slow."""
# What a developer's own terminal says of itself must not change what a test sees.
_NOT_INHERITED = (
    "NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLUMNS", "LINES", "CI", "TERM_PROGRAM", "COLORFGBG",
    "SSH_TTY", "SSH_CONNECTION", "TMUX", "STY",
)  # fmt: skip


class Terminal:
    """A program in a pseudo-terminal of `columns` by `rows`; use it as a context manager.

    `env` is added to the environment of the tests (a value of None takes a variable away), less
    what describes the terminal the tests themselves run in. `answers` are the DEC private modes
    the terminal says it knows when asked (2026: synchronized output, 2048: in-band resize); a
    terminal that knows none answers nothing.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        answers: Iterable[int] = (),
    ) -> None:
        self._columns, self._rows = columns, rows
        self._answers = frozenset(answers)
        self._emulator = Emulator(columns, rows)
        self._arrived = threading.Condition()
        self._unread: deque[tuple[float, bytes]] = deque()
        self._output = bytearray()
        self._last_byte = 0.0
        self._ended = False
        self._closed = False
        self._master, slave = os.openpty()
        os.set_blocking(self._master, False)
        self._set_size()
        self._wake, self._waker = os.pipe()
        self.started = time.perf_counter()
        """When the program was started, as `time.perf_counter()` gives it."""
        try:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                cwd=cwd,
                env=_environment(env or {}),
                start_new_session=True,
                # The controlling terminal: resizes and hang-ups reach the program as signals.
                preexec_fn=_take_terminal,  # noqa: PLW1509
            )
        finally:
            os.close(slave)
        self._reader = threading.Thread(target=self._read, name="pty", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # --- what the person does ---------------------------------------------------------------

    def press(self, *keys: str) -> None:
        """Presses keys: one character, or a name out of `KEYS`.

        A program cannot tell Escape and a letter from Alt and the letter when both arrive at
        once: wait for what Escape changes before the next key.
        """
        for key in keys:
            self.send(key if len(key) == 1 else KEYS[key])

    def send(self, text: str | bytes, *, timeout: float = _PATIENCE) -> float:
        """Types `text` as it is; returns when the first byte left (`time.perf_counter()`).

        Raises `TimeoutError` where the program does not take it in `timeout` seconds.
        """
        data = text.encode() if isinstance(text, str) else text
        sent = time.perf_counter()
        deadline = sent + timeout
        while data:
            if not select.select([], [self._master], [], max(0.0, deadline - time.perf_counter()))[
                1
            ]:
                raise TimeoutError(f"{len(data)} bytes were not taken:\n{self.screen}")
            data = data[os.write(self._master, data) :]
        return sent

    def paste(self, text: str) -> None:
        """Pastes `text` as a terminal with bracketed paste does."""
        self.send(f"\x1b[200~{text}\x1b[201~")

    def click(self, row: int, column: int) -> None:
        """Presses and releases the left mouse button on a cell."""
        place = f"{column + 1};{row + 1}"
        self.send(f"\x1b[<0;{place}M\x1b[<0;{place}m")

    def resize(self, columns: int, rows: int) -> None:
        """Drags the window to another size; the program gets SIGWINCH."""
        self._draw_arrived()
        self._columns, self._rows = columns, rows
        self._emulator.resize(columns, rows)
        self._set_size()
        if _IN_BAND_RESIZE in self._answers:
            self.send(f"\x1b[48;{rows};{columns};{rows * 20};{columns * 10}t")

    def freeze(self) -> None:
        """Takes no more of the program's output, as a connection that is stuck."""
        if self._reader.is_alive():
            os.write(self._waker, b"\0")
            self._reader.join()

    def hang_up(self) -> None:
        """Closes the window, or loses the connection: the program gets SIGHUP."""
        if not self._closed:
            self._closed = True
            self.freeze()
            for descriptor in (self._master, self._wake, self._waker):
                os.close(descriptor)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Sends the program, not its children, a signal."""
        self._process.send_signal(number)

    def close(self) -> None:
        """Ends the program, if it still runs, and everything in its session."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self.hang_up()

    # --- what the person sees ---------------------------------------------------------------

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._process.pid

    @property
    def screen(self) -> Snapshot:
        """What is on the screen now."""
        self._draw_arrived()
        return self._emulator.snapshot()

    @property
    def output(self) -> bytes:
        """Every byte the program has written."""
        with self._arrived:
            return bytes(self._output)

    @property
    def bytes_written(self) -> int:
        """How many bytes the program has written."""
        with self._arrived:
            return len(self._output)

    @property
    def clipboard(self) -> list[str]:
        """What was copied through OSC 52, base64, oldest first."""
        self._draw_arrived()
        return self._emulator.clipboard

    def style(self, row: int, column: int) -> Char:
        """A cell with its style: `fg`, `bg` (names or hex), `bold`, `reverse`, …"""
        self._draw_arrived()
        return self._emulator.style(row, column)

    def mode(self, number: int) -> bool:
        """Whether DEC private mode `number` is set: 25 cursor, 1049 alternate screen, …"""
        self._draw_arrived()
        return self._emulator.mode(number)

    def wait_for(self, what: str | Callable[[Snapshot], bool], timeout: float = _PATIENCE) -> float:
        """Waits until `what` is on the screen, or is true of it, after any piece of output.

        Returns when that piece arrived (`time.perf_counter()`). Raises `TimeoutError`, or
        `EOFError` where the program ended before, both with the whole screen.
        """
        seen = (lambda screen: what in screen) if isinstance(what, str) else what
        when = time.perf_counter()
        deadline = when + timeout
        while True:
            if seen(snapshot := self._emulator.snapshot()):
                return when
            with self._arrived:
                while not self._unread:
                    if self._ended:
                        raise EOFError(f"The program ended before {what!r} was seen:\n{snapshot}")
                    if not self._arrived.wait(max(0.0, deadline - time.perf_counter())):
                        raise TimeoutError(f"{what!r} was not seen in {timeout} s:\n{snapshot}")
                when, piece = self._unread.popleft()
            self._emulator.feed(piece)

    def wait_for_quiet(self, quiet: float = 0.2, timeout: float = _PATIENCE) -> float:
        """Waits until nothing was written for `quiet` seconds.

        Returns when the last byte arrived (`time.perf_counter()`), not when the quiet was over.
        """
        since = time.perf_counter()
        deadline = since + timeout
        with self._arrived:
            while (rest := max(self._last_byte, since) + quiet - time.perf_counter()) > 0:
                if time.perf_counter() > deadline:
                    raise TimeoutError(f"The program was still writing after {timeout} s.")
                self._arrived.wait(rest)
            return self._last_byte

    def wait_for_exit(self, timeout: float = _PATIENCE) -> int:
        """The program's exit code, or minus the signal that ended it."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"Still running after {timeout} s:\n{self.screen}") from None
        # What it wrote last is still in the wire; a child that holds the terminal keeps it open.
        self._reader.join(1.0)
        while self._reader.is_alive() and self._has_more():
            self._reader.join(0.1)
        return code

    # --- the wire ---------------------------------------------------------------------------

    def _has_more(self) -> bool:
        """Whether there is output that was not read yet, or its end."""
        return bool(select.select([self._master], [], [], 0)[0])

    def _read(self) -> None:
        asked = b""
        while True:
            ready, _, _ = select.select([self._master, self._wake], [], [])
            try:
                piece = b"" if self._wake in ready else os.read(self._master, 65536)
            except OSError:  # Linux says EIO when the last program has closed the terminal.
                piece = b""
            came = time.perf_counter()
            # Before a test sees it: what it types then comes behind the answer.
            asked = self._answer(asked + piece)
            with self._arrived:
                if piece:
                    self._last_byte = came
                    self._unread.append((came, piece))
                    self._output += piece
                self._ended = not piece
                self._arrived.notify_all()
            if not piece:
                break

    def _answer(self, asked: bytes) -> bytes:
        """Answers the queries in `asked`; returns what may be the beginning of another one."""
        for query in _QUERY.finditer(asked):
            if int(query[1]) in self._answers:
                self.send(b"\x1b[?%s;2$y" % query[1])
        return asked[max(asked.rfind(b"\x1b"), asked.rfind(b"p") + 1, len(asked) - 16, 0) :]

    def _draw_arrived(self) -> None:
        with self._arrived:
            pieces = [piece for _, piece in self._unread]
            self._unread.clear()
        for piece in pieces:
            self._emulator.feed(piece)

    def _set_size(self) -> None:
        size = struct.pack("HHHH", self._rows, self._columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if key not in _NOT_INHERITED}
    merged = inherited | {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | dict(changes)
    return {key: value for key, value in merged.items() if value is not None}
