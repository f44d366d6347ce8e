"""The Tokens pane's stages and round trip, on real tokenizers of several kinds."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot

from core.text.visible import width
from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.test_tokens import app_of
from tests.tui.tokenizers import tokenizer


def rows(pilot: Pilot[None]) -> list[str]:
    """What is on the screen below the tabs."""
    lines = screen_text(pilot).splitlines()
    return lines[next(i for i, line in enumerate(lines) if line.startswith(" 1 Tokens")) + 1 :]


def below(pilot: Pilot[None], title: str) -> str:
    """The row under the title that begins with `title`."""
    found = rows(pilot)
    return found[next(i for i, row in enumerate(found) if row.startswith(f" {title}")) + 1]


def cell_of(row: str, text: str) -> int:
    """The terminal cell that `text` begins at."""
    return width(row[: row.index(text)])


async def stages_of(pilot: Pilot[None]) -> None:
    await pilot.press("escape", "S")
    await until(lambda: "post-processor" in screen_text(pilot), pilot)


async def test_word_piece_stage_by_stage(open_app: OpenApp) -> None:
    async with open_app(text="Hugging  Café HuggingFace", size=(100, 30)) as pilot:
        await stages_of(pilot)
        shown = screen_text(pilot)
        assert "normalizer  BertNormalizer  changes 4 places" in shown
        assert "pre-tokenizer  BertPreTokenizer  3 pieces" in shown
        assert "model  WordPiece  4 tokens" in shown
        assert "post-processor  TemplateProcessing  adds [CLS] [SEP]" in shown
        assert "Hugging ␣␣ Café ␣ Hugging Face" in below(pilot, "text")
        assert "hugging ␣␣ cafe ␣ hugging face" in below(pilot, "normalizer")
        assert "hugging│##face" in below(pilot, "model")
        at = {cell_of(below(pilot, stage), "ugging") for stage in ("text", "normalizer", "model")}
        assert len(at) == 1
        assert "[CLS]│hugging" in below(pilot, "post-processor")
        assert "[CLS]" not in below(pilot, "model")


async def test_an_emoji_is_one_column_of_four_tokens(open_app: OpenApp) -> None:
    model = tokenizer("byte-level")
    async with open_app(text="the 🤗 film", model=model, size=(100, 30)) as pilot:
        await stages_of(pilot)
        assert "normalizer  none" in screen_text(pilot)
        assert "ð│Ł│¤│Ĺ" in below(pilot, "model")
        assert "ðŁ¤Ĺ" in below(pilot, "pre-tokenizer")
        assert cell_of(below(pilot, "text"), "🤗") == cell_of(below(pilot, "model"), "ð│Ł")
        assert "adds nothing" in screen_text(pilot)


async def test_unigram_says_what_it_cannot_spell(open_app: OpenApp) -> None:
    model = tokenizer("unigram")
    async with open_app(text="the ﬁlm 🦒", model=model, size=(100, 30)) as pilot:
        await stages_of(pilot)
        assert "normalizer  NFKC → Replace  changes 1 place" in screen_text(pilot)
        assert "fi" in below(pilot, "normalizer")
        assert "ﬁ" in below(pilot, "text")
        assert "adds </s>" in screen_text(pilot)
        assert below(pilot, "pre-tokenizer").lstrip().startswith("▁the")


@pytest.mark.parametrize("kind", ["llama", "roberta", "characters", "wordpiece-cased"])
async def test_every_kind_shows_every_character(kind: str, open_app: OpenApp) -> None:
    text = "\u200b\u00a0\x1b[3m\ud800 A é e\u0301 👩‍👩‍👧 <mask> ok"
    async with open_app(text=text, model=tokenizer(kind), size=(200, 40)) as pilot:
        await stages_of(pilot)
        seen = below(pilot, "text").replace("  ", "")
        for picture in ("␣", "⍽", "␛", "·", "\ufffd"):
            assert picture in seen
        assert "\x1b" not in screen_text(pilot)
        await pilot.press(*["right"] * 30, "R", "left", "d", "B", "d")


async def test_the_stages_scroll_with_the_cursor(open_app: OpenApp) -> None:
    text = " ".join(f"word{number}" for number in range(60))
    async with open_app(text=text) as pilot:
        await stages_of(pilot)
        assert "word ##0" not in below(pilot, "text")
        assert below(pilot, "text").endswith("›")
        await pilot.press("end", "left")
        assert below(pilot, "text").startswith("‹")
        assert "word│##59" in below(pilot, "model")
        await pilot.press("home", "pagedown")
        assert below(pilot, "model").startswith("‹")


async def test_a_pair_stands_in_one_row(open_app: OpenApp) -> None:
    async with open_app(text="One text\tand its pair", size=(100, 30)) as pilot:
        await stages_of(pilot)
        tokens = below(pilot, "post-processor").replace("│", " ").split()
        assert tokens == ["[CLS]", "one", "text", "[SEP]", "and", "its", "pair", "[SEP]"]


async def test_a_little_room_keeps_every_stage(open_app: OpenApp) -> None:
    async with open_app(text="Hugging Face", size=(40, 12)) as pilot:
        await pilot.press("escape", "S")
        await until(lambda: "post-proc." in screen_text(pilot), pilot)
        named = {row.split()[0]: row for row in rows(pilot) if row.strip()}
        assert "hugging" in named["normalizer"]
        assert "[CLS]│hugging" in named["post-proc."]
        assert "4 tokens" in screen_text(pilot)


async def test_a_megabyte_on_one_line_is_taken_apart_where_the_cursor_is(
    open_app: OpenApp,
) -> None:
    async with open_app(text="x", size=(100, 30)) as pilot:
        bench = app_of(pilot).bench
        app_of(pilot).post_message(events.Paste(" some of the words" * 60_000))
        await until(lambda: len(bench.document.batch.encodings[0]) > 200_000, pilot)
        await pilot.press("escape", "home", "S")
        await until(lambda: "characters 0–1,000 of 1,080,001" in screen_text(pilot), pilot)
        await until(lambda: "model  WordPiece" in screen_text(pilot), pilot)
        await pilot.press("end")
        await until(lambda: "–1,080,001 of 1,080,001" in screen_text(pilot), pilot)
        await pilot.press("left", "left")
        assert "words" in below(pilot, "model")
        await pilot.press("R")
        await until(lambda: "   ids " in screen_text(pilot), pilot)
        assert "taken by themselves" in screen_text(pilot)


async def test_the_round_trip_says_what_changed_and_why(open_app: OpenApp) -> None:
    async with open_app(text="Café déjà vu, it's  here", size=(100, 30)) as pilot:
        await pilot.press("escape", "R")
        shown = screen_text(pilot)
        assert "1 tokenize" in shown
        assert "decoded  ⟦cafe⟧ ⟦deja⟧ vu, it⟦␣⟧'⟦␣⟧s⟦␣⟧here" in shown
        assert "text     ⟦Café⟧ ⟦déjà⟧ vu, it⟦⟧'⟦⟧s⟦␣␣⟧here" in shown
        assert "Café → cafe" in shown
        assert "nothing → ␣ ×2" in shown
        assert "case, accents" in shown
        ids = next(line for line in shown.splitlines() if line.startswith("   ids"))
        assert ids.split()[1:4] == ["7668", "2139", "3900"]


async def test_a_round_trip_without_loss_says_so(open_app: OpenApp) -> None:
    async with open_app(text="Ünïcode 🤗  ok", model=tokenizer("byte-level")) as pilot:
        await pilot.press("escape", "R")
        assert "equal: the text comes back as it was" in screen_text(pilot)
        assert "⟦" not in screen_text(pilot)


async def test_one_token_is_one_token(open_app: OpenApp) -> None:
    async with open_app(text="word") as pilot:
        await pilot.press("escape", "R")
        assert "1 tokenize  1 token " in screen_text(pilot).replace("\n", " ")
        await pilot.press("B")
        assert "One tokenizer alone: n puts another one beside it." in screen_text(pilot)
        assert "cut alike" not in screen_text(pilot)


async def test_both_texts_of_a_pair_make_the_trip(open_app: OpenApp) -> None:
    async with open_app(text="One text\tand ANOTHER", size=(100, 40)) as pilot:
        await pilot.press("escape", "R", "end", "left")
        shown = screen_text(pilot)
        assert "First text" in shown
        assert "Second text" in shown
        assert "ANOTHER → another" in shown


async def test_views_follow_the_typing(open_app: OpenApp) -> None:
    async with open_app(text="hug", options={"tokens": {"view": "stages"}}) as pilot:
        await until(lambda: "model  WordPiece  1 token" in screen_text(pilot), pilot)
        await pilot.press("end", "g", "s")
        assert "hug│##gs" in below(pilot, "model")
        await pilot.press("escape", "R", "i", "x")
        assert "hug ##gs ##x" in " ".join(screen_text(pilot).split())
