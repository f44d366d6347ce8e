"""What was asked of a worker, what it answered, and questions that want a second key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.runs import events, requests
from core.runs.events import Event
from core.runs.requests import Request, waiting_requests
from core.text.visible import visible
from tui.panes.train.history import RunHistory
from tui.widgets.rows import Part

_ASKED: dict[type[Request], tuple[str, str]] = {
    requests.Stop: ("to stop", ": the worker saves a checkpoint first"),
    requests.Pause: ("to pause", " after this step"),
    requests.Resume: ("to go on", ""),
    requests.SaveCheckpoint: ("for a checkpoint", " after this step"),
    requests.Evaluate: ("to evaluate", " after this step"),
    requests.SetLearningRate: ("for another learning rate", ""),
    requests.Probe: ("to classify the editor's sentences", ""),
}
"""What is asked for, and more of it where it is asked for alone."""


_SILENT = " · The worker gives no sign of life."


class Steering:
    """Keeps, for one run, the wishes that are under way and the worker's latest answer."""

    def __init__(self, folder: Path | None = None) -> None:
        self.question: tuple[str, list[Part]] | None = None
        """The action that waits for its second key, and the words that say so."""
        self.news: list[Part] = []
        self._asked: dict[str, type[Request]] = {}
        self._worker_before: tuple[events.RunResumed | None] | None = None
        """The last worker's first word, while another one is expected."""
        for posted in waiting_requests(folder) if folder else ():
            if posted.request is not None:
                self.ask(posted.id, posted.request)

    def ask(self, request_id: str, request: Request) -> None:
        """Notes that `request` was posted."""
        self._asked[request_id] = type(request)

    def expect_worker(self, history: RunHistory | None) -> None:
        """A new worker is being started to go on with the run; None: it is not."""
        self._worker_before = None if history is None else (history.resumed,)

    def hear(self, history: RunHistory, *, live: bool) -> None:
        """Takes the worker's answers to what was asked."""
        if self._worker_before is not None and history.resumed is not self._worker_before[0]:
            self._worker_before = None
            self.news = _answer(history.resumed) if history.resumed else []
        if not self._asked:
            return
        for event in history.answers:
            if self._asked.pop(getattr(event, "request", ""), None):
                # What it went on to, or from, may be over already.
                is_over = isinstance(event, events.Resumed) and event is not history.turn
                self.news = [] if is_over else _answer(event)
        if not live:
            self._asked.clear()

    def words(self, *, silent: bool = False) -> list[Part]:
        """The question, what is under way, or the latest news; empty where there is nothing.

        `silent` is whether the worker gives no sign of life, so that nobody may ever answer.
        """
        if self.question:
            return self.question[1]
        if self._worker_before is not None:
            return [(" Starting a worker that goes on with the run…", "sheet--accent")]
        if self._asked:
            asked = [(f" {_asked_words(list(self._asked.values()))}", "sheet--accent")]
            return [*asked, (_SILENT, "sheet--bad")] if silent else asked
        return self.news


def _asked_words(kinds: Sequence[type[Request]]) -> str:
    """All that is asked for, each once, the first one first."""
    wishes = [_ASKED[kind] for kind in dict.fromkeys(kinds)]
    if len(wishes) == 1:
        return f"Asked {''.join(wishes[0])}…"
    return f"Asked {', '.join(what for what, _ in wishes)}…"


def _answer(event: Event) -> list[Part]:
    match event:
        case events.Paused():
            words = f" Paused at step {event.global_step:,}; the model stays in memory. "
            return [(words, "sheet--value"), ("p", "sheet--key"), (" goes on", "")]
        case events.Resumed():
            return [(f" Went on at step {event.global_step:,}.", "sheet--value")]
        case events.CheckpointSaved():
            return [(f" Step {event.global_step:,} is saved in {visible(event.path)}.", "")]
        case events.Evaluation():
            split = visible(event.split)
            words = f" Step {event.global_step:,}, {split}: accuracy {event.accuracy * 100:.1f} %."
            return [(words, "sheet--value")]
        case events.RunResumed():
            where = visible(event.checkpoint) or "the start: it had no checkpoint yet"
            return [(f" A new worker goes on from {where}.", "sheet--value")]
        case events.Probed():
            count = len(event.results)
            what = "1 probe was" if count == 1 else f"{count} probes were"
            return [(f" Step {event.global_step:,}: {what} classified.", "sheet--value")]
        case events.LearningRateSet():
            news: list[Part] = [
                (f" The learning rate is {event.learning_rate:g} now. ", "sheet--value")
            ]
            if event.in_warmup:
                news.append(("It still warms up: that is its peak.", ""))
            return news
        case events.Warned():
            return [(f" {visible(event.message)}", "sheet--bad")]
    return []
