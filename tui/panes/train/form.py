"""What the next run will do, as it is typed: sensible values, and what is wrong with others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from core import checkpoints
from core.datafiles.checking import check_data
from core.errors import DataError, ModelError
from core.runs.config import RunConfig, Scratch
from core.runs.folder import NAMES, is_name
from core.text.visible import visible
from tui.panes.train.figures import short_name
from tui.panes.train.form_fields import (
    AUTO,
    FIELDS,
    MANAGED,
    OWN,
    PRESETS,
    Field,
    shown_value,
)
from tui.widgets.line_input import LONGEST
from tui.widgets.pane import Option

_DEFAULTS = RunConfig(name="", model="x")


class _WrongError(Exception):
    """What is wrong with a value, as a sentence."""


class Form:
    """The fields as they are typed, and what is wrong with them."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {
            name: shown_value(_DEFAULTS, field) for name, field in FIELDS.items()
        }
        self.values["model"] = checkpoints.default_encoder()
        self._usual = dict(self.values)
        self._own: dict[str, str] = {}
        """What was typed before a preset took its place."""

    # --- presets --------------------------------------------------------------------------

    @property
    def preset(self) -> str:
        """The name of the preset that the values are those of; `OWN` where they are no one's."""
        mine = {name: self.values[name].strip() for name in MANAGED}
        for preset in PRESETS:
            if mine == self._values_of(preset.values):
                return preset.name
        return OWN

    def _values_of(self, changes: Mapping[str, str]) -> dict[str, str]:
        return {name: changes.get(name, self._usual[name]) for name in MANAGED}

    def next_preset(self, step: int) -> None:
        """Takes the values of the next preset; what was typed by hand is one of them."""
        now = self.preset
        if now == OWN:
            self._own = {name: self.values[name] for name in MANAGED}
        names = [preset.name for preset in PRESETS] + ([OWN] if self._own else [])
        name = names[(names.index(now) + step) % len(names)]
        changes = {preset.name: preset.values for preset in PRESETS}
        self.values.update(self._own if name == OWN else self._values_of(changes[name]))

    def fill_from(self, config: RunConfig) -> None:
        """The values of a run that is there already; what its worker chose is chosen anew."""
        chosen = {
            "threads", "fused", "group_by_length", "mixed_precision", "data_workers", "name",
        }  # fmt: skip
        for name, field in FIELDS.items():
            self.values[name] = shown_value(_DEFAULTS if name in chosen else config, field)

    # --- reading --------------------------------------------------------------------------

    def read(self) -> tuple[RunConfig | None, dict[str, str]]:
        """The configuration, or for each wrong field a sentence."""
        wrong: dict[str, str] = {}
        values: dict[str, Any] = {}
        for name, field in FIELDS.items():
            try:
                values[name] = _value(field, self.values[name].strip())
            except _WrongError as error:
                wrong[name] = str(error)
        name = values["name"]
        if name and not is_name(name):
            wrong["name"] = NAMES
        # What could not be read is as it usually is, so that the rest can be judged.
        config = RunConfig(**({"name": "", "model": "x"} | values))
        for problem in config.problems():
            wrong.setdefault(
                problem.field if problem.field in FIELDS else "model", problem.sentence
            )
        return (None if wrong else config), wrong

    def checked(self) -> tuple[RunConfig | None, dict[str, str]]:
        """As `read`, with a look at whether the model's name means something, and at the data."""
        config, wrong = self.read()
        try:
            if not self.values["scratch"].strip():
                checkpoints.locate(self.values["model"])
        except ModelError as error:
            wrong.setdefault("model", str(error))
        if config is not None:
            try:
                check_data(config)
            except DataError as error:
                wrong.setdefault(error.field, str(error))
        return (None if wrong else config), wrong

    # --- remembering ----------------------------------------------------------------------

    def options(self) -> dict[str, Option]:
        """What to remember."""
        return dict(self.values)

    def restore(self, options: Mapping[str, Option]) -> None:
        """Takes back what `options` gave; the rest stays as it is."""
        for name, field in FIELDS.items():
            value = options.get(name)
            if not isinstance(value, str) or len(value) > LONGEST:
                continue
            if not field.choices or value in field.choices:
                self.values[name] = value

    def summary(self) -> str:
        """The fields that matter most, in one line of visible text."""
        values = {name: value.strip() for name, value in self.values.items()}
        epochs = f"{values['epochs']} epoch{'' if values['epochs'] == '1' else 's'}"
        at_most = f", at most {values['max_steps']} steps" if values["max_steps"] else ""
        model = "a new model" if values["scratch"] else short_name(values["model"])
        words = [
            f"{model} on {short_name(values['data'])}",
            epochs + at_most,
            f"rate {values['learning_rate']}",
            f"batch {values['batch_size']}",
            f"seed {values['seed']}",
        ]
        return visible(" · ".join(words))


def _value(field: Field, text: str) -> object:
    """A value for `RunConfig`; raises `_WrongError`."""
    label = field.label[:1].upper() + field.label[1:]
    if field.choices:
        # bf16's "no" is a word of its own, beside what the worker chooses.
        switch = {"yes": True, "no": False} if "yes" in field.choices else {}
        return None if text == AUTO else switch.get(text, text)
    if field.optional and not text:
        return None
    match field.kind:
        case "whole":
            if not re.fullmatch(r"-?[0-9]{1,18}", text):
                raise _WrongError(f"{label} must be a whole number.")
            return int(text)
        case "number":
            try:
                return float(text)
            except ValueError:
                raise _WrongError(f"{label} must be a number, such as 5e-05.") from None
        case "names":
            return [name.strip() for name in text.split(",") if name.strip()]
        case "scratch":
            return _scratch(text)
    return "" if field.name == "pair_column" and text == "-" else text


def _scratch(text: str) -> Scratch | None:
    if not text:
        return None
    given = dict(part.strip().partition("=")[::2] for part in text.split(",") if part.strip())
    try:
        return msgspec.convert(given, Scratch, strict=False)
    except msgspec.ValidationError:
        example = "layers=2,hidden=128,heads=4,vocabulary=8000"
        raise _WrongError(f"A shape is written as {example}.") from None
