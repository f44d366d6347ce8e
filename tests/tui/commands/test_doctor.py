"""`termformer doctor`: what it says, and what it never removes."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import pytest

from core import __version__, paths
from tests.tui.commands.command import Here


def fill_cache() -> Path:
    cache = paths.cache_dir()
    for name, size in (("models/mini/model.safetensors", 3000), ("tokenizers/ab/as-is", 1000)):
        (cache / name).parent.mkdir(parents=True)
        (cache / name).write_bytes(bytes(size))
    return cache


def test_json_says_what_this_process_finds(
    termformer: Here, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cache = fill_cache()
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("TERM", "xterm-kitty")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("SSH_CONNECTION", "a b c d")
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.delenv("STY", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    document = termformer("doctor", "--json").document
    assert document["termformer"] == __version__
    assert document["python"] == platform.python_version()
    packages = {each["name"]: each["version"] for each in document["packages"]}
    for name in ("textual", "transformers", "torch", "tokenizers"):
        assert packages[name] == version(name)
    places = {each["name"]: each for each in document["paths"]}
    assert places["cache"]["path"] == str(cache)
    assert places["cache"]["bytes"] == 4000
    assert places["runs"]["bytes"] is None
    assert places["hub cache"]["path"] == str(tmp_path / "hub")
    terminal = document["terminal"]
    assert (terminal["colors"], terminal["copies"], terminal["ssh"]) == (
        "16 million",
        "likely",
        True,
    )
    assert document["models"]["offline_extra"] is True
    assert document["models"]["hub_is_offline"] is True
    assert document["problems"] == []


@pytest.mark.parametrize(
    ("environment", "copies", "multiplexer"),
    [
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/x,1,0"}, "unknown", "tmux"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, "unlikely", None),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "likely", None),
        ({"TERM": "screen", "STY": "1.pts"}, "unknown", "screen"),
    ],
)
def test_what_the_terminal_can_do(
    termformer: Here,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    copies: str,
    multiplexer: str | None,
) -> None:
    for name in ("TMUX", "STY", "TERM_PROGRAM", "VTE_VERSION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    terminal = termformer("doctor", "--json").document["terminal"]
    assert (terminal["copies"], terminal["multiplexer"]) == (copies, multiplexer)


def test_problems_are_named(termformer: Here) -> None:
    paths.config_file().parent.mkdir(parents=True)
    paths.config_file().write_text("thme = 'typo'\n")
    paths.runs_dir().write_text("a file where a folder should be")
    problems = termformer("doctor", "--json").document["problems"]
    assert any("thme" in problem for problem in problems)
    assert f"{paths.runs_dir()} cannot be written." in problems
    assert "Problem: " in termformer("doctor").output


def test_no_secret_is_shown(termformer: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    for arguments in (["doctor"], ["doctor", "--json"]):
        assert "hf_secret" not in termformer(*arguments).output
    assert termformer("doctor", "--json").document["models"]["hub_token"] is True


def test_clearing_removes_the_cache_and_nothing_else(termformer: Here) -> None:
    cache = fill_cache()
    run = paths.runs_dir() / "calm-otter"
    run.mkdir(parents=True)
    document = termformer("doctor", "--clear-cache", "--yes", "--json").document
    assert document == {"path": str(cache), "freed_bytes": 4000}
    assert list(cache.iterdir()) == []
    assert run.is_dir()
    assert termformer("doctor", "--clear-cache").code == 0


@pytest.mark.parametrize(("answer", "gone"), [(b"y\n", True), (b"n\n", False), (b"", False)])
def test_clearing_asks_first(termformer: Here, answer: bytes, gone: bool) -> None:
    cache = fill_cache()
    finished = termformer("doctor", "--clear-cache", stdin=answer)
    assert finished.code == (0 if gone else 1)
    assert (cache / "models").exists() is not gone
    assert "models, tokenizers (4.0 kB)" in finished.complaint
    if not gone:
        assert finished.output == ""


def test_a_link_in_the_cache_is_removed_and_not_what_it_leads_to(
    termformer: Here, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "file").write_text("kept")
    paths.cache_dir().mkdir(parents=True)
    (paths.cache_dir() / "models").symlink_to(mine)
    assert termformer("doctor", "--clear-cache", "--yes").code == 0
    assert (mine / "file").read_text() == "kept"
    assert not (paths.cache_dir() / "models").is_symlink()


@pytest.mark.parametrize("wrong", ["foreign", "home", "hub", "runs"])
def test_a_folder_that_holds_more_than_the_cache_is_never_cleared(
    termformer: Here, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    cache = fill_cache()
    if wrong == "foreign":
        (cache / "thesis.tex").write_text("years of work")
    else:
        name = {"home": "HOME", "hub": "HF_HUB_CACHE", "runs": "TERMFORMER_RUNS_DIR"}[wrong]
        monkeypatch.setenv(name, str(cache / "models" / "inside"))
    finished = termformer("doctor", "--clear-cache", "--yes")
    assert finished.code == 1
    assert "nothing was removed" in finished.complaint
    assert (cache / "models" / "mini" / "model.safetensors").exists()
