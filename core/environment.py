"""What every process of Termformer finds in its environment: libraries that keep quiet."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

import core

_ALWAYS = {
    # Nothing is sent anywhere, whatever the user's shell says of the Hub's own telemetry.
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # No progress bar is drawn over a screen, nothing is converted in the background.
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "DISABLE_SAFETENSORS_CONVERSION": "1",
}
_UNLESS_SET = {
    # Threads of the Rust tokenizer and a later fork do not go together.
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    # OpenMP threads that wait by spinning take the processor from each other on a busy machine;
    # those that sleep at once are woken for every product. These spin some microseconds first.
    "OMP_WAIT_POLICY": "PASSIVE",
    "GOMP_SPINCOUNT": "1000",
}


_TRUST_REMOTE_CODE = "TERMFORMER_TRUST_REMOTE_CODE"


def trust_remote_code(trusted: bool) -> None:
    """Whether this process, and those it starts, may run Python that a checkpoint brings.

    Said anew at each start, by `--trust-remote-code`: never kept.
    """
    if trusted:
        os.environ[_TRUST_REMOTE_CODE] = "1"
    else:
        os.environ.pop(_TRUST_REMOTE_CODE, None)


def trusts_remote_code() -> bool:
    """What `trust_remote_code` said last, here or in the process that started this one."""
    return os.environ.get(_TRUST_REMOTE_CODE) == "1"


def quiet_libraries() -> None:
    """Sets this process's environment; to be called before torch or transformers is imported.

    What the user set stays, but for telemetry and bars.
    """
    os.environ.update(_ALWAYS)
    for name, value in _UNLESS_SET.items():
        os.environ.setdefault(name, value)


def child_environment() -> dict[str, str]:
    """The environment of a Python child that imports `core` and keeps quiet.

    Run from a checkout, `core` is importable only by where the parent stands. site-packages must
    not be named: it would come before the standard library.
    """
    environment = {**_UNLESS_SET, **os.environ, **_ALWAYS, "PYTHONUNBUFFERED": "1"}
    root = Path(core.__file__).resolve().parent.parent
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}
    if root not in installed:
        inherited = environment.get("PYTHONPATH", "")
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), inherited]))
    return environment
