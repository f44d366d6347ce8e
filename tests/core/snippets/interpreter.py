"""Snippets run as a user would, in an interpreter that knows nothing of Termformer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

_RUN_ALL = """
import contextlib, io, json, sys
results = []
for code, names in json.load(sys.stdin):
    namespace, printed = {}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "snippet", "exec"), namespace)
    results.append([{name: namespace[name] for name in names}, printed.getvalue()])
json.dump(results, sys.stdout, default=lambda it: dict(it) if hasattr(it, "keys") else it.tolist())
"""


def run_all(snippets: Sequence[tuple[str, Iterable[str]]]) -> list[tuple[dict[str, Any], str]]:
    """Runs each of `snippets`, one fresh interpreter for all of them.

    Returns for each the values of the variables that are named with it, tensors as lists, and what
    it printed. A `BatchEncoding` comes as a dict.
    """
    finished = subprocess.run(
        [sys.executable, "-c", _RUN_ALL],
        input=json.dumps([(code, list(names)) for code, names in snippets]),
        capture_output=True,
        text=True,
        check=False,
        cwd=Path.home(),
    )
    assert finished.returncode == 0, finished.stderr
    return [(values, printed) for values, printed in json.loads(finished.stdout)]
