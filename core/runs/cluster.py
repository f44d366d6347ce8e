"""Machines that train one run together, by an accelerate configuration on each of them.

The first machine has the run. The others take part: what they need comes from its processes, and
nothing of the run is kept with them.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from core.durable import write_atomic
from core.errors import RunError

_KEPT = "kept.json"
_REMEDY = "write one with accelerate config."
_FIELD = re.compile(r"\$\.(\w+)")
"""In what msgspec says: the field that is wrong."""


class Cluster(msgspec.Struct, frozen=True):
    """What the configuration says: processes of all machines, and which of them this one is."""

    num_processes: int
    num_machines: int = 1
    machine_rank: int = 0
    main_process_ip: str | None = None

    @property
    def has_the_run(self) -> bool:
        """Whether the run is kept on this machine."""
        return self.machine_rank == 0


def read_cluster(file: Path) -> Cluster:
    """Reads an accelerate configuration; raises `RunError`."""
    import yaml

    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        return msgspec.convert(document, Cluster, strict=False)
    except OSError as error:
        raise RunError(f"{file} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", as its line {mark.line + 1} shows" if mark else ""
        raise RunError(f"{file} is not YAML{where}: {_REMEDY}") from error
    except msgspec.ValidationError as error:
        field = _FIELD.search(str(error))
        wrong = f"does not say {field[1]} as" if field else "does not say num_processes, as"
        raise RunError(f"{file} {wrong} accelerate's configurations do: {_REMEDY}") from error


class Kept(msgspec.Struct, frozen=True):
    """Where the run is that this machine takes part in."""

    host: str
    path: str


def write_kept(part: Path, kept: Kept) -> None:
    """Tells whoever started this machine's `part`; raises `OSError`."""
    write_atomic(part / _KEPT, msgspec.json.encode(kept) + b"\n")


def read_kept(part: Path) -> Kept | None:
    """Where the run is; None until the machines have met."""
    try:
        return msgspec.json.decode((part / _KEPT).read_bytes(), type=Kept)
    except (OSError, msgspec.MsgspecError):
        return None
