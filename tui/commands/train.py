"""`termformer train`: starts a training run and follows it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from core import checkpoints, paths
from core.datafiles.checking import check_data
from core.errors import RunError
from core.runs.cluster import read_cluster
from core.runs.folder import create_run
from core.runs.launch import start_run
from tui.commands.following import Follower, RunSoFar
from tui.commands.options import NAMES_OF_MODELS
from tui.commands.outcome import INTERRUPTED
from tui.commands.output import encodable, print_json, print_text, write_bytes
from tui.commands.progress import NoView, view_on
from tui.commands.taking_part import join_in
from tui.commands.training_options import TrainingCommand, read_options, training_options


class SplitResult(msgspec.Struct, frozen=True):
    """The last evaluation on one split; shares are 0 to 1."""

    split: str
    global_step: int
    loss: float
    accuracy: float
    majority_baseline: float


class Summary(msgspec.Struct, frozen=True):
    """How a run ended, or how far it is; `seconds` since its first word."""

    name: str
    path: str
    status: str
    global_step: int
    max_steps: int | None
    loss: float | None
    evaluations: list[SplitResult]
    seconds: float | None
    model: str | None
    message: str


@click.command(
    "train",
    cls=TrainingCommand,
    short_help="Fine-tune a classifier and watch its loss.",
    epilog=f"""\
\b
Examples:
  termformer train
  termformer train --data feedback.csv --epochs 2 --learning-rate 3e-5
  termformer train --max-steps 200 --json > summary.json
  termformer train --config "$(termformer train --detach)/config.json"
  termformer train --num-processes 2 --batch-size 32

{NAMES_OF_MODELS}""",
)
@training_options
@click.pass_context
def train_command(
    ctx: click.Context, /, run_dir: Path | None, detach: bool, as_json: bool, **options: Any
) -> None:
    """Fine-tune a classifier, in a process of its own, and follow it.

    The run outlives this command and the terminal: "termformer runs" lists it, "termformer
    attach" opens the app on it, "termformer stop" ends it with a checkpoint. ctrl+c while
    following asks it to stop with a checkpoint; a second ctrl+c leaves it to itself.

    On a terminal a progress bar shows step, loss, samples a second and the time left; elsewhere
    lines fit for a log file are printed. Exit code 1 when the run failed, or when its model, its
    data or a column that was named is not there: then no run is made.

    With --json (progress then goes to standard error, if that is a terminal): {"name", "path",
    "status", "global_step", "max_steps", "loss", "evaluations": [{"split", "global_step", "loss",
    "accuracy", "majority_baseline"}], "seconds", "model", "message"}; "model" is the folder of
    what was saved, or null; numbers that are not finite are null.
    """
    config = read_options(ctx, options)
    if config.name and run_dir is not None:
        raise click.UsageError("--run-dir names the run too: leave --name out.")
    if config.config_file is not None:
        cluster = read_cluster(Path(config.config_file))
        if not cluster.has_the_run:
            join_in(config, cluster, detach=detach, as_json=as_json)
            return
    # What can mean nothing, or cannot be read, is refused before a folder is made.
    if config.scratch is None:
        checkpoints.locate(config.model)
    check_data(config)
    folder = create_run(config, run_dir)
    start_run(config, folder)
    if detach:
        _print_started(folder, as_json)
        return
    _follow(folder, as_json)


def _print_started(folder: Path, as_json: bool) -> None:
    if as_json:
        print_json(_summary(RunSoFar(folder)))
    else:
        write_bytes(os.fsencode(folder) + b"\n")


def _follow(folder: Path, as_json: bool) -> None:
    if as_json:
        view = view_on(sys.stderr) if sys.stderr.isatty() else NoView()
    else:
        print_text(f"{folder.name} · {folder}")
        view = view_on(sys.stdout)
    follower = Follower(folder, view)
    try:
        run = follower.follow()
    finally:
        view.close()
    if as_json:
        print_json(_summary(run))
    elif run.status == "finished":
        print_text(f'Its model: termformer compare --model {_name(folder)} "…" "…"')
        if run.best is not None:
            print_text(
                f"That is the last step's; the lowest validation loss had {run.folder / run.best}."
            )
    if run.status in {"failed", "crashed"}:
        raise RunError(f"The run {folder.name} {run.status}: {run.message}")
    if follower.interrupts:
        click.get_current_context().exit(INTERRUPTED)


def _summary(run: RunSoFar) -> Summary:
    return Summary(
        name=encodable(run.folder.name),
        path=encodable(str(run.folder)),
        status=run.status,
        global_step=run.global_step,
        max_steps=run.max_steps,
        loss=None if run.step is None else float(run.step.loss),
        evaluations=[
            SplitResult(
                split=evaluation.split,
                global_step=evaluation.global_step,
                loss=float(evaluation.loss),
                accuracy=evaluation.accuracy,
                majority_baseline=evaluation.majority_baseline,
            )
            for evaluation in run.evaluations.values()
        ],
        seconds=run.seconds,
        model=None if run.saved is None else encodable(str(run.folder / run.saved)),
        message=encodable(run.message),
    )


def _name(folder: Path) -> str:
    """What names the run as a model, fit for a shell."""
    import shlex

    return folder.name if folder.parent == paths.runs_dir() else shlex.quote(str(folder))
