"""What was set otherwise in one run than in another."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core.runs.config import RunConfig

_NO_SETTING = {"name", "version", "machine", "probes"}
"""What a run is called, who wrote that, where it ran, what was watched: not what it does."""


class Difference(msgspec.Struct, frozen=True):
    """A field of `RunConfig`, and its value in each of the runs, as a person writes it."""

    field: str
    values: tuple[str, ...]


def differences(configs: Sequence[RunConfig]) -> list[Difference]:
    """The fields that are not the same in all of them, in the order of `RunConfig`."""
    found = []
    for field in RunConfig.__struct_fields__:
        values = [getattr(config, field) for config in configs]
        if field not in _NO_SETTING and any(value != values[0] for value in values):
            found.append(Difference(field, tuple(map(written, values))))
    return found


def written(value: object) -> str:
    """A setting's value as a person writes it: `2e-05`, `yes`, `·` for one that is not set."""
    match value:
        case None | "" | []:
            return "·"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case list():
            return ", ".join(map(str, value))
        case msgspec.Struct():
            parts = msgspec.structs.asdict(value).items()
            return " ".join(f"{name}={part}" for name, part in parts)
    return str(value)
