"""Run folders: private, uniquely named, and found again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core import paths
from core.errors import RunError
from core.runs.config import RunConfig, read_config
from core.runs.folder import create_run, find_run, list_runs


def _config(name: str = "", **changes: object) -> RunConfig:
    return RunConfig(name=name, **{"model": "mini-base", **changes})  # type: ignore[arg-type]


def test_a_run_gets_a_private_folder_a_name_and_its_configuration() -> None:
    folder = create_run(_config(seed=7))
    assert folder.parent == paths.runs_dir()
    assert re.fullmatch(r"[a-z]+-[a-z]+", folder.name)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "requests").stat().st_mode & 0o777 == 0o700
    config = read_config(folder)
    assert (config.name, config.seed) == (folder.name, 7)
    assert config.version


def test_many_runs_have_different_names() -> None:
    assert len({create_run(_config()).name for _ in range(50)}) == 50


def test_a_name_is_given_once() -> None:
    folder = create_run(_config("first-try"))
    assert folder.stat().st_mode & 0o777 == 0o700
    with pytest.raises(RunError, match="first-try already"):
        create_run(_config("first-try"))


@pytest.mark.parametrize("name", ["../outside", "a/b", ".hidden", "-rf", "a b", "\x1b[31m", "é"])
def test_a_name_that_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(RunError, match="cannot name a run"):
        create_run(_config(name))


def test_a_given_folder_is_the_runs_own_and_must_be_empty(tmp_path: Path) -> None:
    folder = create_run(_config(), tmp_path / "here" / "mine")
    assert read_config(folder).name == "mine"
    with pytest.raises(RunError, match="not empty"):
        create_run(_config(), folder)


def test_files_named_relatively_are_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.csv").touch()
    (tmp_path / "reviews").mkdir()
    monkeypatch.chdir(tmp_path)
    assert read_config(create_run(_config(data="mine.csv"))).data == str(tmp_path / "mine.csv")
    assert read_config(create_run(_config(data="reviews"))).data == "reviews"


def test_what_cannot_be_run_makes_no_folder() -> None:
    with pytest.raises(RunError, match="at least 1"):
        create_run(_config(epochs=0))
    assert list_runs() == []


def test_runs_are_found_by_name_and_by_folder(tmp_path: Path) -> None:
    inside = create_run(_config("calm-otter"))
    outside = create_run(_config(), tmp_path / "elsewhere")
    assert find_run("calm-otter") == inside
    assert find_run(outside) == outside
    assert list_runs() == [inside]
    with pytest.raises(RunError, match="calm-otter"):
        find_run("calm")


def test_the_runs_whose_names_come_closest_are_named() -> None:
    names = ["bold-fox", "calm-hare", "calm-otter", "deft-owl", "fair-lark"]
    for name in names:
        create_run(_config(name))

    def named(wanted: str) -> set[str]:
        with pytest.raises(RunError) as error:
            find_run(wanted)
        return set(str(error.value).rpartition(": ")[2].removesuffix(".").split(", "))

    assert named("calm") == {"calm-hare", "calm-otter"}
    assert named("otter") == {"calm-otter"}
    assert named("zebra") == named("") == set(names)
    create_run(_config("glad-wren"))
    assert len(named("zebra")) == 6
    assert "…" in named("zebra")


def test_a_name_has_a_hundred_characters_at_most() -> None:
    assert create_run(_config("a" * 100)).name == "a" * 100
    with pytest.raises(RunError, match="cannot name a run"):
        create_run(_config("a" * 101))


def test_a_folder_that_is_no_run_is_not_listed() -> None:
    create_run(_config("calm-otter"))
    (paths.runs_dir() / "notes").mkdir()
    assert [run.name for run in list_runs()] == ["calm-otter"]


def test_where_there_is_no_run_the_folder_looked_in_is_named() -> None:
    with pytest.raises(RunError, match=re.escape(str(paths.runs_dir()))):
        find_run("calm-otter")
