"""The Python that panes show, run apart, and checks of what it is to give."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.core.snippets.interpreter import run_all
from tui.widgets.pane import Pane

PAIR = "I love it!\nwaiting for it\tI"
Check = Callable[[dict[str, Any]], None]


@dataclass
class Snippets:
    """What panes show as Python, each with a check of what its variables are to hold."""

    snippets: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    def add(self, pane: Pane, names: tuple[str, ...], check: Check) -> str:
        """Takes what `pane` shows now; returns it."""
        code = pane.code()
        assert code is not None
        self.snippets.append((code.python, names))
        self.checks.append(check)
        return code.python

    def run(self) -> None:
        """Runs all of them in one fresh interpreter and checks each."""
        for (code, _), (values, printed), check in zip(
            self.snippets, run_all(self.snippets), self.checks, strict=True
        ):
            assert printed.strip(), code
            try:
                check(values)
            except AssertionError as error:
                error.add_note(code)
                raise


def close(shown_numbers: Any, found: Any, within: float = 1e-5) -> None:
    """Fails unless nested lists of numbers are the same to `within`."""
    if not isinstance(shown_numbers, list):
        assert found == pytest.approx(shown_numbers, abs=within)
        return
    for ours, theirs in zip(shown_numbers, found, strict=True):
        close(ours, theirs, within)


def exported(pane: Pane) -> dict[str, Any]:
    """What each of the pane's exports writes, parsed."""
    found: dict[str, Any] = {}
    for export in pane.exports():
        made = export.make()
        text = made.decode() if isinstance(made, bytes) else made
        found[export.suffix] = (
            json.loads(text) if export.suffix == "json" else list(csv.DictReader(io.StringIO(text)))
        )
    return found
