"""One kind of request to the engine, of which the newest counts, and what came back."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from core.engine.client import EngineClient
from core.engine.protocol import (
    Cancelled,
    Failed,
    Interim,
    Loading,
    ModelInfo,
    Overtaken,
    Reply,
    Request,
)

A = TypeVar("A", bound=Reply)
T = TypeVar("T")


@dataclass(frozen=True)
class _Asked:
    info: ModelInfo | None
    """The model that was in force at the time; None for one that is not the panes' own."""
    question: Request


class Inquiry(Generic[A]):
    """Asks for each change at once; the client keeps the newest, this keeps what is answered.

    `answer` is the newest result, of whatever question; `failure` what came instead of a newer
    one; `progress` what the engine does before it can answer.
    """

    def __init__(self, kind: type[A]) -> None:
        self._kind = kind
        self.answer: A | None = None
        self.failure: Failed | None = None
        self.progress: Loading | None = None
        self.cancelled = False
        """Whether the newest request was given up, and nothing came since."""
        self._answered: _Asked | None = None
        self._asked: dict[int, _Asked] = {}
        """Each unanswered request."""
        self._newest: int | None = None
        self._wanted: _Asked | None = None
        """What was asked last, answered or not: nothing is asked twice."""

    @property
    def waiting(self) -> bool:
        """Whether the newest request has yet to get its last reply."""
        return self._newest is not None

    def is_of(self, info: ModelInfo | None) -> bool:
        """Whether the answer is of the model that was loaded as `info`."""
        return info is not None and self._answered is not None and self._answered.info is info

    def answers(self, info: ModelInfo | None, question: Request) -> bool:
        """Whether the answer is to exactly this."""
        asked = self._answered
        return asked is not None and asked.info is info and asked.question == question

    def ask(self, engine: EngineClient, info: ModelInfo | None, question: Request) -> None:
        """Asks `question` (its id is no matter), unless that was the last thing asked."""
        wanted = _Asked(info, question)
        if self._wanted and self._wanted.info is info and self._wanted.question == question:
            return
        self._wanted = wanted
        self.cancelled = False
        # None while asking: what this request overtakes is answered before its id is known.
        self._newest = None
        self._newest = engine.post(question)
        self._asked[self._newest] = wanted

    def cancel(self, engine: EngineClient) -> bool:
        """Gives the newest request up; whether there was one to give up."""
        if self._newest is not None:
            engine.cancel(self._newest)
        return self._newest is not None

    def drop(self) -> None:
        """What was asked is not wanted any more."""
        self._wanted = self._newest = None

    def forget(self) -> None:
        """The answer counts no more, and may be asked for again."""
        self._wanted = self._answered = self.failure = None
        self.cancelled = False

    def take(self, reply: Reply) -> bool:
        """Takes `reply` if it is to a request made here; returns whether it is.

        A newest request that was overtaken from elsewhere is forgotten, so that it can be made
        again.
        """
        asked = self._asked.get(reply.id)
        if asked is None:
            return False
        newest = reply.id == self._newest
        if isinstance(reply, Loading):
            self.progress = reply if newest else self.progress
            return True
        if isinstance(reply, self._kind):
            self.answer, self._answered, self.failure = reply, asked, None
        elif newest and isinstance(reply, Failed):
            self.failure = reply
        elif newest and isinstance(reply, Overtaken):
            self._wanted = None
        elif newest and isinstance(reply, Cancelled):
            self.cancelled = True
        self.progress = None
        if not isinstance(reply, Interim):
            del self._asked[reply.id]
            if newest:
                self._newest = None
        return True


def in_place_of(
    wanted: Sequence[Hashable], old: Sequence[Hashable], rows: Sequence[T]
) -> list[T | None]:
    """For each input the old row in its place, counted from the end that did not change."""
    shortest = min(len(wanted), len(old))
    head = 0
    while head < shortest and wanted[head] == old[head]:
        head += 1
    tail = 0
    while tail < shortest - head and wanted[-1 - tail] == old[-1 - tail]:
        tail += 1
    found: list[T | None] = [None] * len(wanted)
    found[:head] = rows[:head]
    for row in range(head, min(len(wanted), len(old)) - tail):
        found[row] = rows[row]
    if tail:
        found[-tail:] = rows[-tail:]
    return found
