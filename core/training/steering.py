"""What others want of a running worker: requests in its folder, and signals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import RunError
from core.runs import requests
from core.runs.events import LearningRateSet, Paused, Resumed, Warned
from core.runs.requests import PostedRequest, remove_request, waiting_requests
from core.training.journal import Journal

if TYPE_CHECKING:
    # Signals are heard before torch is imported, which takes seconds.
    from core.training.loop import TrainingLoop

_POLL = 0.1
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopWanted(Exception):  # noqa: N818 (a wish, not an error)
    """The run is to end with a checkpoint."""

    def __init__(self, reason: str, request: PostedRequest | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.request = request


class Steering:
    """Carries out requests between steps, in the order they were posted; a stop comes last.

    `save` saves a checkpoint now and `evaluate` evaluates now; both log what they did under the
    request's id, and raise `RunError` where it cannot be done.
    """

    def __init__(self, folder: Path, journal: Journal) -> None:
        self._folder = folder
        self._journal = journal
        self._signalled = threading.Event()
        self._signal_name = ""
        self._paused = False

    def listen(self) -> None:
        """From now on SIGTERM, SIGINT and SIGHUP ask for a stop instead of ending the process."""
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: object) -> None:
        self._signal_name = signal.Signals(number).name
        self._signalled.set()

    def check_stop(self) -> None:
        """Raises `StopWanted` where a signal or a request asks for it."""
        self._raise_if_wanted(waiting_requests(self._folder))

    def _raise_if_wanted(self, waiting: list[PostedRequest]) -> None:
        if self._signalled.is_set():
            raise StopWanted(f"Stopped by {self._signal_name}.")
        for posted in waiting:
            if isinstance(posted.request, requests.Stop):
                raise StopWanted("Stopped by request.", posted)

    def between_steps(
        self,
        loop: TrainingLoop,
        save: Callable[[str], object],
        evaluate: Callable[[str], object],
    ) -> None:
        """Carries out what is asked for; returns when the next step may be taken.

        Raises `StopWanted`.
        """
        while True:
            # One look for both: a stop must not overtake what was posted before it.
            waiting = waiting_requests(self._folder)
            for posted in waiting:
                if not isinstance(posted.request, requests.Stop):
                    self._carry_out(posted, loop, save, evaluate)
                    remove_request(posted)
            self._raise_if_wanted(waiting)
            if not self._paused:
                return
            self._signalled.wait(_POLL)

    def _carry_out(
        self,
        posted: PostedRequest,
        loop: TrainingLoop,
        save: Callable[[str], object],
        evaluate: Callable[[str], object],
    ) -> None:
        step = loop.global_step
        match posted.request:
            case requests.SaveCheckpoint():
                self._try(posted, save)
            case requests.Evaluate():
                self._try(posted, evaluate)
            case requests.Pause():
                self._paused = self._journal.waiting = True
                self._journal.append(Paused(global_step=step, request=posted.id))
            case requests.Resume():
                self._paused = self._journal.waiting = False
                self._journal.append(Resumed(global_step=step, request=posted.id))
            case requests.SetLearningRate(learning_rate=wanted) if 0 < wanted <= 1:
                loop.set_learning_rate(wanted)
                self._journal.append(
                    LearningRateSet(global_step=step, learning_rate=wanted, request=posted.id)
                )
            case _:
                problem = posted.problem or "A learning rate must be above 0 and at most 1."
                self._journal.append(Warned(message=problem, request=posted.id))

    def _try(self, posted: PostedRequest, action: Callable[[str], object]) -> None:
        """A wish that fails is no reason to lose a run."""
        try:
            action(posted.id)
        except RunError as error:
            message = f"{error} The run goes on."
            self._journal.append(Warned(message=message, request=posted.id))
