"""`termformer train` on a machine that takes part in another one's run."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import msgspec

from core.errors import RunError
from core.runs.cluster import Cluster, Kept, read_kept
from core.runs.config import RunConfig
from core.runs.folder import WORKER_LOG
from core.runs.launch import take_part
from tui.commands.output import encodable, print_json, print_text, write_bytes

_POLL = 0.2


class PartSummary(msgspec.Struct, frozen=True):
    """What this machine did; `host` and `path` say where the run is, null where it never began."""

    machine: int
    machines: int
    host: str | None
    path: str | None


def join_in(config: RunConfig, cluster: Cluster, *, detach: bool, as_json: bool) -> None:
    """Starts this machine's processes, says where the run is kept, and stays until they end.

    ctrl+c leaves a run that has begun to itself, and ends the wait for one that has not. Raises
    `RunError` where they end before the run does.
    """
    launcher, part = take_part(config)
    if detach:
        write_bytes(os.fsencode(part) + b"\n")
        return
    machine = f"machine {cluster.machine_rank + 1} of {cluster.num_machines}"
    if not as_json:
        print_text(f"{machine} · waiting for the first one, {cluster.main_process_ip}")
    kept: Kept | None = None
    try:
        while launcher.poll() is None:
            if kept is None and (kept := read_kept(part)) and not as_json:
                print_text(
                    f"{machine} · the run {Path(kept.path).name} is kept on {kept.host} in "
                    f"{kept.path}; follow and steer it there"
                )
            time.sleep(_POLL)
    except KeyboardInterrupt:
        if read_kept(part) is None:
            launcher.terminate()
        elif not as_json:
            print_text("This machine goes on taking part; stop the run where it is kept.")
        raise
    if launcher.returncode:
        raise RunError(f"The run did not reach its end with this machine: see {part / WORKER_LOG}.")
    if as_json:
        print_json(_summary(cluster, kept or read_kept(part)))
    shutil.rmtree(part, ignore_errors=True)


def _summary(cluster: Cluster, kept: Kept | None) -> PartSummary:
    return PartSummary(
        machine=cluster.machine_rank + 1,
        machines=cluster.num_machines,
        host=None if kept is None else encodable(kept.host),
        path=None if kept is None else encodable(kept.path),
    )
