"""Which runs of a list are shown, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from core.runs.overview import RunOverview


class RunSelection(msgspec.Struct, frozen=True):
    """The runs that have all of `words`, by `order`, one of `ORDERS`."""

    words: str = ""
    order: str = "newest"

    def of(self, runs: Iterable[RunOverview]) -> list[RunOverview]:
        """Those of `runs` that are meant; runs of which the order says nothing come last."""
        words = self.words.casefold().split()
        chosen = [run for run in runs if all(_has(run, word) for word in words)]
        rank = ORDERS[self.order]
        return chosen if rank is None else sorted(chosen, key=lambda run: _last_if_none(rank(run)))

    def reordered(self) -> RunSelection:
        """By the next order."""
        orders = list(ORDERS)
        following = orders[(orders.index(self.order) + 1) % len(orders)]
        return msgspec.structs.replace(self, order=following)


def _has(run: RunOverview, word: str) -> bool:
    """Whether `word` is in its name, status, note or tags; #word begins one of its tags."""
    tags = [f"#{tag.casefold()}" for tag in run.notes.tags]
    if word.startswith("#"):
        return any(tag.startswith(word) for tag in tags)
    texts: Sequence[str] = (run.name, run.status.status, run.notes.note, *tags)
    return any(word in text.casefold() for text in texts)


def _last_if_none(rank: float | None) -> tuple[bool, float]:
    return rank is None, rank or 0.0


def _best_first(run: RunOverview) -> float | None:
    return None if run.best is None else -run.best.accuracy


def _largest_first(run: RunOverview) -> float | None:
    return None if run.size is None else -run.size


ORDERS: dict[str, Callable[[RunOverview], float | None] | None] = {
    "newest": None,
    "best": _best_first,
    "loss": lambda run: run.status.loss,
    "size": _largest_first,
}
"""What the runs are ordered by: as they were listed, or by a rank, the lowest first."""
