"""The Tokens pane follows each key, on the real vocabulary."""

from __future__ import annotations

import pytest
from textual import events

from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.tokenizers import tokenizer
from tui.app import TermformerApp


def app_of(pilot: object) -> TermformerApp:
    app = getattr(pilot, "app", None)
    assert isinstance(app, TermformerApp)
    return app


async def test_opening_shows_the_course_sentences(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        shown = screen_text(pilot)
        assert "[CLS] i ' ve been waiting for a hugging##face course" in shown
        assert "[CLS] i hate this so much ! [SEP] ░ ░ ░ ░ ░ ░ ░ ░" in shown
        assert "2 sentences · 24 tokens · 8 padding (25 %) · shape [2, 16]" in shown
        # The table under the chips begins at its first token.
        numbers = [line.lstrip("› ").split(" ")[0] for line in shown.splitlines()[10:19]]
        assert numbers == [str(n) for n in range(9)]


async def test_tokens_change_in_the_frame_of_the_key(open_app: OpenApp) -> None:
    async with open_app(text="hug") as pilot:
        bench = app_of(pilot).bench
        bench.editor.move_cursor((0, 3))
        bench.editor.insert("g")  # no message has been handled since
        assert bench.document.batch.encodings[0].tokens == ["[CLS]", "hug", "##g", "[SEP]"]
        await pilot.pause()
        assert "[CLS] hug##g [SEP]" in screen_text(pilot)


async def test_the_table_shows_every_field(open_app: OpenApp) -> None:
    async with open_app(text="Hugging Face", options={"tokens": {"view": "table"}}) as pilot:
        await pilot.press("escape", "home", "right")
        row = next(line for line in screen_text(pilot).splitlines() if line.startswith("›"))
        assert row.split() == ["›", "1", "hugging", "17662", "0", "1", "·", "0–7", '"Hugging"']


async def test_moving_highlights_the_characters(open_app: OpenApp) -> None:
    async with open_app(text="I love HuggingFace") as pilot:
        editor = app_of(pilot).bench.editor
        assert editor.span is None
        await pilot.press("escape", "home", *["right"] * 4)
        assert editor.span == (0, 14, 18)
        await pilot.press("f3")
        assert editor.span is None
        await pilot.press("f2")
        assert editor.span == (0, 14, 18)
        await pilot.press("i")
        assert editor.span is None


async def test_a_pair_has_two_types(open_app: OpenApp) -> None:
    async with open_app(
        text="", options={"tokens": {"view": "grid", "layer": "token_type_ids"}}
    ) as pilot:
        await pilot.press("a", "tab", "b")
        assert app_of(pilot).bench.document.batch.encodings[0].token_type_ids == [0, 0, 0, 1, 1]
        assert " 1   1.0 %  0 0 0 1 1" in screen_text(pilot)


async def test_padding_cells_can_be_looked_at(open_app: OpenApp) -> None:
    async with open_app(options={"tokens": {"view": "table"}}) as pilot:
        await pilot.press("down", "escape", "end")
        row = next(line for line in screen_text(pilot).splitlines() if "15  [PAD]" in line)
        assert row.split()[:6] == ["15", "[PAD]", "0", "0", "0", "padding"]
        assert app_of(pilot).bench.editor.span is None


async def test_wide_terminals_show_three_views(open_app: OpenApp) -> None:
    async with open_app(size=(120, 40)) as pilot:
        shown = screen_text(pilot)
        assert "hugging##face" in shown
        assert "characters" in shown
        assert "input_ids  shape [2, 16]" in shown
        await pilot.press("escape", "m")
        assert "token_type_ids  shape [2, 16]" in screen_text(pilot)


async def test_the_view_and_the_layer_come_back(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await pilot.press("escape", "m")
        assert "token_type_ids" in screen_text(pilot)
    async with open_app() as pilot:
        assert "token_type_ids" in screen_text(pilot)


async def test_an_empty_editor_says_what_to_do(open_app: OpenApp) -> None:
    async with open_app(text=" ") as pilot:
        assert "Type a sentence above" in screen_text(pilot)
        await pilot.press("escape")
        assert "Press i and type a sentence" in screen_text(pilot)
        await pilot.press("i", "a")
        assert "[CLS] a [SEP]" in screen_text(pilot)


async def test_hostile_text_is_data(open_app: OpenApp) -> None:
    text = "[red]x[/] [CLS] \x1b[31m\x07 \u202eabc \ud800 ﷽ 👩‍👩‍👧 e\u0301\u200b"
    async with open_app(text=text) as pilot:
        shown = screen_text(pilot)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert app_of(pilot).bench.document.batch.encodings
        await pilot.press("escape", "v", "v", "v", *["right"] * 30)


async def test_a_long_paste_is_encoded_beside_the_keys(open_app: OpenApp) -> None:
    async with open_app(text="short") as pilot:
        bench = app_of(pilot).bench
        behind: list[int] = []
        bench.watch(bench, "document", lambda document: behind.append(document.behind))
        app_of(pilot).post_message(events.Paste(" and more" * 40_000))
        await until(lambda: len(bench.document.batch.encodings[0]) > 80_000, pilot)
        assert max(behind) == 360_005
        assert bench.document.behind == 0
        assert bench.document.batch.encodings[0].sentence.text == bench.editor.text
        await pilot.press("end", "!")
        await until(lambda: bench.document.batch.encodings[0].tokens[-2] == "!", pilot)
        assert "76,005 more tokens: see the table" in screen_text(pilot)


async def test_forty_columns_by_twelve_rows(open_app: OpenApp) -> None:
    async with open_app(size=(40, 12)) as pilot:
        await pilot.press("escape", "v", "right", "down", "v", "m", "end", "q")


async def test_windows_of_a_cut_sentence_are_rows(open_app: OpenApp) -> None:
    async with open_app(size=(120, 40)) as pilot:
        await pilot.press("escape", "t", *["minus"] * 8, "w", "right_square_bracket")
        shown = screen_text(pilot)
        assert "truncation longest_first  max_length 8  windows, stride 1" in shown
        assert "2 sentences · 30 tokens · 2 padding (6 %) · shape [4, 8]" in shown
        assert "[CLS] for a hugging##face course my [SEP]" in shown
        await pilot.press("down", "right", "right")
        assert app_of(pilot).bench.editor.span == (0, 24, 31)
    async with open_app(size=(120, 40)) as pilot:
        assert "shape [4, 8]" in screen_text(pilot)
        await pilot.press("escape", "z")
        assert "shape [2, 16]" in screen_text(pilot)


async def test_a_batch_that_cannot_be_a_tensor_says_why(open_app: OpenApp) -> None:
    async with open_app(size=(120, 40)) as pilot:
        await pilot.press("escape", "p", "p")
        shown = screen_text(pilot)
        assert "Rows of 16 and 8 tokens differ in length: no tensor can hold them." in shown
        await pilot.press("p", "t", "t", "t")
        assert "has no second text to cut" not in screen_text(pilot)
        await pilot.press(*["minus"] * 10)
        assert "Sentence 1 has no second text to cut" in screen_text(pilot)
        assert "[CLS] i ' ve been" in screen_text(pilot)


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40)])
async def test_without_a_padding_token_the_pane_says_what_one_would_do(
    size: tuple[int, int], open_app: OpenApp
) -> None:
    model = tokenizer("byte-level", padding=False)
    async with open_app(size, text="the film of it all\nok", model=model) as pilot:
        words = " ".join(screen_text(pilot).split())
        assert "no tensor can hold them" in words
        assert "No padding token: tokenizer.pad_token = tokenizer.eos_token makes one." in words
        await pilot.press("escape", "p")
        words = " ".join(screen_text(pilot).split())
        assert "with padding none the rows stay as they are. Shown: the defaults." in words


