"""The command that makes `mini`: the shipped files come from an ordinary run."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from peft import PeftModel
from transformers import AutoModelForSequenceClassification

from core.errors import TermformerError
from core.runs.config import RunConfig
from core.training.make_mini import ENCODER, RECIPE, MiniMetrics, make_mini


@pytest.fixture
def recipe(config: RunConfig) -> RunConfig:
    return msgspec.structs.replace(
        RECIPE, model=config.model, data=config.data, epochs=1, learning_rate=1e-3
    )


@pytest.fixture(autouse=True)
def signals_put_back() -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


def test_it_writes_an_adapter_and_its_metrics_the_same_each_time(
    recipe: RunConfig, tiny_classifier: Path, tmp_path: Path
) -> None:
    metrics = make_mini(tmp_path / "one", recipe)
    make_mini(tmp_path / "two", recipe)
    names = {"adapter_config.json", "adapter_model.safetensors", "metrics.json"}
    for folder in (tmp_path / "one", tmp_path / "two"):
        assert {path.name for path in folder.iterdir()} == names
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    written = (tmp_path / "one" / "metrics.json").read_bytes()
    assert msgspec.json.decode(written, type=MiniMetrics) == metrics
    assert (metrics.validation.rows, metrics.test.rows) == (12, 12)
    config = (tmp_path / "one" / "adapter_config.json").read_text()
    assert ENCODER in config
    assert str(tiny_classifier) not in config
    base = AutoModelForSequenceClassification.from_pretrained(tiny_classifier)
    PeftModel.from_pretrained(base, tmp_path / "one").merge_and_unload()


def test_a_run_that_fails_writes_nothing(recipe: RunConfig, tmp_path: Path) -> None:
    with pytest.raises(TermformerError, match="no data named"):
        make_mini(tmp_path / "out", msgspec.structs.replace(recipe, data="/nowhere"))
    assert not (tmp_path / "out").exists()


def test_what_is_shipped_is_small_and_is_what_its_metrics_say() -> None:
    import core.models

    folder = Path(next(iter(core.models.__path__))) / "mini"
    metrics = msgspec.json.decode((folder / "metrics.json").read_bytes(), type=MiniMetrics)
    assert metrics.labels == ["NEGATIVE", "POSITIVE"]
    assert (metrics.learning_rate, metrics.epochs) == (RECIPE.learning_rate, RECIPE.epochs)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 4_000_000
