from __future__ import annotations

import pytest

from tests.tui.commands.command import Here


@pytest.fixture
def termformer(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Here:
    """`termformer("tokenize", "--json", "a text")`, run in this process."""
    return Here(monkeypatch, capsysbinary)
