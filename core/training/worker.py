"""`python -m core.training.worker RUN_DIR`: the process that carries out one run.

It writes the run's events and obeys its requests; whoever watches it only reads the folder.
"""

from __future__ import annotations

import fcntl
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import RunError, TermformerError
from core.models.failures import disk_failure
from core.runs.config import RunConfig, read_config
from core.runs.events import (
    CheckpointSaved,
    Event,
    Progress,
    RunFailed,
    RunFinished,
    RunStopped,
)
from core.runs.folder import EVENTS, WORKER_LOG
from core.runs.log import last_seq
from core.runs.process import write_process
from core.runs.requests import PostedRequest, remove_request
from core.training.journal import Journal
from core.training.steering import Steering, StopWanted

if TYPE_CHECKING:
    # Imported where it is needed, so that the run's first word does not wait for torch.
    from core.training.loop import TrainingLoop

_LOCK = "worker.lock"
_NO_MEMORY = ("out of memory", "can't allocate memory", "Cannot allocate memory")

logger = logging.getLogger(__name__)


class Worker:
    """One run, from its folder to its last word."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config: RunConfig = read_config(folder)
        self.loop: TrainingLoop | None = None
        self.tokenizer: Any = None
        self._began = time.monotonic()
        self._granted: PostedRequest | None = None

    def run(self) -> bool:
        """Trains to the end, to a stop or to a failure, and logs which; True unless it failed.

        Raises `RunError` where another worker has the run, or had it before.
        """
        with _locked(self.folder):
            if last_seq(self.folder / EVENTS) >= 0:
                raise RunError(f"The run {self.folder.name} was begun before; start a new run.")
            write_process(self.folder)
            self.journal = Journal(self.folder / EVENTS)
            last_word = self._carry_out()
            self.journal.close(last_word)
            if self._granted is not None:
                remove_request(self._granted)
        return not isinstance(last_word, RunFailed)

    def _carry_out(self) -> Event:
        try:
            self.steering = Steering(self.folder, self.journal)
            self.steering.listen()
            self._say("Loading libraries")
            try:
                self._prepare()
                return self._train()
            except StopWanted as wish:
                return self._stop(wish)
        except Exception as error:
            logger.exception("The run failed")
            step = self.loop.global_step if self.loop else 0
            return RunFailed(message=self._explain(error), global_step=step)

    def _say(self, phase: str, done: int | None = None, total: int | None = None) -> None:
        self.journal.append(Progress(phase=phase, done=done, total=total))

    def _prepare(self) -> None:
        """Loads data and model, and says how the run starts."""
        from core.training.preparation import prepare

        prepared = prepare(self.config, self._say, self.steering.check_stop)
        self.tokenizer = prepared.tokenizer
        self.loop = prepared.loop
        self.journal.append(prepared.started)

    def _train(self) -> RunFinished:
        """Takes all steps, obeys requests between them, and saves the model."""
        from core.training.checkpoints import save_final
        from core.training.loop import NotFiniteError

        assert self.loop is not None
        events = self.loop.run()
        # Closed before a checkpoint is saved: an evaluation that was broken off has then put
        # back training's random state.
        with closing(events):
            try:
                for event in events:
                    self.journal.append(event)
                    if isinstance(event, Progress):
                        self.steering.check_stop()
                    else:
                        self.steering.between_steps(self.loop, self._save, self._evaluate)
            except NotFiniteError as error:
                raise RunError(f"{error} {self._keep_last_good()}") from error
        self._say("Saving the model")
        path = save_final(self.folder, self.loop, self.tokenizer)
        return RunFinished(
            global_step=self.loop.global_step, seconds=time.monotonic() - self._began, path=path
        )

    def _save(self, request: str | None = None) -> str:
        """Saves a checkpoint and says so; raises `RunError`."""
        from core.training.checkpoints import save_checkpoint

        assert self.loop is not None
        self._say("Saving a checkpoint")
        path = save_checkpoint(self.folder, self.loop, self.tokenizer)
        self.journal.append(
            CheckpointSaved(global_step=self.loop.global_step, path=path, request=request)
        )
        return path

    def _evaluate(self, request: str) -> None:
        assert self.loop is not None
        with closing(self.loop.evaluate("validation", request)) as events:
            for event in events:
                self.journal.append(event)
                # A long one may be broken off; a finished one is first reported as granted.
                if isinstance(event, Progress):
                    self.steering.check_stop()

    def _keep_last_good(self) -> str:
        """Saves the weights before the step that went wrong, and says so in a sentence."""
        assert self.loop is not None
        if not self.loop.global_step:
            return "No step was taken before it."
        return f"The weights before it were saved in {self._save()}."

    def _stop(self, wish: StopWanted) -> RunStopped:
        """Saves what was reached. Before the first step there is nothing to save."""
        step = self.loop.global_step if self.loop else 0
        path = self._save() if step else None
        self._granted = wish.request
        return RunStopped(
            global_step=step,
            reason=wish.reason,
            path=path,
            request=wish.request.id if wish.request else None,
        )

    def _explain(self, error: Exception) -> str:
        """One sentence for the user; the traceback is in `worker.log`."""
        if isinstance(error, TermformerError):
            return str(error)
        if failure := disk_failure(error, "A file of the run"):
            return str(failure)
        said = str(error)
        if isinstance(error, MemoryError) or any(words in said for words in _NO_MEMORY):
            return (
                "There is not enough memory: choose a smaller batch size, shorter texts, "
                "or a smaller model."
            )
        first = said.strip().partition("\n")[0][:200]
        return f"{type(error).__name__}: {first} (the traceback is in {WORKER_LOG})."


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Holds the run; the system lets go of it even when the holder is killed."""
    with (folder / _LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunError(f"The run {folder.name} has a worker already.") from error
        yield


def main(arguments: list[str]) -> int:
    """Runs the worker; 0 when the run finished or stopped, 1 when it failed, 2 for wrong usage."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    if len(arguments) != 1:
        logger.error("usage: python -m core.training.worker RUN_DIR")
        return 2
    try:
        return 0 if Worker(Path(arguments[0]).absolute()).run() else 1
    except (TermformerError, OSError) as error:
        logger.exception("The worker ends: %s", error)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
