"""The code behind a pane: shown whole, copied, saved, and never over somebody's file."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import OpenApp, screen_text, until
from tui.app import TermformerApp
from tui.widgets.pane import Code, Pane

PYTHON = 'sequence = "[red]Hi[/red]"\n' + "".join(f"print({n})\n" for n in range(60))


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pane that is opened first says this code."""
    from tui.panes.tokens.pane import TokensPane

    code = Code("The batch of [b]sentences[/b]", PYTHON, "A note.")
    monkeypatch.setattr(TokensPane, "code", lambda self: code)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def copied(pilot: Pilot[None]) -> str:
    return pilot.app.clipboard


@pytest.mark.usefixtures("shown")
async def test_the_code_is_there_to_read_and_to_copy(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await pilot.press("escape", "c")
        await until(lambda: 'sequence = "[red]Hi[/red]"' in screen_text(pilot), pilot)
        assert "The batch of [b]sentences[/b]" in screen_text(pilot)
        assert "print(59)" not in screen_text(pilot)
        assert "y copy" in screen_text(pilot)
        await pilot.press("end")
        await until(lambda: "print(59)" in screen_text(pilot), pilot)
        await pilot.press("home", "j")
        await until(lambda: "sequence" not in screen_text(pilot), pilot)
        assert "print(0)" in screen_text(pilot)
        await pilot.press("y")
        assert copied(pilot) == PYTHON
        await until(lambda: "61 lines of Python are copied" in screen_text(pilot), pilot)
        await pilot.press("escape")
        await until(lambda: "print(0)" not in screen_text(pilot), pilot)


@pytest.mark.usefixtures("shown")
async def test_it_is_saved_and_nothing_is_replaced_by_one_key(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    taken = tmp_path / "folder" / "mine.py"
    taken.write_text("mine")
    async with open_app(size=(120, 30)) as pilot:
        await pilot.press("escape", "c", "w", "ctrl+u", *"fol", "tab")
        await until(lambda: "folder/" in screen_text(pilot), pilot)
        await pilot.press("enter")
        await until(lambda: "folder is a folder: add" in screen_text(pilot), pilot)
        await pilot.press(*"mine.py", "enter")
        await until(lambda: "mine.py exists. Enter once" in screen_text(pilot), pilot)
        assert taken.read_text() == "mine"
        await pilot.press("x", "backspace", "enter")
        await until(lambda: "mine.py exists. Enter once" in screen_text(pilot), pilot)
        assert taken.read_text() == "mine"
        await pilot.press("enter")
        await until(lambda: "Saved as" in screen_text(pilot), pilot)
        assert taken.read_text() == PYTHON
        assert "print(0)" in screen_text(pilot)
        await pilot.press("w", "ctrl+u", *"nowhere/x.py", "enter")
        await until(lambda: "There is no folder" in screen_text(pilot), pilot)
        await pilot.press("escape", "w", "ctrl+u", *"new.py", "enter")
        await until((tmp_path / "new.py").exists, pilot)
    assert names(tmp_path / "folder") == ["mine.py"]


async def test_a_pane_without_code_says_so(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui.panes.tokens.pane import TokensPane

    monkeypatch.setattr(TokensPane, "code", Pane.code)
    async with open_app() as pilot:
        app = pilot.app
        assert isinstance(app, TermformerApp)
        await pilot.press("escape", "c")
        await until(lambda: "There is code once" in screen_text(pilot), pilot)
        await pilot.press("y", "w", "escape")
        await until(lambda: app.screen is app.bench, pilot)
        assert copied(pilot) == ""


@pytest.mark.usefixtures("shown")
@pytest.mark.parametrize("size", [(20, 6), (40, 12), (200, 60)])
async def test_every_size(open_app: OpenApp, size: tuple[int, int]) -> None:
    async with open_app(size=size) as pilot:
        await pilot.press("escape", "c")
        await until(lambda: "Esc close" in screen_text(pilot), pilot)
        await pilot.press("w")
        await until(lambda: "Esc do not save" in screen_text(pilot) or size[0] < 40, pilot)
