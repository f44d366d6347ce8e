"""Which function answers which question about a loaded model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from core.engine.protocol import (
    Classify,
    Compare,
    MeasureAttention,
    OmitBatchDimension,
    Question,
    ReadAttention,
    Reply,
    RunPipeline,
    Task,
)
from core.models.attention import measure_attention, read_attention
from core.models.classify import classify
from core.models.experiment import compare, omit_batch_dimension
from core.models.loading import LoadedModel, wrong_task
from core.models.pipeline import check_pipeline, run_pipeline


class Conversation(Protocol):
    """What an answer that takes long has of the engine."""

    def say(self, reply: Reply) -> None:
        """Sends a reply that is not the last one."""

    def pause(self) -> None:
        """Lets shorter questions be answered in between; raises where this one was given up."""


Answer = Callable[[Any, LoadedModel, Conversation], Reply]


def _simple(function: Callable[[Any, LoadedModel], Reply]) -> Answer:
    """An answer that needs nothing of the engine while it is computed."""
    return lambda question, loaded, _: function(question, loaded)


def _run_pipeline(question: RunPipeline, loaded: LoadedModel, conversation: Conversation) -> Reply:
    ran = run_pipeline(question, loaded)
    conversation.say(ran)
    return check_pipeline(ran, loaded, conversation.pause)


def _classify(question: Classify, loaded: LoadedModel, conversation: Conversation) -> Reply:
    return classify(question, loaded, conversation.say, conversation.pause)


_CLASSIFIERS: frozenset[Task] = frozenset({"text-classification"})
_ANSWERS: dict[type[Question], tuple[Answer, frozenset[Task] | None]] = {
    Compare: (_simple(compare), _CLASSIFIERS),
    OmitBatchDimension: (_simple(omit_batch_dimension), _CLASSIFIERS),
    MeasureAttention: (_simple(measure_attention), None),
    ReadAttention: (_simple(read_attention), None),
    RunPipeline: (
        _run_pipeline,
        frozenset({"text-classification", "fill-mask", "token-classification"}),
    ),
    Classify: (_classify, _CLASSIFIERS),
}
"""For each question its answer, and the tasks of the heads it can be asked of; None: of all."""


def tasks_of(question: type[Question]) -> frozenset[Task] | None:
    """The tasks of the models that such questions can be asked about; None: any, or none."""
    return _ANSWERS[question][1]


def answer(question: Question, loaded: LoadedModel, conversation: Conversation) -> Reply:
    """The last reply to `question`; raises `ModelError`, and what `conversation` raises."""
    function, tasks = _ANSWERS[type(question)]
    if tasks is not None and loaded.info.task not in tasks:
        # What was saved, which a head for no known task is no part of when it is loaded.
        saved = loaded.model.config.architectures or [loaded.info.class_name]
        raise wrong_task(loaded.info.name, saved, tasks)
    return function(question, loaded, conversation)
