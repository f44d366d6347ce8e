"""Asking a run's worker for something: by one key, or by two where it cannot be taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

from textual import events, work

from core.errors import RunError
from core.runs import requests
from core.runs.launch import resume_run, stop_run
from core.runs.requests import Request, post_request
from core.text.visible import visible
from tui.panes.train.follow import Follower
from tui.panes.train.others import READ_ONLY
from tui.panes.train.steering import Steering
from tui.panes.train.watch import RunWatch
from tui.widgets.pane import Pane
from tui.widgets.prompt import Prompt
from tui.widgets.rows import Part

_YES: Part = ("y", "sheet--key")
_ASKING = {"start", "stop", "confirm", "delete"}
"""What a second key may be an answer to."""
NO_RUN = "No run is watched: s starts one, l lists them."


class AskingPane(Pane):
    """The keys that steer the run that is watched, and the line that says what came of it."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.steering = Steering()
        self.prompt = Prompt(id="prompt")
        self.follower = Follower(self, self.run_changed, self.complain)

    @property
    def watched(self) -> RunWatch | None:
        """The run that is followed."""
        return self.follower.watched

    def run_changed(self, watch: RunWatch) -> None:
        """Something new was read of the run that is watched."""
        raise NotImplementedError

    def draw_foot(self) -> None:
        """Shows the question, the news, or how the run fares."""
        raise NotImplementedError

    def say(self, words: str, style: str = "sheet--value") -> None:
        self.steering.news = [(f" {visible(words)}", style)]
        self.draw_foot()

    def complain(self, words: str) -> None:
        self.say(words, "sheet--bad")

    def tell(self, message: str, *, calm: bool) -> None:
        severity: Literal["information", "warning"] = "information" if calm else "warning"
        self.notify(visible(message), markup=False, severity=severity, timeout=6)

    def unsay(self) -> None:
        """What was wrong with a value that nobody wants is no news."""
        self.steering.news = []
        self.draw_foot()

    # --- questions ------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Every key takes news off, and a question that it does not answer."""
        if self.came_up(event):
            # The form had it first and left it to the app.
            event.prevent_default()
            return
        if not self.has_focus:
            return
        if self.steering.news:
            self.steering.news = []
            self.draw_foot()
        bound = self._bindings.key_to_bindings.get(event.key, [])
        if not any(binding.action in _ASKING for binding in bound):
            self._withdraw()

    def on_blur(self) -> None:
        self._withdraw()

    def _withdraw(self) -> None:
        if self.steering.question is not None:
            self.steering.question = None
            self.draw_foot()

    def sure(self, action: str, words: Sequence[Part]) -> bool:
        """Whether `action` was asked for twice; asks where it was not."""
        question = self.steering.question
        self.steering.question = None
        if question is not None and question[0] == action:
            return True
        self.steering.question = action, list(words)
        self.draw_foot()
        return False

    async def action_confirm(self) -> None:
        if self.steering.question is not None:
            await self.run_action(self.steering.question[0])

    # --- steering -------------------------------------------------------------------------

    def choose_target(self) -> bool:
        """Watches the run that is meant, where that is another one; where none is, says why."""
        raise NotImplementedError

    def _is_foreign(self, instead: str = "") -> bool:
        """Whether the run is another program's; says so, and what can be done `instead`."""
        if self.watched is None or not self.watched.read_only:
            return False
        self.say(READ_ONLY + instead)
        return True

    def action_stop(self) -> None:
        if not self.choose_target() or self._is_foreign():
            return
        watch = self.watched
        if watch is None or not watch.status.is_live:
            self.say("No run is going on: there is nothing to stop.")
            return
        ask = f" Stop {visible(watch.name)}? What it reached is saved first. "
        if self.sure("stop", [(ask, "sheet--value"), ("x", "sheet--key"), (" or ", ""), _YES]):
            self._post(requests.Stop())

    def action_pause(self) -> None:
        if not self.choose_target() or self._is_foreign():
            return
        watch = self.watched
        if watch is None:
            self.say(NO_RUN)
        elif watch.status.is_live:
            paused = watch.status.status == "paused"
            self._post(requests.Resume() if paused else requests.Pause())
        elif watch.status.status == "finished":
            self.say(f"{watch.name} is finished: there is nothing left to go on with.")
        elif watch.status.status == "unreadable":
            self.complain(watch.status.message)
        else:
            self._resume(watch)

    @work(group="ask")
    async def _resume(self, watch: RunWatch) -> None:
        """A new worker goes on where the one before ended."""
        self.steering.expect_worker(watch.history)
        self.draw_foot()
        try:
            await asyncio.to_thread(resume_run, watch.folder)
        except RunError as error:
            self.steering.expect_worker(None)
            self.complain(str(error))
        self.follower.look()

    def action_rate(self) -> None:
        """Asks for another learning rate."""
        if not self.choose_target() or self._is_foreign():
            return
        watch = self.watched
        if watch is None or not watch.status.is_live:
            self.say("No run is going on: there is no rate to change.")
            return
        now = _rate_now(watch)
        hint = "Enter sets it, Esc leaves it"
        self.prompt.ask("learning rate", now, hint=hint, entered=self._set_rate, left=self.unsay)

    def _set_rate(self, value: str) -> bool:
        try:
            request = requests.SetLearningRate(float(value))
        except ValueError:
            self.complain("The learning rate must be a number, such as 5e-05.")
            return False
        if request.problem:
            self.complain(request.problem)
            return False
        self._post(request)
        return True

    def action_checkpoint(self) -> None:
        if self.choose_target():
            self._post(requests.SaveCheckpoint())

    def action_evaluate(self) -> None:
        if self.choose_target():
            self._post(requests.Evaluate())

    def _post(self, request: Request) -> None:
        if self._is_foreign():
            return
        if self.watched is None:
            self.say(NO_RUN)
        else:
            self._ask(self.watched, request)

    @work(group="ask")
    async def _ask(self, watch: RunWatch, request: Request) -> None:
        try:
            if isinstance(request, requests.Stop):
                request_id = await asyncio.to_thread(stop_run, watch.folder)
            else:
                request_id = await asyncio.to_thread(post_request, watch.folder, request)
        except RunError as error:
            self.complain(str(error))
        else:
            if watch is self.watched:
                self.steering.ask(request_id, request)
                self.steering.hear(watch.history, live=watch.status.is_live)
                self.draw_foot()
                self.follower.look()


def _rate_now(watch: RunWatch) -> str:
    """What another rate takes the place of: the last step's, while it rises the peak's."""
    step, config, started = watch.history.step, watch.config, watch.history.started
    if step is None:
        return ""
    warmup = 0 if config is None or started is None else config.warmup_steps(started.max_steps)
    if config is None or step.global_step >= warmup:
        return f"{step.learning_rate:.2e}"
    risen = (step.global_step - 1) / warmup
    return f"{step.learning_rate / risen if risen else config.learning_rate:.2e}"
