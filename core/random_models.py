"""Names of models that are built from a config with random weights: `random:mini?seed=7`.

Such a name stands wherever a model's name does, so that the same sentence's logits can be had
from a checkpoint and from its random twin. Fields of the config may be changed in it, too:
`random:mini?num_hidden_layers=4&hidden_act=relu`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import ModelError

PREFIX = "random:"
SEED = "seed"
_LITERALS = {"True": True, "False": False, "None": None}


@dataclass(frozen=True, slots=True)
class RandomModel:
    """The config called `base`, with `changes`, and weights from `torch.manual_seed(seed)`."""

    base: str
    seed: int = 0
    changes: Mapping[str, str] = field(default_factory=dict)
    """New values of fields, as a user writes them: `4`, `relu`, `0.1`, `null`."""

    @property
    def note(self) -> str:
        """What is to be said of its weights, as a sentence."""
        return f"The weights are random, as torch.manual_seed({self.seed}) gives them."

    @property
    def name(self) -> str:
        """The name that `random_model` reads back."""
        from urllib.parse import quote, urlencode

        base = quote(self.base, safe="/~:@ ", errors="surrogateescape")
        fields = ({SEED: str(self.seed)} if self.seed else {}) | dict(self.changes)
        told = urlencode(fields, safe="/~:@,[]{}\" '", quote_via=quote)
        return f"{PREFIX}{base}?{told}" if told else f"{PREFIX}{base}"


def random_model(name: str) -> RandomModel | None:
    """What `name` asks to be built; None where it names a checkpoint. Raises `ModelError`."""
    name = name.strip()
    if not name.startswith(PREFIX):
        return None
    from urllib.parse import parse_qsl, unquote

    base, _, told = name.removeprefix(PREFIX).partition("?")
    fields = dict(parse_qsl(told, keep_blank_values=True))
    seed = fields.pop(SEED, "0")
    if not base or base.startswith(PREFIX) or not seed.isdecimal():
        raise ModelError(
            "not_found",
            f"{name!r} is no random model: write {PREFIX}MODEL?{SEED}=0&FIELD=VALUE, the seed a "
            "whole number, the fields those of its config.",
        )
    return RandomModel(unquote(base, errors="surrogateescape"), int(seed), fields)


def field_value(text: str) -> Any:
    """The value of a config's field that a user, or JSON, writes as `text`."""
    try:
        return json.loads(text)
    except ValueError:
        return _LITERALS.get(text.strip(), text)


def base_of(name: str) -> str:
    """The name whose config and tokenizer `name` uses: its own, but for random models."""
    twin = random_model(name)
    return twin.base if twin else name
