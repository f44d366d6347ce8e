"""Text that is shown is harmless and as wide as it says."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.visible import fit, fit_end, fit_path, visible, width


@given(st.text())
def test_nothing_that_steers_a_terminal_is_left(text: str) -> None:
    shown = visible(text)
    assert len(shown) == len(text)
    for character in shown:
        assert unicodedata.category(character) not in {"Cc", "Cs"}
        assert character not in "\u200b\u200e\u200f\u202a\u202b\u202d\u202e\u2066\u2067\u2069\ufeff"


def test_an_emoji_of_two_characters_is_measured_whole() -> None:
    assert width("❤️") == 2
    assert width(fit("❤️" * 10, 7)) <= 7


def test_pictures() -> None:
    assert visible("a\x1b[31m\x00\t\n\x7f\u202e") == "a␛[31m␀⇥↵␡·"


@given(st.text(), st.integers(0, 30))
def test_what_is_fitted_fits(text: str, cells: int) -> None:
    fitted = fit(visible(text), cells)
    assert width(fitted) <= max(cells, 0)


@given(st.text(max_size=20).map(visible), st.integers(0, 12))
def test_the_end_that_fits(text: str, cells: int) -> None:
    shown = fit_end(text, cells)
    assert width(shown) <= cells
    assert shown == text if width(text) <= cells else text.endswith(shown.removeprefix("…"))


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (40, "exp1/lightning_logs/version_0"),
        (24, "exp1/…/version_0"),
        (12, "…/version_0"),
        (8, "…/versi…"),
        (1, "…"),
    ],
)
def test_of_a_path_the_ends_are_kept(cells: int, shown: str) -> None:
    assert fit_path("exp1/lightning_logs/version_0", cells) == shown
