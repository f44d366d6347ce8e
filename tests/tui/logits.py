"""The Logits pane opened on a tiny checkpoint, and what it shows."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from core.checkpoints import AS_IS, tokenizer_cache
from core.engine.protocol import ArrangedRow
from tests.tui.conftest import OpenApp
from tui.app import TermformerApp
from tui.panes.logits import LogitsPane
from tui.panes.logits.experiment import Shown

COURSE = "I've been waiting for a HuggingFace course my whole life.\nI hate this so much!"


def know_tokenizer(folder: Path) -> None:
    cached = tokenizer_cache(folder)
    cached.mkdir(parents=True)
    (cached / AS_IS).touch()


def bench_of(pilot: Pilot[None]) -> Any:
    assert isinstance(pilot.app, TermformerApp)
    return pilot.app.bench


def pane_of(pilot: Pilot[None]) -> LogitsPane:
    return pilot.app.query_one(LogitsPane)


def settled(pilot: Pilot[None]) -> bool:
    pane = pane_of(pilot)
    return bool(pane.rows) and pane.settled


def opened(
    open_app: OpenApp, model: Path, **state: Any
) -> AbstractAsyncContextManager[Pilot[None]]:
    return open_app(pane="logits", model=str(model), **state)


def table_rows(pilot: Pilot[None]) -> list[str]:
    """The table as it is painted now, without waiting for a frame."""
    table = pilot.app.query_one("#logits-table")
    return [table.render_line(y).text.rstrip() for y in range(table.size.height)]


def results(row: Shown) -> list[ArrangedRow]:
    """What `row` gave in each step, all of which were answered."""
    found = [each.result for each in row.figures]
    assert None not in found
    return [each for each in found if each is not None]


def headline(pilot: Pilot[None]) -> str:
    """The headline as it is painted now, as one line."""
    line = pane_of(pilot).view.headline
    rows = (line.render_line(y).text.strip() for y in range(line.size.height))
    return " ".join(row for row in rows if row)
