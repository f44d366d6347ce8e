"""How many bytes files take, and how a person reads that, counts, times, shares, losses."""

from __future__ import annotations

import os
import stat
from math import isfinite, isnan
from pathlib import Path


def size(path: Path) -> int | None:
    """Bytes of a file, or of all files in a folder, links not followed; None where it is not."""
    try:
        status = path.lstat()
    except OSError:
        return None
    if not stat.S_ISDIR(status.st_mode):
        return status.st_size
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(f"{folder}/{name}").st_size
            except OSError:
                continue  # Gone since it was listed.
    return total


def size_of(count: int) -> str:
    """A number of bytes as a person reads it, in powers of 1000."""
    if count < 1000:
        return f"{count} bytes"
    value, unit = count / 1000, "kB"
    for larger in ("MB", "GB"):
        if value >= 1000:
            value, unit = value / 1000, larger
    return f"{value:.1f} {unit}"


def percent(share: float, digits: int = 1) -> str:
    """`52.8 %` for 0.528; what is no number has a question mark."""
    if isnan(share):
        return "?"
    return f"{share * 100:.{digits}f} %"


def part_of(share: float) -> str:
    """`24.5 %`, `< 0.1 %`, or nothing for nothing."""
    if not share:
        return ""
    return percent(share) if share >= 0.0005 else "< 0.1 %"


def count_of(count: int) -> str:
    """A number of parameters as a person reads it: `35,330`, `22.7 M`, `6.74 B`."""
    if count < 1_000_000:
        return f"{count:,}"
    return f"{count / 1e6:.1f} M" if count < 1_000_000_000 else f"{count / 1e9:.2f} B"


def counted(count: int, noun: str) -> str:
    """`count` and its noun: 1 step, 2 steps, 2 processes."""
    ending = "es" if noun.endswith("s") else "s"
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}{ending}"


def trained_of(trained: int, parameters: int) -> str:
    """How many of a model's parameters are trained; where not all are, both to the last one."""
    if trained == parameters:
        return f"{count_of(parameters)} parameters, all trained"
    return f"{trained:,} of {parameters:,} parameters trained"


def loss_text(value: float | str) -> str:
    """A loss or a norm: four decimals, or what a number too large or none at all needs."""
    value = float(value)
    if not isfinite(value):
        return "NaN" if isnan(value) else "infinite"
    return f"{value:.4f}" if abs(value) < 1e4 else f"{value:.3e}"


def duration(seconds: float) -> str:
    """`seconds` as a person says them: 42 s, 3 min 20 s, 2 h 5 min, 4 d 6 h."""
    if not isfinite(seconds):
        return "?"
    whole = round(seconds)
    for unit, name, part, part_name in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= unit:
            rest = whole % unit // part
            return f"{whole // unit} {name}" + (f" {rest} {part_name}" if rest else "")
    return f"{whole} s"
