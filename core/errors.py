"""Errors that are meant to be read by a person.

Every error a user can cause is a `TermformerError`, and its `str()` is one clear sentence or two:
what happened, what was kept, what to do next. Anything else that escapes is a bug.
"""

from __future__ import annotations

from typing import Literal

ModelErrorKind = Literal[
    "not_found",
    "offline",
    "gated",
    "unauthorized",
    "server",
    "no_tokenizer",
    "not_a_classifier",
    "corrupt",
    "remote_code",
    "unsafe",
    "no_memory",
    "disk",
    "exists",
    "replaceable",
    "impossible_config",
    "too_long",
    "other",
]


class TermformerError(Exception):
    """A failure with a message fit for the screen and for stderr."""


class ModelError(TermformerError):
    """A model that cannot be found, fetched, loaded or used."""

    def __init__(self, kind: ModelErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind: ModelErrorKind = kind


class DataError(TermformerError):
    """Data that cannot be read or trained on; `field` of a `RunConfig` is where to put it right."""

    def __init__(self, message: str, field: str = "data") -> None:
        super().__init__(message)
        self.field = field


class RunError(TermformerError):
    """A training run that cannot be found, started or steered."""


class SettingsError(TermformerError):
    """A configuration file that cannot be used."""


class EngineError(TermformerError):
    """The engine process ended or could not be started."""
