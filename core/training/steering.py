"""What others want of a running worker: requests in its folder, signals, and a full disk."""

from __future__ import annotations

import dataclasses
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.errors import RunError
from core.models.failures import MAKE_ROOM
from core.runs import requests
from core.runs.events import LearningRateSet, Paused, Resumed, Warned
from core.runs.requests import PostedRequest, remove_request, waiting_requests
from core.training.failures import DiskFullError
from core.training.journal import Journal
from core.training.ranks import Ranks

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


class Driver(Protocol):
    """What a run can be asked to do between steps, and logs under the request's id."""

    loop: TrainingLoop

    def save(self, request: str | None = None) -> object:
        """Saves a checkpoint; raises `RunError`."""

    def evaluate(self, request: str) -> object:
        """Evaluates on validation."""

    def probe(self, sentences: list[str], request: str) -> object:
        """Classifies `sentences`, now and at each evaluation."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the first process saw between two steps; all processes carry it out alike.

    A `signal` counts whichever of them got it: a launcher passes on its own to those it started.
    """

    posted: list[PostedRequest]
    save: bool = False
    is_full: bool = False
    signal: int = 0


class Steering:
    """Carries out requests between steps, in the order they were posted; a stop comes last."""

    def __init__(self, folder: Path, journal: Journal, ranks: Ranks) -> None:
        self._folder = folder
        self._journal = journal
        self._ranks = ranks
        self._signalled = threading.Event()
        self._signal = 0
        self._paused = False

    def listen(self) -> None:
        """From now on SIGTERM, SIGINT and SIGHUP ask for a stop instead of ending the process."""
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: object) -> None:
        self._signal = number
        self._signalled.set()

    def check_stop(self) -> None:
        """Raises `StopWanted` where a signal or a request asks for it.

        For phases that each process goes through at its own pace: of several none is stopped
        there, or the others would wait for it.
        """
        if self._ranks.is_alone:
            self.check_stop_together()

    def check_stop_together(self) -> None:
        """`check_stop` for all processes at the same step."""
        self._raise_if_wanted(self._look())

    def between_steps(self, driver: Driver, is_save_due: Callable[[], bool]) -> None:
        """Carries out what is asked for; returns when the next step may be taken.

        Raises `StopWanted`.
        """
        while True:
            # One look for both: a stop must not overtake what was posted before it.
            wishes = self._look(is_save_due)
            # First, since a request to go on may be waiting already.
            if wishes.is_full and not self._paused:
                self._pause_after("The disk is full.", driver.loop.global_step)
            if wishes.save:
                self._try(driver.save, driver)
            for posted in wishes.posted:
                if not isinstance(posted.request, requests.Stop):
                    self._carry_out(posted, driver)
                    if self._ranks.is_first:
                        remove_request(posted)
            self._raise_if_wanted(wishes)
            if not self._paused:
                return
            self._signalled.wait(_POLL)

    def pause_until_resumed(self, problem: str, driver: Driver) -> None:
        """Waits, after `problem`, for a request to go on; raises `StopWanted`."""
        self._pause_after(problem, driver.loop.global_step)
        self.between_steps(driver, lambda: False)

    def _look(self, is_save_due: Callable[[], bool] = lambda: False) -> Wishes:
        """What is asked for; in all processes the same."""
        seen = Wishes([])
        if self._ranks.is_first:
            is_due = not self._paused and is_save_due()
            seen = Wishes(waiting_requests(self._folder), is_due, self._journal.is_full)
        # Two numbers a step: only where there is a wish it takes more to agree on it.
        is_any, number = self._ranks.highest(int(seen != Wishes([])), self._signal)
        wishes = self._ranks.agree(seen) if is_any else seen
        return dataclasses.replace(wishes, signal=number)

    def _raise_if_wanted(self, wishes: Wishes) -> None:
        if wishes.signal:
            raise StopWanted(f"Stopped by {signal.Signals(wishes.signal).name}.")
        for posted in wishes.posted:
            if isinstance(posted.request, requests.Stop):
                raise StopWanted("Stopped by request.", posted)

    def _carry_out(self, posted: PostedRequest, driver: Driver) -> None:
        loop, step = driver.loop, driver.loop.global_step
        match posted.request:
            case requests.SaveCheckpoint():
                self._try(driver.save, driver, posted.id)
            case requests.Evaluate():
                self._try(driver.evaluate, driver, posted.id)
            case requests.Probe(sentences=sentences):
                driver.probe(sentences, posted.id)
            case requests.Pause():
                self._pause(step, posted.id)
            case requests.Resume():
                self._resume(step, posted.id)
            case requests.SetLearningRate(learning_rate=wanted, problem=""):
                loop.set_learning_rate(wanted)
                self._journal.append(
                    LearningRateSet(
                        global_step=step,
                        learning_rate=wanted,
                        in_warmup=loop.in_warmup,
                        request=posted.id,
                    )
                )
            case requests.SetLearningRate(problem=problem):
                self._journal.append(Warned(message=problem, request=posted.id))
            case _:
                self._journal.append(Warned(message=posted.problem, request=posted.id))

    def _pause(self, step: int, request: str | None = None) -> None:
        self._paused = self._journal.waiting = True
        self._journal.append(Paused(global_step=step, request=request))

    def _resume(self, step: int, request: str) -> None:
        problem = ""
        try:
            self._journal.refill_reserve()
        except OSError as error:
            problem = f"There is still no room on the disk: {error.strerror}. The run stays paused."
        if problem := self._ranks.agree(problem):
            self._journal.append(Warned(message=problem, request=request))
            return
        self._paused = self._journal.waiting = False
        self._journal.append(Resumed(global_step=step, request=request))

    def _pause_after(self, problem: str, step: int, request: str | None = None) -> None:
        """Waits for someone to make room."""
        # What is to be done is said once.
        message = (
            f"{problem.removesuffix(MAKE_ROOM).strip()} The run is paused; all that it has learned "
            "and saved is kept: make room, then resume it."
        )
        self._journal.append(Warned(message=message, request=request))
        if not self._paused:
            self._pause(step)

    def _try(
        self, action: Callable[..., object], driver: Driver, request: str | None = None
    ) -> None:
        """A wish that fails is no reason to lose a run."""
        try:
            action(request)
        except DiskFullError as error:
            self._pause_after(str(error), driver.loop.global_step, request)
        except RunError as error:
            self._journal.append(Warned(message=f"{error} The run goes on.", request=request))
