"""The token under the cursor, the counts, and the limit of the model."""

from __future__ import annotations

from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.tokenizers import tokenizer


async def test_the_details_of_a_token(open_app: OpenApp) -> None:
    async with open_app(text="Hugging Face", size=(80, 24)) as pilot:
        await pilot.press("escape", "home", "right")
        assert "UTF-8" not in screen_text(pilot)
        await pilot.press("d")
        fields = fields_of(screen_text(pilot))
        assert fields["token"] == "hugging"
        assert fields["id"] == "17662  position 1, word 0"
        assert fields["characters"] == '"Hugging"  0–7'
        assert fields["UTF-8"] == "48 75 67 67 69 6e 67"
        assert fields["token bytes"] == "68 75 67 67 69 6e 67"
        assert "17661" in fields["neighbours"]
        await pilot.press("right")
        assert fields_of(screen_text(pilot))["token"] == "face"
        assert fields_of(screen_text(pilot))["also"] == "##face 12172"
        await pilot.press("right")
        assert fields_of(screen_text(pilot))["token"] == "[SEP]  special"
        await pilot.press("d")
        assert "UTF-8" not in screen_text(pilot)


def fields_of(shown: str) -> dict[str, str]:
    """The rows that begin with a name, by name."""
    named = (
        "token",
        "id",
        "part",
        "characters",
        "UTF-8",
        "token bytes",
        "also",
        "neighbours",
        "mask",
    )
    rows = [line.strip().replace("\u00a0", " ") for line in shown.splitlines()]
    found: dict[str, str] = {}
    for row in rows:
        name, _, value = row.partition("  ")
        if name in named:
            found.setdefault(name, value.strip())
    return found


async def test_the_pieces_of_an_emoji_say_that_they_are_one(open_app: OpenApp) -> None:
    model = tokenizer("byte-level")
    async with open_app(text="x 🤗 y", model=model, size=(80, 24)) as pilot:
        assert "ðŁ¤Ĺ" in screen_text(pilot)  # no blank between the parts
        underlined = {
            segment.text
            for strip in pilot.app.screen._compositor.render_strips()
            for segment in strip
            if segment.style and segment.style.underline
        }
        assert {"ð", "Ł", "¤", "Ĺ"} <= underlined
        assert "x" not in underlined
        await pilot.press("escape", "home", "right", "right", "right", "d")
        fields = fields_of(screen_text(pilot))
        assert fields["part"].startswith("2 of 4 tokens that are one character together")
        assert fields["UTF-8"] == "f0 9f a4 97"
        assert fields["token bytes"] == "9f"


async def test_a_mark_of_a_space_is_no_part_of_a_character(open_app: OpenApp) -> None:
    async with open_app(text="Hug é", model=tokenizer("llama")) as pilot:
        await pilot.press("escape", "home", "right", "d")
        assert fields_of(screen_text(pilot))["token"] == "▁"
        assert "part" not in fields_of(screen_text(pilot))


async def test_padding_has_details_too(open_app: OpenApp) -> None:
    async with open_app(size=(80, 24)) as pilot:
        await pilot.press("down", "escape", "end", "d")
        fields = fields_of(screen_text(pilot))
        assert fields["token"] == "[PAD]  padding"
        assert fields["mask"].startswith("0")


async def test_the_details_follow_the_typing_when_the_hand_rests(open_app: OpenApp) -> None:
    async with open_app(text="hug", size=(120, 40)) as pilot:
        await until(lambda: '"hug"' in screen_text(pilot), pilot)
        await pilot.press("end", "g", "s")
        await until(lambda: "  position 2, word 0" in screen_text(pilot), pilot)


async def test_a_small_terminal_gives_the_details_all_of_the_pane(open_app: OpenApp) -> None:
    async with open_app(text="Hugging Face", size=(40, 12)) as pilot:
        await pilot.press("escape", "home", "right", "d")
        assert fields_of(screen_text(pilot))["token"] == "hugging"
        assert "[CLS]" not in screen_text(pilot)
        await pilot.press("right")
        assert fields_of(screen_text(pilot))["token"] == "face"
        await pilot.press("d")
        assert "[CLS] hugging face [SEP]" in screen_text(pilot)


async def test_counts_of_the_sentence_and_of_all(open_app: OpenApp) -> None:
    async with open_app(text="Café 🦒 ok\nI hate this", size=(80, 24)) as pilot:
        lines = screen_text(pilot).splitlines()
        heading = next(i for i, line in enumerate(lines) if "chars/token" in line)
        assert lines[heading].split() == [
            "characters", "bytes", "tokens", "chars/token", "words", "unknown", "of", "512",
        ]  # fmt: skip
        assert lines[heading + 1].split() == ["1", "9", "13", "5", "3.00", "3", "1", "1.0", "%"]
        all_of_them = ["all", "2", "20", "24", "10", "3.33", "6", "1", "most", "1.0", "%"]
        assert lines[heading + 2].split() == all_of_them
        await pilot.press("down")
        assert " 2 " in screen_text(pilot).splitlines()[heading + 1]


async def test_a_sentence_that_is_too_long_says_by_how_much(open_app: OpenApp) -> None:
    model = tokenizer("byte-level")
    async with open_app(text="z" * 40 + "\nz", model=model, size=(120, 40)) as pilot:
        shown = screen_text(pilot)
        assert "125 %, 8 over" in shown
        assert "1 too long" in shown
        assert "125 %!" in shown
        assert "3.1 %" in shown


async def test_a_row_of_counts_holds_whole_words(open_app: OpenApp) -> None:
    async with open_app(size=(40, 12)) as pilot:
        rows = [line for line in screen_text(pilot).splitlines() if line.startswith(" 1: ")]
        assert rows == [" 1: 16 tokens · 57 characters"]
