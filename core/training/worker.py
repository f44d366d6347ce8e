"""`python -m core.training.worker RUN_DIR`: the process that carries out one run.

It writes the run's events and obeys its requests; whoever watches it only reads the folder. With
`--resume` it goes on where an earlier worker ended, however that was.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from core.errors import RunError, TermformerError
from core.runs.config import RunConfig, read_config, write_config
from core.runs.events import (
    CheckpointSaved,
    Evaluation,
    Event,
    Progress,
    RunFailed,
    RunFinished,
    RunResumed,
    RunStopped,
    Step,
    Warned,
)
from core.runs.folder import CHECKPOINTS, EVENTS, saved_steps
from core.runs.launch import RESUME, TAKE_PART
from core.runs.log import last_seq
from core.runs.process import memory_in_use, write_process
from core.runs.requests import GOING_ON, PostedRequest, remove_request
from core.runs.status import read_started, run_status
from core.training.elsewhere import Found, checkpoint_here, let_go, meet
from core.training.failures import DiskFullError, explain
from core.training.journal import Journal, Silence
from core.training.lock import locked
from core.training.ranks import Ranks
from core.training.replay import Replay
from core.training.steering import Steering, StopWanted

if TYPE_CHECKING:
    # Imported where it is needed, so that the run's first word does not wait for torch.
    from core.training.loop import TrainingLoop

_FULL = "The disk is full: make room, then resume the run. All that was saved is kept."
_REPORT_EVERY = 2.0
"""Seconds between two reports of how far steps were recomputed."""

logger = logging.getLogger(__name__)


class Worker:
    """One run, from its folder to its last word."""

    loop: TrainingLoop

    def __init__(self, folder: Path, *, resume: bool = False, takes_part: bool = False) -> None:
        self.folder = folder
        self.config: RunConfig = read_config(folder)
        self.tokenizer: Any = None
        self._resume = resume
        self._ranks = Ranks(takes_part=takes_part)
        self._replay = Replay()
        self._is_ready = False
        self._began = self._saved_at = self._reported = time.monotonic()
        self._saved_step = 0
        self._best_is_new = self._is_save_owed = False
        self._granted: PostedRequest | None = None

    def run(self) -> bool:
        """Trains to the end, to a stop or to a failure, and logs which; True unless it failed.

        Raises `RunError` where another worker has the run, or had it before and it is not to be
        resumed.
        """
        self._ranks.end_with_launcher()
        self._ranks.require_place()
        if not self._ranks.is_first:
            self.journal: Journal = Silence()
            return not isinstance(self._carry_out(), RunFailed)
        with locked(self.folder, self._ranks.launcher):
            self._require_unfinished()
            write_process(self.folder, launcher=self._ranks.launcher)
            self.journal = Journal(self.folder / EVENTS)
            last_word = self._carry_out() if not self.journal.is_full else RunFailed(message=_FULL)
            self.journal.close(last_word)
            if self._granted is not None:
                remove_request(self._granted)
        return not isinstance(last_word, RunFailed)

    def _require_unfinished(self) -> None:
        if last_seq(self.folder / EVENTS) < 0:
            self._resume = False
        elif not self._resume:
            raise RunError(f"The run {self.folder.name} was begun before; resume it.")
        elif run_status(self.folder).status == "finished":
            raise RunError(f"The run {self.folder.name} is finished; start a new run.")

    def _carry_out(self) -> Event:
        try:
            self.steering = Steering(self.folder, self.journal, self._ranks)
            self.steering.listen()
            try:
                self._prepare()
                return self._train()
            except StopWanted as wish:
                return self._stop(wish)
        except Exception as error:
            logger.exception("The run failed")
            return RunFailed(message=explain(error), global_step=self._global_step)

    @property
    def _global_step(self) -> int:
        return self.loop.global_step if self._is_ready else 0

    def _say(self, phase: str, done: int | None = None, total: int | None = None) -> None:
        self.journal.append(Progress(phase=phase, done=done, total=total))

    def _prepare(self) -> None:
        """Loads data and model, goes to the last checkpoint, and says how the run starts."""
        step = next(iter(saved_steps(self.folder)), 0) if self._resume else 0
        if self._resume and self._ranks.is_first:
            path = f"{CHECKPOINTS}/step-{step}" if step else ""
            # Read before this worker's own first word.
            self._replay = Replay.read(self.folder, step)
            self.journal.append(RunResumed(global_step=step, checkpoint=path))
        self._say("Loading libraries")
        from core.training.checkpoints import clear_remains, restore_checkpoint
        from core.training.preparation import prepare
        from core.training.resuming import moved_machine, require_unchanged

        if self._ranks.is_first:
            clear_remains(self.folder)
            if self.config.tensorboard:
                from core.training.tensorboard import EventFiles

                self.journal.mirror = EventFiles(self.folder)
        checkpoint = self._meet(step)
        prepared = prepare(
            self.config, self._say, self.steering.check_stop, self._ranks, checkpoint
        )
        self.tokenizer, self.loop = prepared.tokenizer, prepared.loop
        begun = read_started(self.folder) if self._ranks.is_first else None
        now = prepared.started
        self._ranks.by_first(lambda: require_unchanged(begun, now, prepared.config, checkpoint))
        if checkpoint is not None:
            restore_checkpoint(checkpoint, self.loop, self._ranks.rank)
            let_go(checkpoint, self._ranks)
        self._is_ready = True
        self._saved_step, self._saved_at = self.loop.global_step, time.monotonic()
        if not self._ranks.is_first:
            return
        if begun is None:
            self.journal.append(prepared.report)
            self.journal.append(prepared.started)
        elif words := moved_machine(self.config, prepared.config):
            self._warn(words)
        if prepared.config != self.config:
            write_config(self.folder, prepared.config)
        if self._resume:
            self._say(GOING_ON)

    def _meet(self, step: int) -> Path | None:
        """All processes go by what the first one found; returns the checkpoint to go on from."""
        if not self._ranks.is_alone:
            self._say("Waiting for the other processes")
        self.journal.waiting = True
        found = meet(Found(self.config, self._replay, step), self.folder, self._ranks)
        self.journal.waiting = False
        self.config, self._replay = found.config, found.replay
        return checkpoint_here(self.folder, found.step, self._ranks) if found.step else None

    def _train(self) -> RunFinished:
        """Takes all steps, obeys requests between them, and saves the model."""
        from core.training.checkpoints import save_final
        from core.training.loop import NotFiniteError

        self._replay.steer(self.loop)
        try:
            self.loop.drive(self._after)
        except NotFiniteError as error:
            raise RunError(f"{error} {self._keep_last_good()}") from error
        if self.loop.stopped_early:
            patience = self.config.early_stopping_patience
            self._warn(
                f"Stopped early: the validation loss was not lower in {patience} evaluations "
                f"than at step {self.loop.best_step}."
            )
        self._say("Saving the model")
        path = self._insist(lambda: save_final(self.folder, self.loop, self.tokenizer))
        best = f"{CHECKPOINTS}/step-{self.loop.best_step}"
        return RunFinished(
            global_step=self.loop.global_step,
            seconds=self._replay.seconds + time.monotonic() - self._began,
            path=path,
            best=best if (self.folder / best).exists() else None,
        )

    def _after(self, event: Event) -> None:
        """Logs an event, and does what is asked for before the next one."""
        self._log(event)
        if isinstance(event, Progress):
            self.steering.check_stop()
        elif self._replay.covers(self.loop.global_step):
            self._recompute()
        else:
            self.steering.between_steps(self, self._is_save_due)

    def _log(self, event: Event) -> None:
        """Logs what the log does not have yet."""
        new = self._replay.new(event)
        if isinstance(new, Step):
            new = msgspec.structs.replace(new, memory=memory_in_use())
        if new is not None:
            self.journal.append(new)
        if isinstance(event, Step) and event.global_step <= self._replay.last_step:
            self._replay.steer(self.loop)
        if isinstance(event, Evaluation) and event.split == "validation":
            self._best_is_new |= self.loop.best_step == self.loop.evaluated_step

    def _recompute(self) -> None:
        """Between two steps that the log has already: what is asked for waits, but for a stop."""
        self.steering.check_stop_together()
        if time.monotonic() - self._reported >= _REPORT_EVERY:
            self._reported = time.monotonic()
            done, total = self.loop.global_step, self._replay.last_step
            self._say("Computing again what is logged", done, total)

    def _is_save_due(self) -> bool:
        step, config = self.loop.global_step, self.config
        if self._best_is_new or self._is_save_owed:
            return True
        if step == self._saved_step:
            return False
        if config.save_steps is not None and step % config.save_steps == 0:
            return True
        minutes = (time.monotonic() - self._saved_at) / 60
        return config.save_minutes is not None and minutes >= config.save_minutes

    def save(self, request: str | None = None) -> str:
        """Saves a checkpoint and says so, then removes old ones; raises `RunError`."""
        from core.training.checkpoints import prune_checkpoints, save_checkpoint
        from core.training.randomness import random_state

        self._say("Saving a checkpoint")
        states = self._ranks.gather(random_state())
        # A checkpoint that is newer than the log would leave a hole in it.
        self.journal.sync()
        step, best = self.loop.global_step, self.loop.best_step
        # Whatever comes of it: one that fails is not tried again after each step.
        self._best_is_new = self._is_save_owed = False
        self._saved_step, self._saved_at = step, time.monotonic()
        try:
            path = self._ranks.by_first(
                lambda: save_checkpoint(
                    self.folder, self.loop, self.tokenizer, states, keep=request is not None
                )
            )
        except DiskFullError:
            self._is_save_owed = True
            raise
        self.journal.append(
            CheckpointSaved(global_step=step, path=path, best=step == best, request=request)
        )
        if self._ranks.is_first:
            try:
                prune_checkpoints(self.folder, best, self.config.save_total_limit)
            except OSError as error:
                self._warn(f"An old checkpoint could not be removed: {error}.")
        return path

    def evaluate(self, request: str) -> None:
        """Evaluates on validation, as a request asked."""
        with closing(self.loop.evaluate("validation", request)) as events:
            for event in events:
                self.journal.append(event)
                # A long one may be broken off; a finished one is first reported as granted.
                if isinstance(event, Progress):
                    self.steering.check_stop()

    def probe(self, sentences: list[str], request: str) -> None:
        """Classifies `sentences`, and will do so at each evaluation, after a resume too."""
        self.loop.probes = sentences
        if self._ranks.is_first:
            config = read_config(self.folder)
            write_config(self.folder, msgspec.structs.replace(config, probes=sentences))
        self.journal.append(self.loop.probe(request))

    def _insist(self, action: Callable[[], str]) -> str:
        """Does what the run is not finished without; on a full disk, as soon as there is room."""
        while True:
            try:
                return self._ranks.by_first(action)
            except DiskFullError as error:
                self.steering.pause_until_resumed(str(error), self)

    def _warn(self, message: str) -> None:
        self.journal.append(Warned(message=message))

    def _keep_last_good(self) -> str:
        """Saves the weights before the step that went wrong, and says so in a sentence."""
        if not self.loop.global_step:
            return "No step was taken before it."
        return f"The weights before it were saved in {self.save()}."

    def _stop(self, wish: StopWanted) -> RunStopped:
        """Saves what was reached. Before the first step there is nothing to save."""
        self._granted = wish.request
        step, reason, path = self._global_step, wish.reason, None
        try:
            path = self.save() if step else None
        except RunError as error:
            is_full = isinstance(error, DiskFullError)
            why = f"The disk is full, so step {step} could not be saved." if is_full else error
            path = next((f"{CHECKPOINTS}/step-{saved}" for saved in saved_steps(self.folder)), None)
            reason += f" {why} The newest checkpoint is {path}." if path else f" {why}"
        return RunStopped(
            global_step=step,
            reason=reason,
            path=path,
            request=wish.request.id if wish.request else None,
        )


def main(arguments: list[str]) -> int:
    """Runs the worker; 0 when the run finished or stopped, 1 when it failed, 2 for wrong usage."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    folders = [argument for argument in arguments if argument not in {RESUME, TAKE_PART}]
    if len(folders) != 1:
        logger.error("usage: python -m core.training.worker RUN_DIR [%s|%s]", RESUME, TAKE_PART)
        return 2
    try:
        folder, takes_part = Path(folders[0]).absolute(), TAKE_PART in arguments
        worker = Worker(folder, resume=RESUME in arguments, takes_part=takes_part)
        return 0 if worker.run() else 1
    except (TermformerError, OSError) as error:
        logger.exception("The worker ends: %s", error)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
