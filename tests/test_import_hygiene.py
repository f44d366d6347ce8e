"""The doors of the house: what must not come along when a light module is imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = (
    *("torch", "transformers", "datasets", "peft", "accelerate", "numpy", "pandas"),
    "tensorboard",
)
HEAVY = (
    *("core.models", "core.data", "core.training", "core.engine.server"),
    "core.watching.event_files",
)

_IMPORT_EACH = """
import importlib, json, sys
modules, forbidden = json.loads(sys.argv[1])
brought = {}
for module in modules:
    importlib.import_module(module)
    brought |= {name: module for name in forbidden if name in sys.modules and name not in brought}
print(json.dumps(brought))
"""


def modules_of(package: str) -> list[str]:
    """Every module of `package`, found by looking at its files, importing nothing."""
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in (ROOT / package).rglob("*.py")
    ]
    return sorted(name for name in names if not name.endswith(".__main__"))


def is_heavy(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in HEAVY)


def brought_in(modules: list[str]) -> dict[str, str]:
    """The forbidden packages that a fresh interpreter holds after importing `modules`.

    Each with the module whose import brought it in.
    """
    finished = subprocess.run(
        [sys.executable, "-c", _IMPORT_EACH, json.dumps([modules, FORBIDDEN])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    brought: dict[str, str] = json.loads(finished.stdout)
    return brought


@pytest.mark.parametrize("module", ["tui.app", "tui.commands", "core.engine.client"])
def test_what_a_process_with_a_screen_begins_with_is_light(module: str) -> None:
    assert brought_in([module]) == {}


def test_every_module_of_the_app_is_light() -> None:
    modules = modules_of("tui")
    assert "tui.app" in modules
    assert brought_in(modules) == {}


def test_every_module_of_the_light_half_is_light() -> None:
    modules = [module for module in modules_of("core") if not is_heavy(module)]
    assert {"core.paths", "core.text.sentences", "core.engine.client"} <= set(modules)
    assert brought_in(modules) == {}


def test_the_heavy_half_is_where_it_is_said_to_be() -> None:
    modules = modules_of("core")
    for name in HEAVY:
        assert name in modules


def test_a_heavy_import_is_noticed_and_named() -> None:
    """The probe itself can fail: pandas brings numpy, and both are seen."""
    assert brought_in(["core.paths", "pandas"]) == {"numpy": "pandas", "pandas": "pandas"}
