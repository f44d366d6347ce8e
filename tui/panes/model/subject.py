"""What the pane looks into: a checkpoint, or the model that a changed config would give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.engine.protocol.checkpoint import HEADS, Head
from core.errors import ModelError
from core.random_models import RandomModel, random_model

HEAD_ORDER: tuple[Head | None, ...] = (None, *HEADS)
"""None is the class that the checkpoint itself names."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A model by the name of its config, what is changed in it, and whose weights it has."""

    base: str
    head: Head | None = None
    built: bool = False
    """Whether its weights are random: a config that was changed has no others."""
    changes: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0

    @classmethod
    def of(cls, name: str, head: Head | None = None) -> Subject:
        """What a model's name means, a random model's taken apart."""
        try:
            twin = random_model(name)
        except ModelError:
            twin = None  # the engine says what is wrong with it
        if twin is None:
            return cls(name, head)
        return cls(twin.base, head, True, twin.changes, twin.seed)

    @property
    def is_random(self) -> bool:
        """Whether its weights are random."""
        return self.built or bool(self.changes)

    @property
    def name(self) -> str:
        """What the engine is asked for."""
        if not self.is_random:
            return self.base
        return RandomModel(self.base, self.seed, self.changes).name

    @property
    def plain(self) -> Subject:
        """The same head on the config as it was, to compare with."""
        return Subject(self.base, self.head)

    @property
    def twin(self) -> Subject:
        """The same with random weights instead of the checkpoint's, or the other way round."""
        if self.is_random:
            return self.plain
        return replace(self, built=True)

    def with_field(self, name: str, value: str | None) -> Subject:
        """With one field of the config set; None takes the change back."""
        changes = {each: text for each, text in self.changes.items() if each != name}
        if value is not None:
            changes[name] = value
        return replace(self, changes=changes)

    def next_head(self, step: int) -> Subject:
        """With another `AutoModel` class."""
        place = (HEAD_ORDER.index(self.head) + step) % len(HEAD_ORDER)
        return replace(self, head=HEAD_ORDER[place])
