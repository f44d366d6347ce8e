"""`termformer runs`, `attach` and `stop`: training runs, wherever they were started."""

from __future__ import annotations

import time
from pathlib import Path

import click
import msgspec
from click.shell_completion import CompletionItem

from core import paths
from core.errors import RunError
from core.runs.folder import find_run, list_runs
from core.runs.requests import Stop, post_request
from core.runs.status import RunStatus, run_status
from tui.commands.opening import open_app
from tui.commands.options import json_option
from tui.commands.output import Column, Table, encodable, print_json, print_table, print_text
from tui.commands.telling import duration

_POLL = 0.1
_STYLES = {
    "running": "green",
    "starting": "green",
    "paused": "yellow",
    "stalled": "bold yellow",
    "crashed": "bold red",
    "failed": "bold red",
}


class RunRow(msgspec.Struct, frozen=True):
    """One run as `--json` prints it; `last_event_age` in seconds."""

    name: str
    path: str
    status: str
    global_step: int
    max_steps: int | None
    loss: float | None
    last_event_age: float | None


def run_row(status: RunStatus) -> RunRow:
    """The row of a run."""
    return RunRow(
        name=encodable(status.name),
        path=encodable(status.path),
        status=status.status,
        global_step=status.global_step,
        max_steps=status.max_steps,
        loss=status.loss,
        last_event_age=status.last_event_age,
    )


def _complete_run(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    names = [run.name for run in list_runs() if run.name.startswith(incomplete)]
    return [*map(CompletionItem, names), CompletionItem(incomplete, type="dir")]


run_argument = click.argument("run", metavar="RUN", shell_complete=_complete_run)


@click.command("runs", short_help="List training runs and how they fare.")
@json_option
def runs_command(as_json: bool) -> None:
    """List the training runs, the newest first, and how each of them fares.

    A run is starting, running, paused, stalled (its worker lives but is silent), finished,
    stopped (with a checkpoint), failed, or crashed (its worker ended without a last word).

    With --json: [{"name", "path", "status", "global_step", "max_steps", "loss",
    "last_event_age"}]; the age is in seconds, and what is not known yet is null, as is a loss
    that is not finite.
    """
    found = [run_status(folder) for folder in list_runs()]
    if as_json:
        print_json([run_row(status) for status in found])
    elif not found:
        print_text(f"No runs in {paths.runs_dir()} yet. Start one: termformer train")
    else:
        print_table(_table(found))


def _table(found: list[RunStatus]) -> Table:
    table = Table(
        [
            Column("run", style="bold"),
            Column("status"),
            Column("step", "right"),
            Column("loss", "right"),
            Column("last sign", "right"),
            Column(""),
        ]
    )
    for status in found:
        steps = f"{status.global_step}"
        if status.max_steps is not None:
            steps += f" of {status.max_steps}"
        table.add(
            status.name,
            status.status,
            steps,
            "" if status.loss is None else f"{status.loss:.4f}",
            "" if status.last_event_age is None else f"{duration(status.last_event_age)} ago",
            status.message,
            style=_STYLES.get(status.status, ""),
        )
    return table


@click.command("attach", short_help="Open the app on a run.")
@run_argument
def attach_command(run: str) -> None:
    """Open the app on RUN: its curve from the first step on, live while it goes on.

    RUN is a name that "termformer runs" lists, or a run's folder. Closing the app does not
    touch the run.
    """
    folder = find_run(run)
    click.get_current_context().exit(open_app(attach=str(folder)))


@click.command("stop", short_help="Stop a run with a checkpoint.")
@run_argument
@click.option("--no-wait", is_flag=True, help="Return at once; the worker stops in its own time.")
@json_option
def stop_command(run: str, no_wait: bool, as_json: bool) -> None:
    """Ask the worker of RUN to end after the step it is in, and wait until it has.

    It saves a checkpoint first: nothing that was learned is lost, and the run can be named as a
    model. RUN is a name that "termformer runs" lists, or a run's folder. ctrl+c ends the
    waiting; the run stops all the same.

    With --json: the run as "termformer runs --json" lists it.
    """
    folder = find_run(run)
    post_request(folder, Stop())
    if not as_json:
        print_text(f"{folder.name} saves a checkpoint after the step it is in, and ends.")
    status = run_status(folder)
    if not no_wait:
        while status.is_live:
            time.sleep(_POLL)
            status = run_status(folder)
    if as_json:
        print_json(run_row(status))
    elif not status.is_live:
        print_text(_last_word(folder, status))
    if status.status in {"crashed", "failed"}:
        raise RunError(f"{folder.name} {status.status} before it could stop. {status.message}")


def _last_word(folder: Path, status: RunStatus) -> str:
    if status.status == "stopped" and status.global_step == 0:
        return f"{folder.name} stopped before its first step: there was nothing to save."
    return f"{folder.name} {status.status} at step {status.global_step}; it is kept in {folder}."
