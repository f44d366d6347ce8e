"""What `termformer doctor` finds out; nothing heavy is imported, nothing is changed."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from pathlib import Path

import msgspec

from core import __version__, checkpoints, paths
from core.errors import SettingsError
from core.settings import read_settings
from core.sizes import size
from tui.commands.output import encodable

_PACKAGES = (
    "textual",
    "transformers",
    "torch",
    "tokenizers",
    "datasets",
    "accelerate",
    "peft",
    "huggingface_hub",
)
_COPIES = frozenset({"ghostty", "iTerm.app", "WezTerm", "rio", "vscode"})
"""`TERM_PROGRAM`s that take OSC 52, as their documentation says."""
_COPIES_TERM = ("alacritty", "foot", "xterm-ghostty", "xterm-kitty", "wezterm", "contour")
_COPIES_NOT = frozenset({"Apple_Terminal"})
_TRUE = frozenset({"1", "ON", "YES", "TRUE"})


class Package(msgspec.Struct, frozen=True):
    """A library and its version; None where it is not installed."""

    name: str
    version: str | None


class Place(msgspec.Struct, frozen=True):
    """A file or folder; `bytes` is None where it does not exist, `variable` can move it."""

    name: str
    path: str
    bytes: int | None
    variable: str


class Terminal(msgspec.Struct, frozen=True):
    """What the terminal can do, as far as it can be told without asking it."""

    is_terminal: bool
    columns: int
    rows: int
    term: str
    colors: str
    """none, 16, 256 or 16 million."""
    unicode: bool
    copies: str
    """Whether OSC 52 reaches the clipboard: likely, unlikely or unknown."""
    ssh: bool
    multiplexer: str | None


class Models(msgspec.Struct, frozen=True):
    """Where models come from."""

    default_model: str
    default_encoder: str
    offline_extra: bool
    hub_is_offline: bool
    hub_token: bool


class Diagnosis(msgspec.Struct, frozen=True):
    """Everything a bug report should say; `problems` are sentences."""

    termformer: str
    python: str
    platform: str
    packages: list[Package]
    paths: list[Place]
    terminal: Terminal
    models: Models
    problems: list[str]


def diagnose() -> Diagnosis:
    """Looks at everything there is to look at."""
    packages = [Package(name, _version(name)) for name in _PACKAGES]
    missing = [package.name for package in packages if package.version is None]
    problems = [f"{name} is not installed: install Termformer again." for name in missing]
    try:
        read_settings()
    except SettingsError as error:
        problems.append(str(error))
    written = (paths.cache_dir(), paths.runs_dir(), paths.state_dir())
    problems += [f"{folder} cannot be written." for folder in written if not _is_writable(folder)]
    return Diagnosis(
        termformer=__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        packages=packages,
        paths=_places(),
        terminal=_terminal(),
        models=_models(),
        problems=[encodable(problem) for problem in problems],
    )


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _is_writable(folder: Path) -> bool:
    """Whether `folder`, or the nearest one above it that exists, may be written."""
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)


def _places() -> list[Place]:
    places = (
        ("program", Path(checkpoints.__file__).parent.parent, ""),
        ("cache", paths.cache_dir(), "TERMFORMER_CACHE_DIR"),
        ("runs", paths.runs_dir(), "TERMFORMER_RUNS_DIR"),
        ("configuration", paths.config_file(), "TERMFORMER_CONFIG"),
        ("state", paths.state_dir(), "TERMFORMER_STATE_DIR"),
        ("log", paths.log_file(), ""),
        ("hub cache", paths.hub_cache_dir(), "HF_HOME"),
    )
    return [
        Place(name, encodable(str(path)), None if name == "program" else size(path), variable)
        for name, path, variable in places
    ]


def _terminal() -> Terminal:
    columns, rows = shutil.get_terminal_size()
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    return Terminal(
        is_terminal=sys.stdout.isatty(),
        columns=columns,
        rows=rows,
        term=os.environ.get("TERM", ""),
        colors=_colors(),
        unicode=encoding == "utf8",
        copies=_copies(),
        ssh=bool(os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY")),
        multiplexer=_multiplexer(),
    )


def _colors() -> str:
    from rich.console import Console

    # As the app would find it on this terminal, wherever this output goes.
    system = Console(force_terminal=True).color_system
    known = {"standard": "16", "256": "256", "truecolor": "16 million"}
    return known.get(system or "", "none")


def _multiplexer() -> str | None:
    if os.environ.get("TMUX"):
        return "tmux"
    return "screen" if os.environ.get("STY") else None


def _copies() -> str:
    program, term = os.environ.get("TERM_PROGRAM", ""), os.environ.get("TERM", "")
    if _multiplexer():
        # The multiplexer decides: tmux passes it on where `set-clipboard` is not off.
        return "unknown"
    if program in _COPIES or term.startswith(_COPIES_TERM):
        return "likely"
    if program in _COPIES_NOT or term in {"linux", "dumb"} or "VTE_VERSION" in os.environ:
        return "unlikely"
    return "unknown"


def _models() -> Models:
    token_file = paths.hub_cache_dir().parent / "token"
    return Models(
        default_model=checkpoints.default_model(),
        default_encoder=checkpoints.default_encoder(),
        offline_extra=checkpoints.packaged_encoder() is not None,
        hub_is_offline=os.environ.get("HF_HUB_OFFLINE", "").upper() in _TRUE,
        hub_token=bool(os.environ.get("HF_TOKEN")) or token_file.is_file(),
    )
