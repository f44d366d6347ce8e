"""Exporting what a pane shows: format and name go together, and a failure costs nothing."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core import durable
from tests.tui.conftest import OpenApp, screen_text, until
from tui.app import TermformerApp
from tui.widgets.pane import Export


@pytest.fixture(autouse=True)
def shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The pane that is opened first knows two formats; returns the threads that made them."""
    from tui.panes.tokens.pane import TokensPane

    threads: list[str] = []

    def make(data: str) -> str:
        threads.append(threading.current_thread().name)
        return data

    exports = [
        Export("json", "every field", lambda: make("{}")),
        Export("csv", "a row a token", lambda: make("é" * 2_000)),
    ]
    monkeypatch.setattr(TokensPane, "exports", lambda self: exports)
    monkeypatch.chdir(tmp_path)
    return threads


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_the_format_follows_the_name_and_the_name_the_format(
    open_app: OpenApp, tmp_path: Path, shown: list[str]
) -> None:
    async with open_app(size=(120, 30)) as pilot:
        app = pilot.app
        assert isinstance(app, TermformerApp)
        await pilot.press("escape", "e")
        await until(lambda: "› json" in screen_text(pilot), pilot)
        assert "tokens.json" in screen_text(pilot)
        await pilot.press("down")
        await until(lambda: "› csv" in screen_text(pilot), pilot)
        assert "tokens.csv" in screen_text(pilot)
        await pilot.press("ctrl+u", *"all.json")
        await until(lambda: "› json" in screen_text(pilot), pilot)
        await pilot.press("up", "enter")
        await until(lambda: app.screen is app.bench, pilot)
        await until(lambda: "4.0 kB" in screen_text(pilot), pilot)
    assert (tmp_path / "all.csv").read_text() == "é" * 2_000
    assert shown
    assert "MainThread" not in shown


async def test_an_ending_that_is_no_format_is_refused(open_app: OpenApp, tmp_path: Path) -> None:
    async with open_app(size=(120, 30)) as pilot:
        await pilot.press("escape", "e", "ctrl+u", *"all.xlsx", "enter")
        await until(lambda: "let it end in .json or .csv" in screen_text(pilot), pilot)
        await pilot.press("ctrl+u", "enter")
        await until(lambda: "A file needs a name." in screen_text(pilot), pilot)
    assert not [name for name in names(tmp_path) if "all" in name]


async def test_a_full_disk_leaves_what_was_there(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tokens.json").write_text("before")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    async with open_app(size=(120, 30)) as pilot:
        await pilot.press("escape", "e", "enter")
        await until(lambda: "exists. Enter once more" in screen_text(pilot), pilot)
        with monkeypatch.context() as patch:
            patch.setattr(durable.os, "fsync", full)
            await pilot.press("enter")
            await until(lambda: "No space left on device" in screen_text(pilot), pilot)
        assert (tmp_path / "tokens.json").read_text() == "before"
    assert [name for name in names(tmp_path) if "tokens" in name] == ["tokens.json"]
