"""What `termformer tokenize` was asked for, and which options do not go together."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import click
from click.core import ParameterSource

from core.text.options import EncodeOptions, TruncationName

STRATEGIES = get_args(TruncationName)
OFF = "off"

_LAYOUT = (
    "padding", "padding_side", "truncation", "max_length", "stride", "return_overflowing_tokens",
)  # fmt: skip
# Options that change nothing of what another one shows.
_WITHOUT_EFFECT = {
    "count": (*_LAYOUT[:3], *_LAYOUT[4:], "batch_size"),
    "stages": (*_LAYOUT, "no_special_tokens"),
    "model": (*_LAYOUT, "no_special_tokens"),
}
_NAMES = {"model": "several --model"}
_WORD = re.compile(r"[a-zA-Z_-]+")
"""What may be meant as the name of a strategy."""
_APART = (
    ("count", "stages"),
    ("count", "code"),
    ("count", "export"),
    ("code", "export"),
    ("stages", "export"),
    ("stages", "model"),
    ("export", "model"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of one command, which go together."""

    models: Sequence[str]
    options: EncodeOptions
    batch_size: int
    stages: bool
    count: bool
    code: bool
    export: Path | None
    force: bool
    as_json: bool


def with_strategy(arguments: list[str], valued: Container[str]) -> list[str]:
    """`arguments`, a bare `--truncation` among them given its value.

    click would take what follows for the value, which may be a text. It is one if it is no single
    word, or the only text there is; another word is left for click to refuse. `valued` are the
    options that take a value.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    texts = [
        place
        for place, argument in enumerate(arguments)
        if place > end or not (_is_option(argument) or (place and arguments[place - 1] in valued))
    ]
    completed = []
    for place, argument in enumerate(arguments):
        follows = arguments[place + 1] if place + 1 < end else "--"
        is_text = _is_option(follows) or not _WORD.fullmatch(follows) or texts == [place + 1]
        bare = place < end and argument == "--truncation"
        if bare and is_text and follows not in (*STRATEGIES, OFF):
            completed.append(f"{argument}={STRATEGIES[0]}")
        else:
            completed.append(argument)
    return completed


def _is_option(argument: str) -> bool:
    return argument.startswith("-") and argument != "-"


def check(ctx: click.Context, *, is_stream: bool) -> None:
    """Raises `click.UsageError` for options that contradict each other or do nothing."""
    values = ctx.params
    given = {
        name
        for name in values
        if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT
        and values[name] is not False
    }
    if len(values["model"]) < 2:
        given.discard("model")
    for first, second in _APART:
        if {first, second} <= given:
            raise click.UsageError(f"{_say(first)} and {_say(second)} do not go together.")
    for shown, useless in _WITHOUT_EFFECT.items():
        idle = [_say(name) for name in useless if name in given]
        if shown in given and idle:
            raise click.UsageError(f"With {_say(shown)}, {idle[0]} does nothing: leave it out.")
    if "count" not in given:
        _check_layout(given, values)
    if "force" in given and "export" not in given:
        raise click.UsageError("--force lets --export replace a file: it does nothing without it.")
    if "batch_size" in given and not is_stream:
        raise click.UsageError(
            '--batch-size cuts what is read from "-" or --file: texts given here are one batch.'
        )


def _check_layout(given: set[str], values: Mapping[str, object]) -> None:
    cuts = values["truncation"] != OFF
    if not cuts:
        for name in ("return_overflowing_tokens", "stride"):
            if name in given:
                raise click.UsageError(f"{_say(name)} does nothing without --truncation.")
        if "max_length" in given and values["padding"] != "max_length":
            raise click.UsageError(
                "--max-length does nothing without --truncation or --padding max_length."
            )
    if "stride" in given and "return_overflowing_tokens" not in given:
        raise click.UsageError(
            "--stride is what neighbouring windows share: it does nothing without "
            "--return-overflowing-tokens."
        )
    if "padding_side" in given and values["padding"] == "none":
        raise click.UsageError("--padding-side does nothing with --padding none.")


def _say(name: str) -> str:
    return _NAMES.get(name, f"--{name.replace('_', '-')}")
