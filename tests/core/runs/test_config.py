"""What a configuration says of itself before anything is started with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.errors import RunError
from core.runs.config import RunConfig, Scratch, read_config

CONFIG = RunConfig(name="", model="mini-base")


@pytest.mark.parametrize(
    ("field", "changes", "words"),
    [
        ("epochs", {"epochs": 0}, "Epochs must be at least 1"),
        ("learning_rate", {"learning_rate": 1.1}, "above 0 and at most 1"),
        ("batch_size", {"batch_size": 4097}, "between 1 and 4096"),
        ("seed", {"seed": 2**32}, "between 0 and 4294967295"),
        ("max_steps", {"max_steps": 0}, "number of steps must be at least 1"),
        ("warmup_ratio", {"warmup_ratio": 1.0}, "at least 0 and below 1"),
        ("weight_decay", {"weight_decay": -0.1}, "must not be negative"),
        ("max_grad_norm", {"max_grad_norm": 0.0}, "must be above 0"),
        ("max_length", {"max_length": 2}, "at least 3 tokens"),
        ("save_minutes", {"save_minutes": 0.0}, "must be above 0"),
        ("data_workers", {"data_workers": 65}, "between 0 and 64"),
        ("batch_size", {"batch_size": 2, "num_processes": 3}, "which share a batch"),
        ("max_steps", {"stream": True}, "no known end"),
        ("route", {"route": "trainer", "num_processes": 2}, "runs in one process here"),
        ("route", {"route": "trainer", "stream": True, "max_steps": 1}, "cannot stream"),
        ("adapter", {"adapter": "lora", "scratch": Scratch()}, "must be trained whole"),
        ("label_names", {"label_names": ["a", "a"]}, "cannot have the same name"),
        ("model", {"model": " "}, "A model must be named"),
        ("data", {"data": " "}, "Data must be named"),
        ("scratch", {"scratch": Scratch(layers=0)}, "at least 1 layer"),
        ("scratch", {"scratch": Scratch(hidden=30)}, "30 cannot be shared by 4 heads"),
        ("scratch", {"scratch": Scratch(vocabulary=299)}, "between 300 and 1000000"),
    ],
)
def test_what_keeps_a_run_from_starting_is_said_of_its_field(
    field: str, changes: dict[str, Any], words: str
) -> None:
    [problem] = msgspec.structs.replace(CONFIG, **changes).problems()
    assert problem.field == field
    assert words in problem.sentence


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"learning_rate": 1.0, "batch_size": 4096, "seed": 2**32 - 1, "max_steps": 1},
        {"warmup_ratio": 0.0, "weight_decay": 0.0, "max_length": 3, "data_workers": 64},
        {"batch_size": 3, "num_processes": 3, "save_minutes": None, "seed": 0},
        {"stream": True, "max_steps": 1},
        {"route": "trainer", "label_names": ["a", "b"]},
        {"model": "", "scratch": Scratch(layers=1, hidden=4, heads=4, vocabulary=300)},
    ],
)
def test_all_that_is_allowed_can_be_started(changes: dict[str, Any]) -> None:
    assert msgspec.structs.replace(CONFIG, **changes).problems() == []


def test_a_folder_without_a_configuration_holds_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no run"):
        read_config(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(RunError, match="is not a run's configuration"):
        read_config(tmp_path)
