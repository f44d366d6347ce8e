"""What a run's probes were classified as, from evaluation to evaluation: a curve a sentence."""

from __future__ import annotations

from core.runs.events import Probed, ProbeResult
from tui.widgets.chart import Series

MOST = 64
"""Sentences whose curves are kept, those that were classified last."""


class ProbeHistory:
    """Grows with a run's log; a sentence that is classified later has a curve from then on."""

    def __init__(self) -> None:
        self.curves: dict[str, list[Series]] = {}
        """For each sentence the probability of each label, by step, in the order of the ids."""
        self.latest: Probed | None = None
        self.first: dict[str, ProbeResult] = {}
        """What each sentence was classified as at first."""

    def take(self, event: Probed) -> None:
        """Adds what one evaluation or request found."""
        if not event.results:
            return  # as no worker of this version says it
        self.latest = event
        for result in event.results:
            # The one that was classified longest ago stands first.
            series = self.curves.pop(result.text, None) or [Series() for _ in result.probabilities]
            self.curves[result.text] = series
            self.first.setdefault(result.text, result)
            for one, probability in zip(series, result.probabilities, strict=False):
                if one.x and one.x[-1] == event.global_step:
                    # Asked for and due at the same step: it is the same answer.
                    continue
                one.extend([event.global_step], [float(probability)])
        while len(self.curves) > MOST:
            oldest = next(iter(self.curves))
            self.curves.pop(oldest)
            self.first.pop(oldest, None)

    @property
    def sentences(self) -> list[str]:
        """What is classified now, in the order that was asked for."""
        return [] if self.latest is None else [result.text for result in self.latest.results]
