"""What a key spares is not seen: rows are painted, laid out and bound as without the shortcut."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from textual.geometry import Region
from textual.widget import Widget

from core.checkpoints import packaged_encoder
from core.text.detail import parts_of_characters, share_character
from core.text.sentences import parse_sentence
from core.text.tokenizer import read_tokenizer
from tests.tui.conftest import OpenApp, until
from tests.tui.test_tokens import app_of
from tests.tui.tokenizers import tokenizer
from tui.panes.tokens import chips
from tui.widgets.keys import KeysInOrder
from tui.widgets.rows import RowsView

WORDS = ["hello", "unbelievably", "🤗", "漢字", "e\u0301", "a", "\t", "[SEP]", "  ", "👩\u200d👧"]


@pytest.mark.parametrize("theme", ["termformer-dark", "termformer-light"])
async def test_rows_are_painted_as_textual_paints_them(theme: str, open_app: OpenApp) -> None:
    async with open_app((120, 40), text="I love it\nno 🤗", theme=theme) as pilot:
        bench = app_of(pilot).bench
        for number in range(len(bench.panes)):
            await pilot.press(f"f{number + 2}")
            await until(lambda n=number: bench.panes[n].display, pilot)  # type: ignore[misc]
            shown = [each for each in bench.query(RowsView) if each in bench._compositor.widgets]
            assert len(shown) > 4
            for each in shown:
                crop = each.size.region
                for part in (crop, Region(3, 0, max(0, crop.width - 7), crop.height)):
                    assert each.render_lines(part) == Widget.render_lines(each, part), each


async def test_a_key_does_what_the_screen_says_it_does(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        bench = app_of(pilot).bench
        for owner in (bench.editor, bench.panes[0]):
            assert isinstance(owner, KeysInOrder)
            bench.set_focus(owner)
            await pilot.pause()
            bound = bench.active_bindings
            for key in (*bound, "A", "ctrl+y", "~"):
                active = bound.get(key)
                own = active is not None and active.node is owner and active.enabled
                expected = active.binding if active is not None and own else None
                node, binding, acts = owner._in_force(key) or (None, None, False)
                assert (binding if node is owner and acts else None) == expected, key


@pytest.mark.parametrize("kind", ["mini", "byte-level", "llama"])
def test_chips_are_laid_out_as_if_nothing_had_been_there(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = packaged_encoder() if kind == "mini" else Path(tokenizer(kind))
    assert folder is not None
    encode = read_tokenizer(folder).encode
    monkeypatch.setattr(chips, "MOST_TOKENS", 120)
    chance = random.Random(7)
    kept = 0
    for _ in range(300):
        text = " ".join(chance.choices(WORDS, k=chance.randint(1, 80)))
        start = chance.randint(0, len(text))
        edited = text[:start] + chance.choice([*WORDS, ""]) + text[start + chance.randint(0, 3) :]
        first, second = (encode(parse_sentence(each)) for each in (text, edited))
        cells, indent = chance.choice([20, 40, 80]), chance.choice([0, 5])
        before = chips.lay_out(first, cells, indent)
        after = chips.lay_out(second, cells, indent, (first, before))
        assert after == chips.lay_out(second, cells, indent)
        kept += sum(one is other for one, other in zip(before.rows, after.rows, strict=False))
        expected = [bool(n) and share_character(second, n - 1) for n in range(len(second))]
        assert parts_of_characters(second, 0, len(second)) == expected
        assert parts_of_characters(second, 1, len(second)) == expected[1:]
    assert kept > 200
