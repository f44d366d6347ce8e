from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tui.commands.command import Here


@pytest.fixture
def termformer(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Here:
    """`termformer("tokenize", "--json", "a text")`, run in this process."""
    return Here(monkeypatch, capsysbinary)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The module's runs of the engine share a cache."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERMFORMER_CACHE_DIR", str(home / "cache"))
        patch.setenv("TERMFORMER_STATE_DIR", str(home / "state"))
        yield
