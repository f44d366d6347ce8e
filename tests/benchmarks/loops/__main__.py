"""`python -m tests.benchmarks.loops NAME FOLDER`: measures each time it reads a line."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path

from tests.benchmarks.loops import contenders
from tests.benchmarks.loops.child import READY


def main(name: str, folder: str) -> None:
    """Measures each time the parent says so, until it closes the pipe; first says it is ready."""
    with getattr(contenders, name)(Path(folder)) as sample:
        print(READY, flush=True)
        for _ in sys.stdin:
            # What a library prints is not the figure.
            with redirect_stdout(sys.stderr):
                figure = sample()
            print(figure, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
