"""`python -m tests.benchmarks.loops NAME FOLDER`: measures each time it reads a line."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.benchmarks.loops import contenders


def main(name: str, folder: str) -> None:
    """Measures each time the parent says so, until it closes the pipe."""
    with getattr(contenders, name)(Path(folder)) as sample:
        for _ in sys.stdin:
            print(sample(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
