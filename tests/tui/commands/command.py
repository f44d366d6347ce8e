"""Runs the real command: in this process where that is enough, else in one of its own."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
COMMAND = (sys.executable, "-P", "-m", "tui.commands")


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command left behind."""

    code: int
    output: str
    complaint: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document it must be."""
        assert self.code == 0, self.complaint
        return json.loads(self.output)


class Here:
    """Runs commands in this process: the same code, without the start of an interpreter."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[bytes]
    ) -> None:
        self._monkeypatch = monkeypatch
        self._capture = capture

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Finished:
        from tui.commands.cli import run
        from tui.commands.outcome import outcome

        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self._capture.readouterr()
        code = outcome(lambda: run(list(arguments)))
        output, complaint = self._capture.readouterr()
        return Finished(code, output.decode(), complaint.decode())


def run_apart(*arguments: str | bytes, stdin: bytes = b"", timeout: float = 120) -> Finished:
    """Runs the command in a process of its own, without a terminal."""
    finished = subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        cwd=ROOT,
        timeout=timeout,
    )
    return Finished(finished.returncode, finished.stdout.decode(), finished.stderr.decode())


def run_python(code: str, arguments: Sequence[str] = ()) -> Finished:
    """Runs `code` in a fresh interpreter."""
    finished = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        check=False,
        cwd=ROOT,
        timeout=300,
    )
    return Finished(finished.returncode, finished.stdout.decode(), finished.stderr.decode())