async def test_the_padding_side_is_seen_at_once(open_app: OpenApp) -> None:
    async with open_app(size=(120, 40)) as pilot:
        await pilot.press("escape")
        assert "2 [CLS] i hate this so much ! [SEP] ░" in screen_text(pilot)
        await pilot.press("s")
        shown = screen_text(pilot)
        assert "side left" in shown
        assert "2 ░×8 [CLS] i hate this so much ! [SEP]" in shown
        assert "[SEP] ░" not in shown
        await pilot.press("v", "v", "v")
        padding = "     0" * 8
        assert f"1.6 % {padding}   101  1045" in screen_text(pilot)
        await pilot.press("s")
        assert "1.6 %    101  1045" in screen_text(pilot)


async def test_how_much_of_the_limit_a_cut_sentence_fills_follows_the_typing(
    open_app: OpenApp,
) -> None:
    options = {"tokens": {"view": "grid", "truncation": "longest_first", "max_length": 8}}
    async with open_app(size=(80, 24), text="so " * 20, options=options) as pilot:
        assert "4.3 %" in screen_text(pilot)
        await pilot.press("end", *"and so on")
        assert "4.9 %" in screen_text(pilot)


async def test_windows_say_what_they_lack(open_app: OpenApp) -> None:
    async with open_app(size=(120, 40)) as pilot:
        await pilot.press("escape", "right_square_bracket")
        assert "stride 1, without windows" in screen_text(pilot)
        await pilot.press("w")
        assert "windows, stride 1, nothing is cut" in screen_text(pilot)
        await pilot.press("t")
        assert "nothing is cut" not in screen_text(pilot)


async def test_the_grid_begins_with_the_first_column_and_says_where_it_goes_on(
    open_app: OpenApp,
) -> None:
    async with open_app(size=(80, 24)) as pilot:
        await pilot.press("escape", "G")
        assert "1   3.1 %    101  1045" in screen_text(pilot)
        assert " 2607›" in screen_text(pilot)
        await pilot.press("end")
        assert "1   3.1 %‹" in screen_text(pilot)
        assert "›" not in next(line for line in screen_text(pilot).splitlines() if "3.1 %‹" in line)


async def test_padding_on_a_row_of_its_own_begins_where_the_tokens_do(open_app: OpenApp) -> None:
    text = "so much so much so much so much so much so much so much so on\n" + "so " * 25
    async with open_app(size=(80, 24), text=text) as pilot:
        lines = screen_text(pilot).splitlines()
        start = next(n for n, line in enumerate(lines) if line.startswith(" 1 [CLS]"))
        assert lines[start + 1].startswith("   ░ ░")


async def test_the_options_are_seen_where_the_rows_are_ragged_too(open_app: OpenApp) -> None:
    async with open_app(size=(80, 24)) as pilot:
        await pilot.press("escape", "p", "p", "t", "s")
        shown = screen_text(pilot)
        assert "Rows of 16 and 8 tokens differ in length" in shown
        assert "padding none  side left  truncation longest_first  max_length 512" in shown
        await pilot.press("minus")
        assert "max_length 15" in screen_text(pilot)
