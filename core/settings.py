"""The user's settings, and what the app remembers between starts."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from core import paths
from core.durable import write_atomic
from core.errors import SettingsError

COURSE_SENTENCES = "I've been waiting for a HuggingFace course my whole life.\nI hate this so much!"
"""The Hugging Face course's first two sentences: what the app opens with."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`config.toml`, written by the user. Every field may be left out."""

    theme: str | None = None
    """The last one chosen where this is left out."""
    model: str | None = None
    """The model to open with; the last one where this is left out."""
    preload: bool = True
    """Whether the model is loaded right after the start, not when logits are first looked at."""
    chart_seconds: Annotated[float, msgspec.Meta(ge=0.05, le=60)] | None = None
    """Seconds between two updates of a chart that grows; where this is left out a quarter, and a
    whole one where the terminal is remote (ssh, mosh)."""
    chart_signs: Literal["auto", "braille", "ascii"] = "auto"
    """What charts are drawn with; `auto` looks at the locale and the terminal."""
    keys: dict[str, str] = {}
    """Key bindings by id, several keys separated by commas: `"app.help" = "f1,question_mark"`."""


class SavedState(msgspec.Struct, kw_only=True):
    """What comes back at the next start."""

    text: str = COURSE_SENTENCES
    caret: tuple[int, int] = (0, 0)
    pane: str = ""
    model: str | None = None
    theme: str | None = None
    recent: list[str] = []
    """Names of models, the one that was used last first."""
    options: dict[str, dict[str, str | int | float | bool | None]] = {}
    """Each pane's own, by the pane's id."""


def read_settings() -> Settings:
    """Reads the configuration file; raises `SettingsError` where it cannot be used."""
    file = paths.config_file()
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read ({error.strerror}): defaults used.") from error
    import tomllib  # behind the common case: no configuration file

    try:
        return msgspec.convert(tomllib.loads(raw.decode()), Settings)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"{file} is not usable ({error}): defaults used.") from error


class ReadState(msgspec.Struct, frozen=True):
    """The state to begin with, what to say of it, and whether it may be written over."""

    state: SavedState
    note: str = ""
    writable: bool = True


def read_state() -> ReadState:
    """The saved state; where it cannot be read, a sentence says what happened.

    A file that is not a state is kept beside, under a name of its own; one that cannot be read or
    set aside is left as it is and not written over.
    """
    file = paths.state_file()
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return ReadState(SavedState())
    except OSError as error:
        return _left_alone(file, error)
    try:
        # The standard library's reader, since it alone takes back a lone surrogate.
        return ReadState(msgspec.convert(json.loads(raw), SavedState))
    except (ValueError, RecursionError, msgspec.ValidationError):
        kept = file.with_suffix(f".unreadable-{time.time_ns()}.json")
        try:
            file.replace(kept)
        except OSError as error:
            return _left_alone(file, error)
    note = f"The last session was not readable; its file is kept as {kept.name}."
    return ReadState(SavedState(), note)


def _left_alone(file: Path, error: OSError) -> ReadState:
    note = (
        f"The last session cannot be read ({error.strerror}): {file} is left as it is, and this "
        "session will not be saved."
    )
    return ReadState(SavedState(), note, writable=False)


def write_state(state: SavedState) -> None:
    """Saves `state` in one step; raises `OSError` with the state before it kept."""
    write_atomic(paths.state_file(), json.dumps(msgspec.to_builtins(state)).encode())
