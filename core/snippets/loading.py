"""How every snippet of Logits and Pipeline begins: the model and its tokenizer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.random_models import RandomModel
from core.snippets.values import value_literal
from core.text.code import literal


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What Python makes a model of: a checkpoint's weights, or random ones from its config alone.

    `name` is what `from_pretrained` takes, a name on the Hub or a folder; `note` what a reader
    should know of it; `twin` the random model that is built from its config, if one is.
    """

    name: str
    note: str = ""
    twin: RandomModel | None = None


def imports(checkpoints: Iterable[Checkpoint], *names: str) -> list[str]:
    """torch, `names` of transformers, and what it takes to make a model of each checkpoint."""
    config = ["AutoConfig"] if any(each.twin for each in checkpoints) else []
    return ["import torch", f"from transformers import {', '.join([*config, *names])}"]


def model(
    checkpoint: Checkpoint,
    auto: str,
    *options: str,
    assigned: str = "model",
    given: str = "checkpoint",
) -> list[str]:
    """The model in float32, whatever its file has, as it is run for the screen.

    `given` is the expression for the checkpoint's name; `options` are further arguments.
    """
    arguments = ", ".join(["dtype=torch.float32", *options])
    twin = checkpoint.twin
    if twin is None:
        return [
            f"{assigned} = {auto}.from_pretrained(",
            f"    {given}, {arguments}",
            ").eval()",
        ]
    changes = (f"{name}={value_literal(text)}" for name, text in twin.changes.items())
    return [
        f"config = AutoConfig.from_pretrained({', '.join([given, *changes])})",
        f"torch.manual_seed({twin.seed})",
        f"{assigned} = {auto}.from_config(",
        f"    config, {arguments}",
        ").eval()",
    ]


def tokenizer_and_model(
    checkpoint: Checkpoint, auto: str, *options: str, end_pads: bool
) -> list[str]:
    """`checkpoint`, `tokenizer` and `model`; `end_pads`: the end token serves as padding."""
    return [
        f"checkpoint = {literal(checkpoint.name)}",
        "tokenizer = AutoTokenizer.from_pretrained(checkpoint)",
        *model(checkpoint, auto, *options),
        *(
            [
                "tokenizer.pad_token = tokenizer.eos_token",
                "model.config.pad_token_id = tokenizer.pad_token_id",
            ]
            if end_pads
            else []
        ),
    ]
