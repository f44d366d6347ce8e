"""Prints ratios measured side by side in one run: `python -m tests.benchmarks --only NAME`."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import platform
import tempfile
from pathlib import Path

import rich
import textual
from rich.console import Console
from rich.table import Table

from tests.benchmarks import subjects
from tests.benchmarks.registry import REGISTRY, Result, Spread, measure


def discover() -> None:
    """Imports the files of this folder: each registers what it measures."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if not module.name.startswith(("__", "test_")):
            importlib.import_module(f"tests.benchmarks.{module.name}")


def table(results: list[Result], rounds: int) -> Table:
    """One row a measurement: median, and quartiles in brackets."""
    load = os.getloadavg()[0]
    drawn = Table(
        title=f"{rounds} alternating rounds: median (quartiles)",
        caption=(
            f"{os.cpu_count()} processors, load {load:.1f}, Python {platform.python_version()}, "
            f"Textual {textual.__version__}"
        ),
    )
    for heading in ("measurement", "ours", "reference", "ratio", "bar"):
        drawn.add_column(heading, no_wrap=True, justify="left" if heading == "bar" else "right")
    for result in results:
        unit, decimals = result.measurement.unit, result.measurement.decimals
        drawn.add_row(
            result.measurement.name,
            f"{Spread.of(result.ours):.{decimals}f} {unit}",
            f"{Spread.of(result.reference):.{decimals}f} {unit}",
            f"{result.ratio:.2f}",
            result.measurement.bar,
        )
    return drawn


def main() -> None:
    """Measures what was asked for and prints the table.

    A measurement that fails ends it, and what was measured before is printed all the same.
    """
    discover()
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=sorted(REGISTRY), metavar="NAME")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument(
        "--against-itself",
        action="store_true",
        help="compare the bare app with itself: how far from 1 the harness strays",
    )
    parser.add_argument(
        "--sentences",
        type=int,
        default=subjects.sentences,
        metavar="N",
        help="how many classify goes through (default: %(default)s; its bar is for 10000)",
    )
    arguments = parser.parse_args()
    subjects.against_itself = arguments.against_itself
    subjects.sentences = arguments.sentences
    results = []
    try:
        with tempfile.TemporaryDirectory(prefix="termformer-benchmarks-") as folder:
            for name in arguments.only or sorted(REGISTRY):
                rich.print(f"measuring {name} …", flush=True)
                results.append(measure(REGISTRY[name], arguments.rounds, Path(folder)))
    finally:
        if results:
            console = Console(width=max(rich.get_console().width, 160))
            console.print(table(results, arguments.rounds))


if __name__ == "__main__":
    main()
