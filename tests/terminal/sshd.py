"""A real `sshd` on loopback, with keys and a port of its own; and why there may be none."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SSHD = Path("/usr/sbin/sshd")
"""sshd starts itself anew for each connection, by this path."""
_PRIVILEGES = Path("/run/sshd")
_PATIENCE = 120.0
_TAKEN = "Address already in use"


@dataclass(frozen=True, slots=True)
class Server:
    """How to get in."""

    port: int
    key: Path
    log: Path

    def command(self, remote: str) -> list[str]:
        """The `ssh` that runs `remote` in a terminal over there."""
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR")
        told = [word for option in options for word in ("-o", option)]
        return [
            *("ssh", "-tt", "-F", "none", "-p", str(self.port), "-i", str(self.key)),
            *told,
            *("root@127.0.0.1", remote),
        ]


def why_not() -> str:
    """Why no server can be started here; empty where one can."""
    if os.geteuid() != 0:
        return "sshd lets somebody in for root alone"
    if not SSHD.exists():
        return f"{SSHD} is missing: install openssh-server"
    missing = [name for name in ("ssh", "ssh-keygen") if shutil.which(name) is None]
    return f"{missing[0]} is missing: install openssh-client" if missing else ""


@contextmanager
def server(folder: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    """Runs one in `folder`; whoever comes in finds `environment`."""
    folder.mkdir(mode=0o700)
    _PRIVILEGES.mkdir(mode=0o755, exist_ok=True)
    host_key, key = folder / "host", folder / "user"
    for file in (host_key, key):
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)]
        subprocess.run(make, check=True, stdin=subprocess.DEVNULL)
    variables = " ".join(f'"{name}={value}"' for name, value in environment.items())
    with _started(folder, host_key, key, variables) as running:
        yield running


@contextmanager
def _started(folder: Path, host_key: Path, key: Path, variables: str) -> Iterator[Server]:
    config, log = folder / "sshd_config", folder / "log"
    while True:
        port = _free_port()
        config.write_text(
            f"""\
Port {port}
ListenAddress 127.0.0.1
HostKey {host_key}
AuthorizedKeysFile {key}.pub
PidFile none
PermitRootLogin yes
PasswordAuthentication no
UsePAM no
StrictModes no
SetEnv {variables}
"""
        )
        with log.open("wb") as written:
            process = subprocess.Popen(
                [SSHD, "-D", "-e", "-f", config], stdin=subprocess.DEVNULL, stderr=written
            )
        try:
            if _listens(port, process, log):
                yield Server(port, key, log)
                return
        finally:
            process.terminate()
            process.wait()


def _free_port() -> int:
    """One that was free just now; somebody else may take it before sshd does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _listens(port: int, process: subprocess.Popen[bytes], log: Path) -> bool:
    """Waits until sshd says that it listens; False where somebody else has the port."""
    deadline = time.monotonic() + _PATIENCE
    while f"Server listening on 127.0.0.1 port {port}." not in log.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            if _TAKEN in (said := log.read_text()):
                return False
            raise RuntimeError(f"sshd did not start: {said}")
        time.sleep(0.05)
    return True
