"""The vocabulary: found as one types, the newest search shown, no pattern that never ends."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from textual.pilot import Pilot
from tokenizers import AddedToken, Tokenizer, models

from core.text.tokenizer import TextTokenizer, read_tokenizer
from core.text.vocabulary import Found, Vocabulary
from tests.tui.conftest import OpenApp, screen_text, turns_until, until
from tui.app import TermformerApp
from tui.screens import vocabulary, vocabulary_ask
from tui.screens.vocabulary import VocabularyScreen
from tui.screens.vocabulary_rows import EntryHeading, EntryRows


def tokenizer_of(tokens: list[str], folder: Path) -> TextTokenizer:
    backend = Tokenizer(models.WordLevel({each: n for n, each in enumerate(tokens)}, "<unk>"))
    backend.add_special_tokens([AddedToken("<mask>", special=True)])
    backend.save(str(folder / "tokenizer.json"))
    return read_tokenizer(folder)


def app_of(pilot: Pilot[None]) -> TermformerApp:
    assert isinstance(pilot.app, TermformerApp)
    return pilot.app


async def look_at(
    pilot: Pilot[None], tokenizer: TextTokenizer | None = None, token_id: int | None = None
) -> None:
    """Opens the screen and waits until entries are listed."""
    tokenizer = tokenizer or app_of(pilot).bench.document.tokenizer
    assert tokenizer is not None
    await pilot.app.push_screen(VocabularyScreen(tokenizer, token_id=token_id))
    await until(lambda: "All entries, by id." in screen_text(pilot), pilot)


def listed(pilot: Pilot[None]) -> list[str]:
    """The tokens that are listed, as far as they are in view."""
    lines = screen_text(pilot).splitlines()
    head = next(n for n, line in enumerate(lines) if " token " in line)
    rows = [line.replace("›", " ").split() for line in lines[head + 1 : -2]]
    return [row[1] for row in rows if len(row) > 1]


def under_cursor(pilot: Pilot[None]) -> list[str]:
    line = next((line for line in screen_text(pilot).splitlines() if "›" in line), "")
    return line.split()[1:3]


async def test_a_token_stands_among_its_neighbours(open_app: OpenApp) -> None:
    async with open_app(size=(100, 30)) as pilot:
        await look_at(pilot, token_id=12172)
        await until(lambda: under_cursor(pilot) == ["12172", "##face"], pilot)
        rows = [line for line in screen_text(pilot).splitlines() if " 1217" in line]
        assert len(rows) == 10
        assert any("12172  ##face" in row and "66 61 63 65" in row for row in rows)
        await pilot.press("y")
        assert pilot.app.clipboard == "##face"
        await pilot.press("down", "k", "j")
        await until(lambda: under_cursor(pilot)[:1] == ["12173"], pilot)
        await pilot.press("home")
        await until(lambda: under_cursor(pilot) == ["0", "[PAD]"], pilot)
        await pilot.press("end")
        await until(lambda: under_cursor(pilot)[:1] == ["30521"], pilot)


async def test_text_prefix_id_and_regular_expression(open_app: OpenApp) -> None:
    async with open_app(size=(100, 30)) as pilot:
        await look_at(pilot)
        await pilot.press(*"hugg")
        await until(lambda: listed(pilot) == ["hugged", "hugging"], pilot)
        await pilot.press(*"ing", "tab")
        await until(lambda: listed(pilot) == ["hugging"], pilot)
        await pilot.press("ctrl+u", *"##fac")
        await until(lambda: listed(pilot)[:1] == ["##face"], pilot)
        await pilot.press("tab", "ctrl+u", *"100-103")
        await until(lambda: listed(pilot) == ["[UNK]", "[CLS]", "[SEP]", "[MASK]"], pilot)
        assert "special" in screen_text(pilot)
        await pilot.press("tab", "ctrl+u", *"^hug.{3,4}g$")
        await until(lambda: listed(pilot) == ["hugging"], pilot)
        await pilot.press("(")
        await until(lambda: "is no regular expression" in screen_text(pilot), pilot)
        await pilot.press("backspace")
        await until(lambda: "1 of 30,522 entries." in screen_text(pilot), pilot)
        await pilot.press("enter")
        await until(lambda: under_cursor(pilot) == ["17662", "hugging"], pilot)
        assert "17661" in screen_text(pilot)
        # Back to what was found, and only then out.
        await pilot.press("escape")
        await until(lambda: listed(pilot) == ["hugging"], pilot)
        assert "^hug.{3,4}g$" in screen_text(pilot)
        await pilot.press("escape")
        await until(lambda: app_of(pilot).screen is app_of(pilot).bench, pilot)


async def test_case_and_views_are_a_key_away(open_app: OpenApp, tmp_path: Path) -> None:
    words = ["<unk>", "Face", "face", "[unused1]", "x" * 40, "é"]
    async with open_app(size=(100, 30)) as pilot:
        await look_at(pilot, tokenizer_of(words, tmp_path))
        await pilot.press(*"FACE")
        await until(lambda: "0 of 7 entries." in screen_text(pilot), pilot)
        await pilot.press("escape", "a")
        await until(lambda: listed(pilot) == ["Face", "face"], pilot)
        assert "any case" in screen_text(pilot)
        await pilot.press("s")
        await until(lambda: listed(pilot) == ["<mask>"], pilot)
        await pilot.press("u")
        await until(lambda: listed(pilot) == ["[unused1]"], pilot)
        await pilot.press("l")
        await until(lambda: (listed(pilot) or [""])[0].startswith("xxx"), pilot)
        await pilot.press("l")
        await until(lambda: listed(pilot) == ["Face", "face"], pilot)
        await pilot.press("escape")
        await until(lambda: app_of(pilot).screen is app_of(pilot).bench, pilot)


async def test_a_pattern_that_would_never_end_says_so_and_typing_goes_on(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary_ask, "_SECONDS", 0.1)
    words = ["<unk>", "hit", *(f"{'a' * 400}!{n}" for n in range(50))]
    async with open_app(size=(100, 30)) as pilot:
        await look_at(pilot, tokenizer_of(words, tmp_path))
        await pilot.press("shift+tab", *"(a|a)+$|hit")
        await until(lambda: "The pattern takes too long" in screen_text(pilot), pilot)
        await pilot.press("ctrl+u", *"h.t")
        await until(lambda: listed(pilot) == ["hit"], pilot)


async def test_only_the_newest_search_is_shown(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    asked: list[str] = []
    search = Vocabulary.search

    def slow(self: Vocabulary, query: str, *args: object, **options: object) -> Found:
        asked.append(query)
        begun.set()
        assert go_on.wait(60)
        return search(self, query, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Vocabulary, "search", slow)
    async with open_app(size=(100, 30)) as pilot:
        await look_at(pilot, tokenizer_of(["<unk>", "ab", "abc", "b"], tmp_path))
        await pilot.press("a")
        await until(begun.is_set, pilot)
        await pilot.press("b", "c")
        assert "abc" in screen_text(pilot)
        go_on.set()
        await until(lambda: listed(pilot) == ["abc"], pilot)
    assert asked == ["a", "abc"]


async def test_odd_entries_are_harmless(open_app: OpenApp, tmp_path: Path) -> None:
    words = ["<unk>", "\x1b[31m", "[red]", "a b", "漢字", "\u202eabc"]
    async with open_app(size=(100, 30)) as pilot:
        await look_at(pilot, tokenizer_of(words, tmp_path))
        shown = screen_text(pilot)
        for seen in ("␛[31m", "[red]", "a␣b", "漢字", "·abc"):
            assert seen in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown


@pytest.mark.parametrize("size", [(20, 6), (40, 12), (80, 24), (200, 60)])
async def test_every_size(open_app: OpenApp, size: tuple[int, int]) -> None:
    async with open_app(size=size) as pilot:
        tokenizer = app_of(pilot).bench.document.tokenizer
        assert tokenizer is not None
        await pilot.app.push_screen(VocabularyScreen(tokenizer, token_id=2227))
        await until(lambda: "2227" in screen_text(pilot), pilot)
        assert all(len(line) <= size[0] for line in screen_text(pilot).splitlines())


async def test_the_longest_tokens_are_seen_whole_at_80_columns(open_app: OpenApp) -> None:
    async with open_app(size=(80, 24)) as pilot:
        await look_at(pilot)
        await pilot.press("escape", "l")
        await until(lambda: "telecommunications  " in screen_text(pilot), pilot)


async def test_the_palette_leads_there(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        app = app_of(pilot)
        commands = {each.title: each for each in app.get_system_commands(app.screen)}
        await commands["Vocabulary"].callback()
        await until(lambda: isinstance(app.screen, VocabularyScreen), pilot)


async def test_it_is_closed_while_the_vocabulary_is_read(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vocabulary arrives when a part of the screen is gone, and the screen itself is not."""
    leave, closing = threading.Event(), threading.Event()

    def read(tokenizer: TextTokenizer) -> Vocabulary:
        assert leave.wait(60)
        return Vocabulary(tokenizer)

    async def unmounted(rows: EntryRows) -> None:
        await turns_until(lambda: not rows.screen.query(EntryHeading))
        leave.set()
        await turns_until(lambda: tokenizer in vocabulary._known)
        closing.set()

    monkeypatch.setattr(vocabulary, "Vocabulary", read)
    monkeypatch.setattr(EntryRows, "on_unmount", unmounted, raising=False)
    tokenizer = tokenizer_of(["a", "b"], tmp_path)
    async with open_app() as pilot:
        await pilot.app.push_screen(VocabularyScreen(tokenizer))
        await until(lambda: "Reading the vocabulary…" in screen_text(pilot), pilot)
        await pilot.press("escape", "escape")
        await until(closing.is_set, pilot)
        await until(lambda: not isinstance(pilot.app.screen, VocabularyScreen), pilot)


async def test_a_list_sets_the_search_aside(open_app: OpenApp) -> None:
    async with open_app(size=(100, 30)) as pilot:
        await look_at(pilot)
        row = pilot.app.screen.query_one("#search")
        await pilot.press("f", "o", "x", "escape", "s")
        await until(lambda: "special and added" in screen_text(pilot).splitlines()[4], pilot)
        assert row.has_class("-aside")
        await pilot.press("s")
        await until(lambda: "fox" in listed(pilot), pilot)
        assert not row.has_class("-aside")


async def test_help_is_about_the_vocabulary(open_app: OpenApp) -> None:
    async with open_app(size=(100, 40)) as pilot:
        await look_at(pilot)
        await pilot.press("escape", "f1")
        await until(lambda: "Keys of Vocabulary" in screen_text(pilot), pilot)
        shown = screen_text(pilot)
        assert re.search(r"\B/ i +Search", shown)
        assert re.search(r"\bu +Unused", shown)
        assert "Keys of every pane" not in shown
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, VocabularyScreen)
