"""The sentence editor: columns are characters, long lines are cheap, taken keys are free."""

from __future__ import annotations

from textual import events
from textual.app import App, ComposeResult

from tui.widgets.editor import SentenceEditor


class EditorApp(App[None]):
    CSS = "SentenceEditor { height: 3; }"

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        yield SentenceEditor(self._text)

    def on_mount(self) -> None:
        self.editor.focus()

    @property
    def editor(self) -> SentenceEditor:
        return self.query_one(SentenceEditor)

    def rows(self) -> list[str]:
        return [self.editor.render_line(y).text for y in range(self.editor.size.height)]


async def test_a_tab_is_a_pair_mark() -> None:
    app = EditorApp()
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.press("a", "tab", "b")
        assert app.editor.text == "a\tb"
        assert "a⇥b" in app.rows()[0]


async def test_each_edit_is_announced_once_and_at_once() -> None:
    app = EditorApp()
    async with app.run_test(size=(40, 5)) as pilot:
        heard: list[str] = []
        app.editor.watch(app.editor, "revision", lambda: heard.append(app.editor.text), init=False)
        app.editor.insert("a")
        assert heard == ["a"]
        await pilot.press("b", "ctrl+z")
        assert heard[:2] == ["a", "ab"]
        assert heard[2:] == [app.editor.text]


async def test_a_long_line_is_shifted_so_that_the_cursor_is_seen() -> None:
    app = EditorApp("start " + "x" * 500 + " end")
    async with app.run_test(size=(40, 5)) as pilot:
        assert app.rows()[0].startswith(" 1 start")
        assert app.rows()[0].rstrip().endswith("›")
        await pilot.press("end")
        assert app.rows()[0].startswith(" ‹")
        assert "end" in app.rows()[0]
        await pilot.press("home")
        assert app.rows()[0].startswith(" 1 start")


async def test_wide_characters_stay_inside_the_row() -> None:
    app = EditorApp("日本語" * 40)
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.press("end")
        for row in range(3):
            assert app.editor.render_line(row).cell_length == 40
        assert app.editor.cursor_screen_offset.x < 40


async def test_hostile_text_is_drawn_as_pictures() -> None:
    text = "a\x1b[31mred[/b] \u202eabc\x00"
    app = EditorApp()
    async with app.run_test(size=(60, 5)) as pilot:
        app.editor.insert(text)
        await pilot.pause()
        assert "a␛[31mred[/b] ·abc␀" in app.rows()[0]
        assert app.editor.text == text


async def test_a_paste_of_a_million_characters_draws_only_what_is_seen() -> None:
    app = EditorApp()
    async with app.run_test(size=(80, 5)) as pilot:
        app.post_message(events.Paste("word " * 200_000))
        await pilot.pause()
        assert len(app.editor.text) == 1_000_000
        assert app.editor.render_line(0).cell_length == 80
        await pilot.press("x")
        assert app.editor.text.endswith("x")


async def test_keys_of_multiplexers_do_nothing() -> None:
    app = EditorApp("some words")
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.press("end", "ctrl+a", "ctrl+b", "ctrl+s", "ctrl+j")
        assert app.is_running
        assert app.editor.cursor_location == (0, 10)


async def test_up_and_down_keep_the_column() -> None:
    app = EditorApp("long enough line\nab\nanother long line")
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.press(*["right"] * 9, "down")
        assert app.editor.cursor_location == (1, 2)
        await pilot.press("down")
        assert app.editor.cursor_location == (2, 9)
        await pilot.press("down")
        assert app.editor.cursor_location == (2, 17)


async def test_a_click_finds_its_character() -> None:
    app = EditorApp("日本 text")
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.click(SentenceEditor, offset=(3 + 5, 0))
        assert app.editor.cursor_location == (0, 3)
