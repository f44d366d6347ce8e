"""Keeps a run's probes to the sentences of the editor, a moment after they were changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.dom import DOMNode
from textual.timer import Timer

from core.runs import requests
from core.runs.events import Probed
from core.runs.requests import Request
from tui.panes.train.watch import RunWatch

QUIET = 1.5
"""Seconds without a key after which sentences count as written."""


class Prober:
    """Asks for the sentences where the run does not classify them yet."""

    def __init__(
        self,
        owner: DOMNode,
        sentences: Callable[[], list[str]],
        watched: Callable[[], RunWatch | None],
        post: Callable[[Request], None],
    ) -> None:
        self._owner = owner
        self._sentences = sentences
        self._watched = watched
        self._post = post
        self._timer: Timer | None = None
        self._asked: tuple[RunWatch, Sequence[str], Probed | None] | None = None
        """What was asked of which run, and its answer before that."""

    def edited(self) -> None:
        """The editor's text changed."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        watch = self._watched()
        if watch is not None and watch.status.is_live:
            self._timer = self._owner.set_timer(QUIET, self.ask)

    def ask(self) -> None:
        """Asks now, where the run goes on and the sentences are others than were asked for."""
        self._timer = None
        watch, sentences = self._watched(), self._sentences()
        if watch is None or not watch.status.is_live or not sentences:
            return
        known = self._known(watch)
        if sentences != known:
            self._asked = watch, sentences, watch.history.probes.latest
            self._post(requests.Probe(sentences))

    def _known(self, watch: RunWatch) -> Sequence[str]:
        latest = watch.history.probes.latest
        if self._asked is not None and self._asked[0] is watch and self._asked[2] is latest:
            return self._asked[1]
        if latest is not None:
            # Also where another app asked since: they are those of its editor.
            return watch.history.probes.sentences
        return watch.config.probes if watch.config else []
