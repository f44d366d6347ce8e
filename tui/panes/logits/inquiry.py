"""What was asked of the engine, and the newest that came back."""

from __future__ import annotations

from core.engine.client import EngineClient
from core.engine.protocol import Compared, Failed, Loading, ModelInfo, Overtaken, Reply, Texts


class Inquiry:
    """Asks for each new text at once; the client keeps the newest, this keeps what is answered.

    `answer` is the newest result, of whatever text; `failure` what came instead of a newer one;
    `progress` what the engine does before it can answer.
    """

    def __init__(self) -> None:
        self.answer: Compared | None = None
        self.failure: Failed | None = None
        self.progress: Loading | None = None
        self._answered_by: ModelInfo | None = None
        self._asked_of: dict[int, ModelInfo] = {}
        """The model that was in force when each unanswered request was made."""
        self._newest: int | None = None
        self._wanted: tuple[ModelInfo, list[Texts]] | None = None
        """What was asked last, answered or not: nothing is asked twice."""

    @property
    def waiting(self) -> bool:
        """Whether the newest request has yet to be answered."""
        return self._newest is not None

    def is_of(self, info: ModelInfo | None) -> bool:
        """Whether the answer is of the model that was loaded as `info`."""
        return info is not None and self._answered_by is info

    def ask(self, engine: EngineClient, info: ModelInfo, texts: list[Texts]) -> None:
        """Asks the model `info` about `texts`, unless that was the last thing asked."""
        if self._wanted and self._wanted[0] is info and self._wanted[1] == texts:
            return
        self._wanted = info, texts
        # None while asking: what this request overtakes is answered before its id is known.
        self._newest = None
        self._newest = engine.compare(info.name, texts)
        self._asked_of[self._newest] = info

    def drop(self) -> None:
        """What was asked is not wanted any more."""
        self._wanted = self._newest = None

    def forget(self) -> None:
        """The answer counts no more, and may be asked for again."""
        self._wanted = self._answered_by = None

    def take(self, reply: Reply) -> bool:
        """Takes `reply` if it is to a request made here; returns whether it is.

        A newest request that was overtaken from elsewhere is forgotten, so that it can be made
        again.
        """
        asked_of = self._asked_of.get(reply.id)
        if asked_of is None:
            return False
        newest = reply.id == self._newest
        if isinstance(reply, Loading):
            self.progress = reply if newest else self.progress
            return True
        del self._asked_of[reply.id]
        self.progress = None
        if isinstance(reply, Compared):
            self.answer, self._answered_by = reply, asked_of
            self.failure = None
        elif newest and isinstance(reply, Failed):
            self.failure = reply
        elif newest and isinstance(reply, Overtaken):
            self._wanted = None
        if newest:
            self._newest = None
        return True
