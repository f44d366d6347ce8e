"""What a model's name means."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import checkpoints, paths
from core.checkpoints import hub_snapshot, locate, run_model, tokenizer_folder
from core.errors import ModelError


def checkpoint(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    return folder


def run(folder: Path) -> Path:
    checkpoint(folder)
    (folder / "events.jsonl").write_text("")
    return folder


def test_embedded() -> None:
    assert locate(" mini ").kind == "embedded"
    assert locate("mini").folder is None
    assert locate("mini-base").kind == "embedded"


def test_embedded_wins_over_a_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint(tmp_path / "mini")
    monkeypatch.chdir(tmp_path)
    assert locate("mini").kind == "embedded"
    assert locate("./mini").kind == "folder"


def test_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = checkpoint(tmp_path / "my model")
    monkeypatch.chdir(tmp_path)
    for name in (str(folder), "my model", "./my model", f"{folder}/"):
        location = locate(name)
        assert (location.kind, location.folder) == ("folder", folder)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert locate("~/my model").folder == folder


def test_runs_by_name_and_by_folder() -> None:
    folder = run(paths.runs_dir() / "calm-otter")
    with pytest.raises(ModelError, match="calm-otter has not saved a model"):
        locate("calm-otter")
    checkpoint(folder / "checkpoints" / "step-9")
    newest = checkpoint(folder / "checkpoints" / "step-100")
    checkpoint(folder / "checkpoints" / "step-200.part")
    for name in ("calm-otter", str(folder)):
        location = locate(name)
        assert (location.kind, location.folder) == ("run", newest)
    final = checkpoint(folder / "model")
    assert run_model(folder) == final


@pytest.mark.parametrize(
    "name", ["gpt2", "distilbert-base-uncased-finetuned-sst-2-english", "someone/My_model.v2"]
)
def test_hub_names(name: str) -> None:
    location = locate(name)
    assert (location.kind, location.name, location.folder) == ("hub", name, None)


@pytest.mark.parametrize(
    "name",
    ["", "  ", "/no/such/folder", "./nothing", "~/nothing", "..\x00", "a b", "a/b/c", "\x1b[1m"],
)
def test_names_that_mean_nothing(name: str) -> None:
    with pytest.raises(ModelError) as raised:
        locate(name)
    assert raised.value.kind == "not_found"
    assert "\x1b" not in str(raised.value)


def test_what_the_hub_cache_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert hub_snapshot("someone/tiny") is None
    repository = tmp_path / "hub" / "models--someone--tiny"
    folder = checkpoint(repository / "snapshots" / "c0ffee")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("c0ffee")
    assert hub_snapshot("someone/tiny") == folder
    assert tokenizer_folder("someone/tiny") is None


def test_without_the_offline_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checkpoints.default_model() == "mini"
    assert checkpoints.default_encoder() == "mini-base"
    monkeypatch.setattr(checkpoints, "packaged_encoder", lambda: None)
    assert checkpoints.default_model() == checkpoints.COURSE_CLASSIFIER
    assert checkpoints.default_encoder() == checkpoints.COURSE_ENCODER
    assert tokenizer_folder("mini") is None


def test_another_tokenizer_in_the_package_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    monkeypatch.setattr(checkpoints, "packaged_encoder", lambda: tmp_path)
    assert tokenizer_folder("mini") is None
