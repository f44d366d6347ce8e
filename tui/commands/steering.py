"""`termformer pause`, `resume`, `checkpoint`, `evaluate` and `set`: a run, from any terminal."""

from __future__ import annotations

import inspect
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from core.errors import RunError
from core.runs import events, requests
from core.runs.folder import WORKER_LOG, find_run
from core.runs.launch import resume_run
from core.runs.requests import Request, find_answer, find_resumed, post_request
from core.runs.status import RunStatus, run_status
from core.sizes import loss_text, percent
from tui.commands.options import json_option, run_argument
from tui.commands.output import print_json, print_text
from tui.commands.runs import run_row

_POLL = 0.1
_ROOM = 1 << 16
"""Free bytes below which a disk is full: a worker does not begin without."""
_WAITING = """\
RUN is a name that "termformer runs" lists, or a run's folder. The worker looks between steps;
this command waits until it has answered, and ctrl+c ends the waiting, not the wish. Exit code 1
when it could not be done.

With --json: the run as "termformer runs --json" lists it."""

Command = TypeVar("Command", bound=Callable[..., object])


def _told(command: Command) -> Command:
    """Adds to the help what all these commands have in common."""
    command.__doc__ = f"{inspect.cleandoc(command.__doc__ or '')}\n\n{_WAITING}"
    return command


@click.command("pause", short_help="Pause a run; its model stays in memory.")
@run_argument
@json_option
@_told
def pause_command(run: str, as_json: bool) -> None:
    """Ask the worker of RUN to take no more steps until "termformer resume"."""
    _ask(run, requests.Pause(), as_json)


@click.command("checkpoint", short_help="Save a checkpoint of a run now.")
@run_argument
@json_option
@_told
def checkpoint_command(run: str, as_json: bool) -> None:
    """Ask the worker of RUN to save a checkpoint, which is then kept, and to go on."""
    _ask(run, requests.SaveCheckpoint(), as_json)


@click.command("evaluate", short_help="Evaluate a run on its validation split now.")
@run_argument
@json_option
@_told
def evaluate_command(run: str, as_json: bool) -> None:
    """Ask the worker of RUN to evaluate on the validation split, and to go on."""
    _ask(run, requests.Evaluate(), as_json)


@click.command("set", short_help="Change a run's learning rate.")
@run_argument
@click.argument("setting", metavar="learning_rate=X")
@json_option
@_told
def set_command(run: str, setting: str, as_json: bool) -> None:
    """Give RUN another learning rate from the next step on.

    It falls linearly to zero from there; in the warm-up it is the new peak.
    """
    name, equals, value = setting.partition("=")
    if name != "learning_rate" or not equals:
        raise click.UsageError(f"{setting!r} cannot be set: write learning_rate=3e-5.")
    try:
        request = requests.SetLearningRate(float(value))
    except ValueError:
        raise click.UsageError(f"The learning rate must be a number, not {value!r}.") from None
    if request.problem:
        raise click.UsageError(request.problem)
    _ask(run, request, as_json)


@click.command("resume", short_help="Go on with a run that is paused, stopped or dead.")
@run_argument
@json_option
@_told
def resume_command(run: str, as_json: bool) -> None:
    """Go on with RUN: after a pause at once, else in a new worker from the last checkpoint.

    A run that stopped, failed, was killed or lost its machine computes the steps after its last
    checkpoint once more; its curve goes on as if nothing had happened.
    """
    folder = find_run(run)
    status = run_status(folder)
    if status.status == "paused":
        _ask(run, requests.Resume(), as_json)
        return
    if status.is_live:
        raise RunError(f"{folder.name} is {status.status} already: there is nothing to resume.")
    began = time.time()
    resume_run(folder)
    _say(folder, _wait(folder, lambda: find_resumed(folder, began), began), as_json)


def _ask(run: str, request: Request, as_json: bool) -> None:
    folder = find_run(run)
    began = time.time()
    request_id = post_request(folder, request)
    _say(folder, _wait(folder, lambda: find_answer(folder, request_id, began)), as_json)


def _wait(
    folder: Path, answer: Callable[[], events.Event | None], started: float | None = None
) -> events.Event:
    """The worker's answer, as soon as it is in the log; raises `RunError` where none comes.

    `started` is when the worker was, where it was for this.
    """
    while True:
        # The worker first: one that ends between the two looks has then answered.
        status = run_status(folder)
        found = answer()
        if found is not None:
            return found
        if not status.is_live:
            if started is not None and not _has_spoken(status, started):
                raise RunError(_silent_end(folder))
            raise RunError(
                f"{folder.name} {status.status} before it could do that. {status.message}"
            )
        time.sleep(_POLL)


def _has_spoken(status: RunStatus, since: float) -> bool:
    return status.last_event_age is not None and time.time() - status.last_event_age >= since


def _silent_end(folder: Path) -> str:
    """What is to be said of a worker that left no word in the log."""
    said = f"The worker of {folder.name} ended before it could say a word"
    if shutil.disk_usage(folder).free < _ROOM:
        return f"{said}: the disk is full. Make room and try again; all that was saved is kept."
    return f"{said}; see {WORKER_LOG} in {folder}."


def _say(folder: Path, answer: events.Event, as_json: bool) -> None:
    if isinstance(answer, events.Warned):
        raise RunError(f"{folder.name}: {answer.message}")
    if as_json:
        print_json(run_row(folder))
    else:
        is_paused = run_status(folder).status == "paused"
        print_text(f"{folder.name} {_done(answer, is_paused=is_paused)}")


def _done(answer: events.Event, *, is_paused: bool) -> str:
    match answer:
        case events.Paused(global_step=step):
            return f"is paused after step {step}; its model stays in memory."
        case events.Resumed(global_step=step):
            return f"goes on after step {step}."
        case events.CheckpointSaved(global_step=step, path=path):
            return f"saved step {step} in {path}, and {'stays paused' if is_paused else 'goes on'}."
        case events.LearningRateSet(learning_rate=rate, in_warmup=True):
            return f"still warms up: its learning rate rises to {rate:.3g} now."
        case events.LearningRateSet(learning_rate=rate, global_step=step):
            return f"learns with {rate:.3g} from step {step + 1} on."
        case events.Evaluation(global_step=step):
            return (
                f"has after step {step} a {answer.split} loss of {loss_text(answer.loss)} and an "
                f"accuracy of {percent(answer.accuracy)}; the commonest label alone has "
                f"{percent(answer.majority_baseline)}."
            )
        case events.RunResumed(checkpoint=checkpoint) if checkpoint:
            return f"goes on from {checkpoint}."
        case events.RunStarted():
            return "begins: it had not begun before."
        case events.RunResumed():
            return "goes on from the start: it had no checkpoint yet."
        case _:
            return "has done it."
