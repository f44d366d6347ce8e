"""Which run is watched when the app opens, and what happened to it while the app was closed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.checkpoints import is_run, run_model
from core.errors import ModelError
from core.runs.folder import list_runs
from core.runs.status import LIVE, RunStatus, run_status
from tui.widgets.pane import Option

_NEWEST = 50
"""Runs that are looked at for one that is going on."""


def run_to_watch(remembered: Mapping[str, Option]) -> RunStatus | None:
    """The run that was watched if it goes on; else the newest that does; else the one watched.

    Looks at some fifty runs at most, 0.3 ms each.
    """
    watched = remembered.get("watched")
    folder = Path(watched) if isinstance(watched, str) and watched else None
    before = run_status(folder) if folder and "\0" not in str(folder) and is_run(folder) else None
    if before is not None and before.is_live:
        return before
    for other in list_runs()[:_NEWEST]:
        status = run_status(other)
        if status.is_live:
            return status
    return before


def crash_words(status: RunStatus) -> str:
    """Why a run counts as crashed, and what was kept of it."""
    if "checkpoint" in status.message:
        return status.message
    try:
        kept = run_model(Path(status.path)).relative_to(status.path)
    except (ModelError, ValueError):
        return f"{status.message} No checkpoint was saved."
    return f"{status.message} Its newest checkpoint is {kept}."


def what_happened(status: RunStatus, remembered: Mapping[str, Option]) -> str:
    """A sentence about a run since it was watched last; empty where nothing is new."""
    same = remembered.get("watched") == status.path
    why = f": {status.message}" if status.status == "paused" and status.message else "."
    if not same:
        return f"{status.name} is {status.status}{why}" if status.is_live else ""
    if remembered.get("watched_status") not in LIVE:
        return ""
    if status.status == "unreadable":
        return f"{status.name}: {status.message}"
    if status.is_live:
        if status.status == "running":
            return f"{status.name} went on while the app was closed."
        return f"{status.name} is {status.status}{why}"
    at = f" at step {status.global_step:,}" if status.global_step else ""
    sentence = f"{status.name} {_ENDINGS[status.status]}{at} while the app was closed"
    message = crash_words(status) if status.status == "crashed" else status.message
    return f"{sentence}: {message}" if message else f"{sentence}."


_ENDINGS = {
    "finished": "finished",
    "stopped": "was stopped",
    "failed": "failed",
    "crashed": "crashed",
}
