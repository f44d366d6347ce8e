"""Any keys in any order, alone and in bursts, with pastes and resizes: nothing ends the app.

Each seed is the same hand each time; what falls between its keys, as in a terminal, is not.
"""

from __future__ import annotations

import asyncio
import random
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.events import Key, Paste

from tests.tui.conftest import OpenApp
from tests.tui.written_runs import write_runs

NAMED = """
escape escape escape enter tab shift+tab left right up down shift+left shift+right home end
pageup pagedown space backspace delete ctrl+a ctrl+k ctrl+p ctrl+u ctrl+z f1 f2 f3 f4 f5 f6 plus
minus slash comma full_stop left_square_bracket right_square_bracket
"""
KEYS = [*NAMED.split(), *sorted(set(string.ascii_letters + string.digits) - set("qs"))]
"""All but those that quit, and that start a worker."""
TEXTS = ["I hate this!", "a\tb", "\ud800\x1b[31m", "u\u0301 \U0001f600", "x" * 500, "1\n\n2"]
SIZES = [(80, 24), (120, 40), (200, 60), (40, 12), (20, 5)]


def _hand(chance: random.Random) -> Iterator[list[Key] | str | tuple[int, int]]:
    """What a hand does at a time: keys, a paste, another size of the terminal."""
    while True:
        what = chance.random()
        if what < 0.05:
            yield chance.choice(SIZES)
        elif what < 0.1:
            yield chance.choice(TEXTS)
        else:
            keys = chance.choices(KEYS, k=1 if what < 0.7 else chance.randint(2, 6))
            yield [Key(key, key if len(key) == 1 else None) for key in keys]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(8))
async def test_no_keys_end_the_app(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.chdir(tmp_path)  # it saves files, too
    chance = random.Random(seed)
    write_runs()
    async with open_app(size=chance.choice(SIZES), preload=True) as pilot:
        for _, done in zip(range(600), _hand(chance), strict=False):
            if isinstance(done, tuple):
                await pilot.resize_terminal(*done)
            elif isinstance(done, str):
                pilot.app.post_message(Paste(done))
            else:
                for key in done:
                    pilot.app.post_message(key)
                    for _ in range(chance.choice((0, 0, 1, 3, 8))):
                        await asyncio.sleep(0)
            if chance.random() < 0.8:
                await pilot.pause()
            if not pilot.app.is_running:
                break  # by the palette; what else ends it is raised at the end
