"""One saved checkpoint of each kind of tokenizer, read by transformers and by Termformer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.text.tokenizer import TextTokenizer, read_tokenizer
from tests.core.text.kinds import KINDS


@dataclass(frozen=True)
class Kind:
    """A tokenizer of one kind: its folder, Termformer's reading of it, and `AutoTokenizer`'s."""

    name: str
    folder: Path
    ours: TextTokenizer
    theirs: Any


@pytest.fixture(scope="session")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Kind]:
    """Every kind by name, saved twice so that its file is what `AutoTokenizer` makes of it."""
    from transformers import AutoTokenizer

    made = {}
    for name, build in KINDS.items():
        first, folder = (tmp_path_factory.mktemp(name) for _ in range(2))
        build().save_pretrained(first)
        AutoTokenizer.from_pretrained(first).save_pretrained(folder)
        theirs = AutoTokenizer.from_pretrained(folder)
        made[name] = Kind(name, folder, read_tokenizer(folder), theirs)
    return made


@pytest.fixture(scope="session", params=list(KINDS))
def kind(request: pytest.FixtureRequest, kinds: dict[str, Kind]) -> Kind:
    """One kind after the other."""
    return kinds[request.param]
