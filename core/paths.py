"""Where Termformer keeps its files. Nothing here creates anything."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

APP = "termformer"


def _override(variable: str) -> Path | None:
    value = os.environ.get(variable, "")
    return Path(value).expanduser().absolute() if value else None


def cache_dir() -> Path:
    """Assembled models and exported tokenizers; safe to delete. `TERMFORMER_CACHE_DIR`."""
    return _override("TERMFORMER_CACHE_DIR") or Path(platformdirs.user_cache_dir(APP))


def runs_dir() -> Path:
    """One folder a training run. `TERMFORMER_RUNS_DIR`."""
    return _override("TERMFORMER_RUNS_DIR") or Path(platformdirs.user_data_dir(APP)) / "runs"


def config_file() -> Path:
    """The user's settings, written by the user. `TERMFORMER_CONFIG`."""
    return _override("TERMFORMER_CONFIG") or Path(platformdirs.user_config_dir(APP)) / "config.toml"


def state_dir() -> Path:
    """Sentences, options and the log file, written by the app. `TERMFORMER_STATE_DIR`."""
    return _override("TERMFORMER_STATE_DIR") or Path(platformdirs.user_state_dir(APP))


def state_file() -> Path:
    """The sentences, options and pane that come back at the next start."""
    return state_dir() / "state.json"


def log_file() -> Path:
    """What went wrong, for a bug report."""
    return state_dir() / "termformer.log"


def hub_cache_dir() -> Path:
    """The Hugging Face Hub's own cache, as huggingface_hub finds it."""
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if path := _override(variable):
            return path
    home = _override("HF_HOME")
    if home is None:
        cache = _override("XDG_CACHE_HOME") or Path.home() / ".cache"
        home = cache / "huggingface"
    return home / "hub"
