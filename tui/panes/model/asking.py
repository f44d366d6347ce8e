"""What the pane asks the engine, and what came back of it."""

from __future__ import annotations

from typing import Any

from core.engine.client import EngineClient
from core.engine.protocol import (
    ALONE,
    Compare,
    CompareConfigs,
    Compared,
    ConfigsCompared,
    InspectParameter,
    ParameterInspected,
    ReadStructure,
    ReadWeights,
    Reply,
    StructureRead,
    WeightsRead,
)
from core.engine.protocol.checkpoint import Head
from tui.inquiry import Inquiry
from tui.panes.model.subject import Subject
from tui.plan import Plan


class Answers:
    """The newest answer to each kind of request; `current` ones are of what is shown now."""

    def __init__(self) -> None:
        self.structure = Inquiry(StructureRead)
        self.weights = Inquiry(WeightsRead)
        self.parameter = Inquiry(ParameterInspected)
        self.configs = Inquiry(ConfigsCompared)
        self.first = Inquiry(Compared)
        """The sentences' logits by the checkpoint."""
        self.second = Inquiry(Compared)
        """The same by its random twin."""
        self._all: tuple[Inquiry[Any], ...] = (
            self.structure,
            self.weights,
            self.parameter,
            self.configs,
            self.first,
            self.second,
        )
        self._plain: dict[tuple[str, Head | None], StructureRead] = {}

    # --- asking ---------------------------------------------------------------------------

    def ask_structure(self, engine: EngineClient, subject: Subject) -> None:
        """The tree and the config of `subject`; where it is changed, first of what it was."""
        if subject.changes and self.plain(subject) is None:
            subject = subject.plain
        self.structure.ask(engine, None, ReadStructure(0, subject.name, head=subject.head))

    def ask_weights(self, engine: EngineClient, subject: Subject) -> None:
        """How its weights were found."""
        self.weights.ask(engine, None, ReadWeights(0, subject.name, head=subject.head))

    def ask_parameter(self, engine: EngineClient, subject: Subject, name: str) -> None:
        """The figures of one of its tensors."""
        self.parameter.ask(
            engine, None, InspectParameter(0, subject.name, parameter=name, head=subject.head)
        )

    def ask_configs(self, engine: EngineClient, subject: Subject, other: str) -> None:
        """Its config beside another."""
        self.configs.ask(engine, None, CompareConfigs(0, subject.name, other=other))

    def ask_both(self, engine: EngineClient, subject: Subject, plan: Plan) -> None:
        """What the checkpoint and its random twin make of the sentences."""
        self.first.ask(engine, None, _compare(subject.base, plan, "model-first"))
        self.second.ask(engine, None, _compare(_random(subject).name, plan, "model-second"))

    # --- being answered -------------------------------------------------------------------

    def take(self, reply: Reply) -> bool:
        """Takes `reply` if it is to one of these; returns whether it is."""
        taken = any(each.take(reply) for each in self._all)
        if isinstance(reply, StructureRead) and taken and not Subject.of(reply.model).is_random:
            self._plain[reply.model, reply.head] = reply
        return taken

    def cancel(self, engine: EngineClient) -> bool:
        """Gives up what loads or fetches; whether there was anything."""
        loading = [each for each in self._all if each.waiting and each.progress]
        for each in loading:
            each.cancel(engine)
        return bool(loading)

    def forget(self) -> None:
        """All may be asked again."""
        for each in self._all:
            each.forget()

    @property
    def pair(self) -> tuple[Inquiry[Compared], Inquiry[Compared]]:
        """The questions about the sentences."""
        return self.first, self.second

    def structure_of(self, subject: Subject) -> StructureRead | None:
        """The answer, where it is of `subject` as it is now."""
        answer = self.structure.answer
        return answer if answer and _is_of(answer, subject) else None

    def weights_of(self, subject: Subject) -> WeightsRead | None:
        """As `structure_of`."""
        answer = self.weights.answer
        return answer if answer and _is_of(answer, subject) else None

    def parameter_of(self, subject: Subject, name: str) -> ParameterInspected | None:
        """As `structure_of`, of the tensor of this name."""
        answer = self.parameter.answer
        return answer if answer and answer.name == name and _is_of(answer, subject) else None

    def configs_of(self, subject: Subject, other: str) -> ConfigsCompared | None:
        """As `structure_of`."""
        answer = self.configs.answer
        same = answer is not None and (answer.model, answer.other) == (subject.name, other)
        return answer if same else None

    def both_of(self, subject: Subject, plan: Plan) -> tuple[Compared | None, Compared | None]:
        """What both said of exactly these sentences, as far as it is there."""
        first = _compare(subject.base, plan, "model-first")
        second = _compare(_random(subject).name, plan, "model-second")
        return (
            self.first.answer if self.first.answers(None, first) else None,
            self.second.answer if self.second.answers(None, second) else None,
        )

    def is_kind(self, subject: Subject) -> bool:
        """Whether it is known to be a kind of model: a config without weights and tokenizer."""
        answer = self.structure.answer
        known = answer is not None and Subject.of(answer.model).base == subject.base
        return known and answer is not None and not answer.checkpoint

    def plain(self, subject: Subject) -> StructureRead | None:
        """The same with the config as it was; None where it has not been read."""
        return self._plain.get((subject.base, subject.head))


def _compare(model: str, plan: Plan, lane: str) -> Compare:
    return Compare(id=0, model=model, lane=lane, sentences=plan.texts, arrangements=(ALONE,))


def _random(subject: Subject) -> Subject:
    return subject if subject.is_random else subject.twin


def _is_of(answer: StructureRead | WeightsRead | ParameterInspected, subject: Subject) -> bool:
    return (answer.model, answer.head) == (subject.name, subject.head)
