"""Whether this terminal is somewhere else: then every byte that is drawn travels."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from functools import cache

import psutil  # type: ignore[import-untyped]

_SESSION = ("SSH_CONNECTION", "SSH_TTY", "MOSH_CONNECTION")
_SERVERS = ("sshd", "mosh-server", "dropbear")


def is_remote(environment: Mapping[str, str] | None = None) -> bool:
    """By the session's variables; inside tmux, where these may be old, by what tmux says of them.

    Asks tmux for at most a second; otherwise looks for a server among the parent processes.
    """
    environment = os.environ if environment is None else environment
    if environment.get("TMUX"):
        asked = _ask_tmux()
        if asked is not None:
            return asked
    if any(environment.get(name) for name in _SESSION):
        return True
    return _served()


def _ask_tmux() -> bool | None:
    """What the client that attached last brought along; None where tmux does not say."""
    try:
        answer = subprocess.run(
            ["tmux", "show-environment", "SSH_CONNECTION"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=1.0,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.startswith("SSH_CONNECTION=") if answer.returncode == 0 else None


def _served() -> bool:
    try:
        parents = psutil.Process().parents()
        return any(parent.name().startswith(_SERVERS) for parent in parents)
    except psutil.Error:
        return False


@cache
def session_is_remote() -> bool:
    """`is_remote` for this process, asked once."""
    return is_remote()
