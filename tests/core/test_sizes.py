"""Counts and bytes as a person reads them."""

from __future__ import annotations

import pytest

from core.sizes import count_of, size_of


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
