"""The benchmarks' own arithmetic and timing; what they measure is not judged here."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.benchmarks.keys import press
from tests.benchmarks.registry import Measurement, Result, Sampler, Side, Spread, measure
from tests.benchmarks.subjects import ROOT
from tests.terminal.terminal import Terminal


def side(name: str, calls: list[str]) -> Side:
    @contextmanager
    def prepare(folder: Path) -> Iterator[Sampler]:
        assert list(folder.iterdir()) == []

        def sample() -> float:
            calls.append(name)
            return float(calls.count(name))

        yield sample
        calls.append(f"{name} closed")

    return prepare


def test_sides_take_turns_and_the_first_sample_is_not_kept(tmp_path: Path) -> None:
    calls: list[str] = []
    result = measure(Measurement("m", "ms", side("a", calls), side("b", calls)), 3, tmp_path)
    assert "".join(calls[:8]) == "ababbaab"
    assert calls[8:] == ["b closed", "a closed"]
    assert result.ours == result.reference == (2.0, 3.0, 4.0)


def test_the_ratio_is_taken_within_each_round() -> None:
    nothing = side("x", [])
    result = Result(Measurement("m", "ms", nothing, nothing), (2.0, 20.0, 6.0), (1.0, 10.0, 2.0))
    assert result.ratio == Spread(2.0, 2.0, 2.5)
    assert f"{result.ratio:.1f}" == "2.0 (2.0 to 2.5)"


SLOW_ANSWER = r"""
import sys, time, tty
tty.setraw(0)
print("\x1b[2J\x1b[Hready", end="", flush=True)
while sys.stdin.buffer.raw.read(1) != b"q":
    print("\x1b[1;1Hecho ", end="", flush=True)
    time.sleep(0.05)
    print("\x1b[5;1Htokens", end="", flush=True)
"""


def test_a_key_is_answered_when_the_last_part_of_the_change_has_come() -> None:
    with Terminal([sys.executable, "-c", SLOW_ANSWER]) as terminal:
        terminal.wait_for("ready")
        answer = press(terminal, "a", answer_row=4)
        assert answer.milliseconds >= 50
        assert answer.byte_count == len("\x1b[1;1Hecho \x1b[5;1Htokens")
        with pytest.raises(AssertionError, match="changed nothing"):
            press(terminal, "a", answer_row=4)


def test_the_bare_app_against_itself_is_about_one() -> None:
    options = ["--against-itself", "--only", "memory", "--rounds", "2"]
    finished = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    row = next(line for line in finished.stdout.splitlines() if line.startswith("│"))
    ratio = re.search(r"MB │ +(\d\.\d\d) \(", row)
    assert ratio is not None, finished.stdout
    assert 0.8 < float(ratio[1]) < 1.25
