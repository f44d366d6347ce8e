"""Starting the engine's process. Light: nothing of torch is imported here."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import IO

from core import paths
from core.durable import private_directory
from core.environment import child_environment

_LOG_LIMIT = 1 << 20


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
            env=child_environment(),
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
