"""What is good in a line that is not as this version writes it: another version's, or damaged.

A field that is missing or of another kind takes nothing from the rest of its line, unless the event
says nothing without it.
"""

from __future__ import annotations

import json
from contextlib import suppress
from math import nan
from typing import Any, Union, get_args

import msgspec

from core.runs.events import (
    Evaluation,
    Event,
    Line,
    Number,
    Probed,
    RunFailed,
    RunFinished,
    RunStarted,
    RunStopped,
    Step,
    event_decoder,
)

_BLANK: dict[type, dict[str, object]] = {
    RunStarted: {
        "steps_per_epoch": 0,
        "train_rows": 0,
        "validation_rows": 0,
        "parameters": 0,
        "trainable": 0,
        "labels": (),
        "threads": 0,
        "device": "",
    },
    Step: {
        "epoch": nan,
        "loss": nan,
        "learning_rate": nan,
        "grad_norm": nan,
        "samples_per_second": nan,
    },
    Evaluation: {"epoch": nan, "loss": nan, "accuracy": nan},
    Probed: {"epoch": nan},
    RunFinished: {"global_step": 0, "seconds": 0.0},
    RunStopped: {"global_step": 0, "reason": ""},
    RunFailed: {"message": ""},
}
"""What stands for a field that an event must have, where the rest of it says something still."""
_KINDS = {kind.__struct_config__.tag: kind for kind in get_args(Event)}
_FIELDS = {kind: msgspec.structs.fields(kind) for kind in _KINDS.values()}


_MISSING = nan
"""No number that stands in a line is this very object."""


class _Step(Line, frozen=True, kw_only=True, tag="step"):
    """A step of which anything but its number may be missing."""

    global_step: int
    epoch: float = _MISSING
    loss: Number = _MISSING
    learning_rate: float = _MISSING
    grad_norm: Number = _MISSING
    samples_per_second: float = _MISSING
    padding: float = 0.0
    memory: int = 0


_others = tuple(kind for kind in get_args(Event) if kind is not Step)
_loose_decoder = msgspec.json.Decoder(Union[(_Step, *_others)])


def steps_in(block: bytes) -> list[tuple[Event, list[str]]] | None:
    """The events of whole lines, as `event_in` finds them, by one call for all.

    None where something but numbers of steps is missing. That one number is in none of a million
    steps is nothing to look for line by line.
    """
    try:
        found = _loose_decoder.decode_lines(block)
    except msgspec.MsgspecError:
        return None
    return [_whole(event) if type(event) is _Step else (event, []) for event in found]


def _whole(found: _Step) -> tuple[Event, list[str]]:
    step = Step(
        seq=found.seq,
        time=found.time,
        global_step=found.global_step,
        epoch=found.epoch,
        loss=found.loss,
        learning_rate=found.learning_rate,
        grad_norm=found.grad_norm,
        samples_per_second=found.samples_per_second,
        padding=found.padding,
        memory=found.memory,
    )
    return step, [name for name in _BLANK[Step] if getattr(found, name) is _MISSING]


def read_event(line: bytes) -> Event | None:
    """The event of a line, whole or in part; None where it has none."""
    try:
        return event_decoder.decode(line)
    except msgspec.MsgspecError:
        found = event_in(line)
        return None if found is None else found[0]


def event_in(line: bytes) -> tuple[Event, list[str]] | None:
    """The event of a line that cannot be decoded, and the fields that it has not as they should be.

    None where nothing of it counts. Numbers that JSON has no words for (`NaN`), texts that are not
    UTF-8 and a byte order mark are taken.
    """
    with suppress(msgspec.MsgspecError):
        step = _loose_decoder.decode(line)
        if type(step) is _Step:
            return _whole(step)
    try:
        found = json.loads(line.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None
    tag = found.get("type") if isinstance(found, dict) else None
    kind = _KINDS.get(tag) if isinstance(tag, str) else None
    if kind is None:
        return None
    blank = _BLANK.get(kind, {})
    good: dict[str, Any] = {}
    lacking: list[str] = []
    for field in _FIELDS[kind]:
        value = found.get(field.encode_name)
        if value is not None:
            try:
                good[field.name] = msgspec.convert(value, field.type, strict=False)
                continue
            except (msgspec.MsgspecError, OverflowError):
                pass
        if field.name in blank:
            default = blank[field.name]
            good[field.name] = list(default) if isinstance(default, tuple) else default
        elif field.required:
            return None
        elif value is None:
            continue  # it may be left out
        lacking.append(field.name)
    return kind(**good), lacking
