"""Starting the engine's process. Light: nothing of torch is imported here."""

from __future__ import annotations

import asyncio
import os
import sys
import sysconfig
from pathlib import Path
from typing import IO

import core
from core import paths
from core.durable import private_directory

_LOG_LIMIT = 1 << 20
_ROOT = Path(core.__file__).parent.parent


def log_path() -> Path:
    """Where the engine's standard error goes, tracebacks included."""
    return paths.log_file().with_name("engine.log")


async def spawn() -> asyncio.subprocess.Process:
    """Starts an engine with pipes for the protocol; raises `OSError`.

    In a session of its own: a ctrl+c in the app's terminal is not meant for it. It ends when
    its standard input closes, so it never outlives the app.
    """
    log = _open_log()
    try:
        return await asyncio.create_subprocess_exec(
            # -P: a folder named core or torch where the app was started is not to be imported.
            *(sys.executable, "-P", "-m", "core.engine.server"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            env=_environment(),
        )
    finally:
        log.close()


def _open_log() -> IO[bytes]:
    path = log_path()
    try:
        private_directory(path.parent)
        too_long = path.exists() and path.stat().st_size > _LOG_LIMIT
        return path.open("wb" if too_long else "ab")
    except OSError:
        return Path(os.devnull).open("wb")


def _environment() -> dict[str, str]:
    """The app's own, and where `core` is, in case it runs from a checkout.

    Never for an installed one: site-packages before the standard library would shadow it.
    """
    environment = dict(os.environ)
    installed = {Path(sysconfig.get_path(kind)) for kind in ("purelib", "platlib")}
    if _ROOT not in installed and "site-packages" not in _ROOT.parts:
        rest = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([str(_ROOT), *([rest] if rest else [])])
    return environment
