"""Which function answers which question about a loaded model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from core.engine.protocol import Compare, OmitBatchDimension, Question, Reply, Task
from core.models.experiment import compare, omit_batch_dimension
from core.models.loading import LoadedModel, wrong_task

SEQUENCES: frozenset[Task] = frozenset({"text-classification"})


class Conversation(Protocol):
    """What an answer that takes long has of the engine."""

    def say(self, reply: Reply) -> None:
        """Sends a reply that is not the last one."""

    def check(self) -> None:
        """Raises where the question was given up."""

    def pause(self) -> None:
        """Lets shorter questions be answered in between; raises where this one was given up."""


Answer = Callable[[Any, LoadedModel, Conversation], Reply]

_ANSWERS: dict[type[Question], tuple[Answer, frozenset[Task]]] = {
    Compare: (lambda question, loaded, _: compare(question, loaded), SEQUENCES),
    OmitBatchDimension: (
        lambda question, loaded, _: omit_batch_dimension(question, loaded),
        SEQUENCES,
    ),
}
"""For each question its answer, and the tasks of the heads that it can be asked of."""


def tasks_of(question: type[Question]) -> frozenset[Task]:
    """The tasks of the models that such questions can be asked about."""
    return _ANSWERS[question][1]


def answer(question: Question, loaded: LoadedModel, conversation: Conversation) -> Reply:
    """The last reply to `question`; raises `ModelError`."""
    function, tasks = _ANSWERS[type(question)]
    if loaded.info.task not in tasks:
        raise wrong_task(loaded.info.name, [loaded.info.class_name], tasks)
    return function(question, loaded, conversation)
