"""The Train pane in terminals of 16 and of 256 colours, and in one that wants none at all."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from core import paths
from tests.terminal.terminal import Terminal
from tests.terminal.test_app import TERMFORMER
from tests.tui.written_runs import write_runs

TERMINALS: dict[str, dict[str, str | None]] = {
    "16": {"TERM": "xterm", "COLORTERM": None},
    "256": {"TERM": "xterm-256color", "COLORTERM": None},
    "none": {"TERM": "xterm-256color", "COLORTERM": None, "NO_COLOR": "1"},
}
_INDEXED, _EXACT = re.compile(rb"[34]8;5;\d"), re.compile(rb"[34]8;2;\d")
"""Colours that a terminal of 16, and one of 256, does not know."""
_LEGIBLE = 3.0
"""The contrast of large text in WCAG 2.2; the pane's faintest words are to have it."""
_PANE = 8
"""The row that the pane begins in."""
_NAMED = {
    "black": 0x000000, "red": 0xCD0000, "green": 0x00CD00, "brown": 0xCDCD00, "blue": 0x0000EE,
    "magenta": 0xCD00CD, "cyan": 0x00CDCD, "white": 0xE5E5E5, "default": -1,
    "brightblack": 0x7F7F7F, "brightred": 0xFF0000, "brightgreen": 0x00FF00,
    "brightbrown": 0xFFFF00, "brightblue": 0x5C5CFF, "brightmagenta": 0xFF00FF,
    "bfightmagenta": 0xFF00FF, "brightcyan": 0x00FFFF, "brightwhite": 0xFFFFFF,
}  # fmt: skip
"""As xterm has them; pyte misspells one."""


def brightness(colour: str, otherwise: int) -> float:
    """Relative luminance of a colour, 0 to 1 (WCAG 2.2)."""
    value = _NAMED[colour] if colour in _NAMED else int(colour, 16)
    value = otherwise if value < 0 else value
    parts = []
    for shift in (16, 8, 0):
        part = (value >> shift & 255) / 255
        parts.append(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def illegible(terminal: Terminal) -> list[str]:
    """The letters of the pane that hardly stand out from their background."""
    found = []
    for row, cells in enumerate(terminal.screen.cells):
        for column, cell in enumerate(cells):
            if row < _PANE or not cell.isalnum():
                continue
            style = terminal.style(row, column)
            front, back = brightness(style.fg, 0xFFFFFF), brightness(style.bg, 0x000000)
            if (max(front, back) + 0.05) / (min(front, back) + 0.05) < _LEGIBLE:
                found.append(f"{cell} at {row}, {column}: {style.fg} on {style.bg}")
    return found


def coloured(terminal: Terminal) -> list[str]:
    """The colours on the screen that are no shade of grey."""
    found = set()
    for row, cells in enumerate(terminal.screen.cells):
        for column in range(len(cells)):
            style = terminal.style(row, column)
            found |= {style.fg, style.bg} - {"default"}
    return [each for each in found if each in _NAMED or len({each[:2], each[2:4], each[4:]}) > 1]


@pytest.mark.parametrize("colours", TERMINALS)
def test_every_word_can_be_read(colours: str) -> None:
    paths.config_file().parent.mkdir(parents=True, exist_ok=True)
    paths.config_file().write_text("preload = false\n")
    paths.state_file().parent.mkdir(parents=True, exist_ok=True)
    state = {"pane": "train", "options": {"train": {"watched": str(write_runs())}}}
    paths.state_file().write_text(json.dumps(state))
    with Terminal(
        TERMFORMER, columns=100, rows=36, env=TERMINALS[colours], cwd=Path(__file__).parents[2]
    ) as terminal:
        terminal.wait_for("Finished in")
        for key, words in (
            ("escape", "KEYS"),
            ("d", "mistakes, the worst first"),
            ("d", "P(POSITIVE)"),
            ("d", "are cut at 128"),
            ("l", "slow-snail"),
            ("f", "What it will do"),
        ):
            terminal.press(key)
            terminal.wait_for(words)
            terminal.wait_for_quiet(0.3)
            assert not illegible(terminal), terminal.screen
            if colours == "none":
                assert not coloured(terminal)
            else:
                assert coloured(terminal)
        assert not _EXACT.search(terminal.output)
        assert (colours == "16") != bool(_INDEXED.search(terminal.output))
