"""Counts and bytes as a person reads them."""

from __future__ import annotations

import pytest

from core.sizes import count_of, part_of, percent, size_of


@pytest.mark.parametrize(
    ("count", "read"),
    [
        (0, "0"),
        (35_330, "35,330"),
        (999_999, "999,999"),
        (22_713_986, "22.7 M"),
        (6_738_415_616, "6.74 B"),
    ],
)
def test_small_models_have_parameters_too(count: int, read: str) -> None:
    assert count_of(count) == read


@pytest.mark.parametrize(
    ("count", "read"), [(999, "999 bytes"), (1000, "1.0 kB"), (1_700_000, "1.7 MB")]
)
def test_bytes(count: int, read: str) -> None:
    assert size_of(count) == read


def test_shares_have_a_blank_before_the_sign() -> None:
    assert percent(0.25, 0) == "25 %"
    assert percent(0.52814) == "52.8 %"
    assert [part_of(share) for share in (0, 0.0001, 0.469)] == ["", "< 0.1 %", "46.9 %"]
