"""One run as it is watched: its folder, its log as far as it was read, and how it fares."""

from __future__ import annotations

import time
from pathlib import Path

from core.errors import RunError
from core.runs.config import RunConfig, read_config
from core.runs.folder import EVENTS
from core.runs.log import EventReader
from core.runs.status import RunStatus, run_status
from tui.panes.train.history import RunHistory


class RunWatch:
    """Reads one run; raises `OSError` only where its log is there and cannot be read."""

    read_only = False
    """Whether it is another program's, which nothing can be asked of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self.behind = False
        """Whether lines are known to wait that have not been read."""
        self.config: RunConfig | None = None
        self._reader = EventReader(folder / EVENTS)
        self._was_missing = False
        try:
            self.config = read_config(folder)
        except RunError:
            # The log can be watched all the same.
            self.config = None
        self.history = self._empty_history()
        self.status: RunStatus = run_status(folder)

    def read(self, seconds: float) -> bool:
        """Reads what there is, for about `seconds`; whether anything was found."""
        deadline = time.monotonic() + seconds
        found = False
        turns, torn = self.history.turns, self.is_torn
        while True:
            batch = self._reader.read()
            if batch.restarted:
                self.history = self._empty_history()
            if batch.restarted or batch.events or batch.problems:
                found = True
                self.history.take(batch)
            self.behind = batch.more
            if not batch.more or time.monotonic() > deadline:
                break
        went, self._was_missing = self._was_missing, self._reader.missing
        if (self.history.turns != turns and not self.behind) or went != self._was_missing:
            found |= self.check()
        return found or torn != self.is_torn

    def _empty_history(self) -> RunHistory:
        config = self.config
        if config is None:
            return RunHistory()
        samples = config.batch_size * config.gradient_accumulation_steps
        return RunHistory(samples, config.eval_steps)

    def check(self) -> bool:
        """Looks for the process and at the ends of the log; whether the run fares otherwise."""
        before = self.status
        self.status = run_status(self.folder)
        return (before.status, before.message) != (self.status.status, self.status.message)

    @property
    def is_open(self) -> bool:
        """Whether how it fares can change without a word in its log."""
        return self.status.is_live or self.status.status == "unreadable"

    @property
    def may_grow(self) -> bool:
        """Whether more is to be expected of its curves."""
        return self.status.is_live

    @property
    def is_torn(self) -> bool:
        """Whether the log ends within a line that nobody will complete."""
        return self._reader.is_torn and not self.behind and not self.status.is_live

    @property
    def shown(self) -> tuple[RunWatch, ...]:
        """It, or the runs that were found with it: the main one, and those drawn over it."""
        return (self,)

    def close(self) -> None:
        """Ends what reading it takes; nothing is open between reads of a log."""

    @property
    def max_steps(self) -> int | None:
        """How many steps the run takes; None before its worker knows."""
        started = self.history.started
        return started.max_steps if started else self.status.max_steps

    @property
    def has_all_steps(self) -> bool:
        """Whether nothing is left to it but to evaluate and to save."""
        started = self.history.started
        return started is not None and self.global_step >= started.max_steps

    @property
    def global_step(self) -> int:
        """The last step that was read."""
        step = self.history.step
        return step.global_step if step else 0
