"""`termformer runs`, `attach` and `stop`: training runs, wherever they were started."""

from __future__ import annotations

import time
from pathlib import Path

import click
import msgspec

from core import paths
from core.errors import RunError
from core.runs.events import Event, RunStopped
from core.runs.folder import find_run, list_runs
from core.runs.launch import stop_run
from core.runs.overview import Overviews, RunOverview
from core.runs.requests import find_answer
from core.runs.selection import ORDERS, RunSelection
from core.runs.shelf import list_trash
from core.runs.status import RunStatus, run_status
from core.sizes import duration, loss_text, percent, size_of
from tui.commands.opening import open_app
from tui.commands.options import json_option, run_argument
from tui.commands.output import Column, Table, encodable, print_json, print_table, print_text

_POLL = 0.1
_STYLES = {
    "running": "green",
    "starting": "green",
    "paused": "yellow",
    "stalled": "bold yellow",
    "crashed": "bold red",
    "unreadable": "bold red",
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
    message: str
    best_accuracy: float | None
    size: int | None
    note: str
    tags: list[str]


def run_row(folder: Path) -> RunRow:
    """The row of the run in `folder`; raises `RunError` where it is gone."""
    found = Overviews().look([folder])
    if not found:
        raise RunError(f"{folder} holds no run.")
    return overview_row(found[0])


def overview_row(run: RunOverview) -> RunRow:
    """The row of a run that was looked at."""
    status = run.status
    return RunRow(
        name=encodable(status.name),
        path=encodable(status.path),
        status=status.status,
        global_step=status.global_step,
        max_steps=status.max_steps,
        loss=status.loss,
        last_event_age=status.last_event_age,
        message=encodable(status.message),
        best_accuracy=None if run.best is None else run.best.accuracy,
        size=run.size,
        note=encodable(run.notes.note),
        tags=list(map(encodable, run.notes.tags)),
    )


class RunsGroup(click.Group):
    """Its subcommands stand in a module that is imported when one of them is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from tui.commands import keeping

        return list(keeping.COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from tui.commands import keeping

        return keeping.COMMANDS.get(cmd_name)


@click.group(
    "runs",
    cls=RunsGroup,
    invoke_without_command=True,
    short_help="List training runs and how they fare.",
)
@json_option
@click.option("--trash", is_flag=True, help="List the runs that were deleted, the last one first.")
@click.option(
    "--match",
    default="",
    metavar="WORDS",
    help="Only runs with these words in their name, status, note or tags; #word begins a tag.",
)
@click.option(
    "--sort",
    "order",
    type=click.Choice(list(ORDERS)),
    default="newest",
    help="The newest, the best accuracy, the lowest loss or the largest first.",
)
@click.pass_context
def runs_command(ctx: click.Context, as_json: bool, trash: bool, match: str, order: str) -> None:
    """List the training runs, the newest first, and how each of them fares.

    A run is starting, running, paused, stalled (its worker lives but is silent), finished,
    stopped (with a checkpoint), failed, crashed (its worker ended without a last word), or
    unreadable (its log is not there, or not for you). The best accuracy is that of its evaluations
    on validation.

    With --json: [{"name", "path", "status", "global_step", "max_steps", "loss",
    "last_event_age", "message", "best_accuracy", "size", "note", "tags"}]; the age is in seconds,
    the size in bytes, the message why it fares so, or empty; what is not known yet is null, as is
    a loss that is not finite.
    """
    if ctx.invoked_subcommand is not None:
        return
    there = Overviews().look(list_trash() if trash else list_runs())
    found = RunSelection(words=match, order=order).of(there)
    if as_json:
        print_json([overview_row(run) for run in found])
    elif there and not found:
        print_text(f"None of {len(there):,} runs has {match!r}.")
    elif not found and trash:
        print_text("The trash is empty.")
    elif not found:
        print_text(f"No runs in {paths.runs_dir()} yet. Start one: termformer train")
    else:
        print_table(_table(found))


def _table(found: list[RunOverview]) -> Table:
    table = Table(
        [
            Column("run", style="bold"),
            Column("status"),
            Column("step", "right"),
            Column("loss", "right"),
            Column("best", "right"),
            Column("size", "right"),
            Column("last sign", "right"),
            Column(""),
        ]
    )
    for run in found:
        status = run.status
        steps = f"{status.global_step:,}"
        if status.max_steps is not None:
            steps += f" of {status.max_steps:,}"
        words = [*(f"#{tag}" for tag in run.notes.tags), run.notes.note, status.message]
        table.add(
            status.name,
            status.status,
            steps,
            "" if status.loss is None else loss_text(status.loss),
            "" if run.best is None else percent(run.best.accuracy),
            "" if run.size is None else size_of(run.size),
            "" if status.last_event_age is None else f"{duration(status.last_event_age)} ago",
            " ".join(filter(None, words)),
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
    began = time.time()
    request_id = stop_run(folder)
    if not as_json:
        print_text(f"{folder.name} saves a checkpoint after the step it is in, and ends.")
    status = run_status(folder)
    if not no_wait:
        while status.is_live:
            time.sleep(_POLL)
            status = run_status(folder)
    if as_json:
        print_json(run_row(folder))
    elif not status.is_live:
        print_text(_last_word(folder, status, find_answer(folder, request_id, began)))
    if status.status in {"crashed", "failed", "unreadable"}:
        raise RunError(f"{folder.name} {status.status} before it could stop. {status.message}")


def _last_word(folder: Path, status: RunStatus, answer: Event | None) -> str:
    if status.status == "stopped" and status.global_step == 0:
        return f"{folder.name} stopped before its first step: there was nothing to save."
    if isinstance(answer, RunStopped) and answer.global_step and not answer.is_saved:
        return f"{folder.name} stopped at step {answer.global_step}. {answer.reason}"
    return f"{folder.name} {status.status} at step {status.global_step}; it is kept in {folder}."
