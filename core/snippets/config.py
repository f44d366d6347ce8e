"""Configs in Python: what differs from the class's defaults, and two beside each other."""

from __future__ import annotations

from core.engine.protocol import ConfigsCompared, StructureRead
from core.random_models import RandomModel, random_model
from core.snippets.values import value_literal
from core.text.code import lines, literal

_FIELDS = (
    "def fields(config):",
    "    found = json.loads(config.to_json_string(use_diff=False))",
    '    found.pop("_name_or_path", None)',
    "    return found",
)


def config_code(read: StructureRead) -> str:
    """The fields that are not the class's defaults: `differs`, by name."""
    values = {each.name: each.value for each in read.config.fields}
    return lines(
        "import json",
        "",
        "from transformers import AutoConfig",
        "",
        *_FIELDS,
        "",
        f"config = {_config(read.model, read.checkpoint, read.config.model_type, values)}",
        "print(config)",
        "",
        "defaults = fields(type(config)())",
        "differs = {",
        "    name: value",
        "    for name, value in fields(config).items()",
        "    if name not in defaults or defaults[name] != value",
        "}",
        "print(differs)",
    )


def configs_code(compared: ConfigsCompared) -> str:
    """Two configs: `differs` has both values of each field that is not the same in them."""
    ours = {each.name: each.value or "null" for each in compared.fields}
    theirs = {each.name: each.other or "null" for each in compared.fields}
    kinds = [values.get("model_type", '""').strip('"') for values in (ours, theirs)]
    first, second = compared.checkpoints
    return lines(
        "import json",
        "",
        "from transformers import AutoConfig",
        "",
        *_FIELDS,
        "",
        f"first = fields({_config(compared.model, first, kinds[0], ours)})",
        f"second = fields({_config(compared.other, second, kinds[1], theirs)})",
        "",
        "differs = {",
        "    name: (first.get(name), second.get(name))",
        "    for name in first | second",
        "    if (name in first) != (name in second) or first.get(name) != second.get(name)",
        "}",
        "for name, values in differs.items():",
        "    print(name, *values)",
    )


def _config(name: str, checkpoint: str, model_type: str, values: dict[str, str]) -> str:
    """What makes the config of a model of this name, its changes included."""
    twin = random_model(name) or RandomModel(name)
    changes = "".join(
        f", {field}={value_literal(values.get(field, text))}"
        for field, text in twin.changes.items()
    )
    if not checkpoint:
        return f"AutoConfig.for_model({literal(model_type)}{changes})"
    return f"AutoConfig.from_pretrained({literal(checkpoint)}{changes})"
