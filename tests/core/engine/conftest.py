"""Engines that end with their test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from core.engine.client import EngineClient
from tests.core.engine.harness import Engine, Heard, Start
from tests.hub_server import PATIENT, HubServer


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A Hub for engines that are started from now on, whose cache is `tmp_path / "hub"`."""
    with HubServer() as server:
        environment = {"HF_ENDPOINT": server.url, "HF_HUB_OFFLINE": "0", **PATIENT}
        for name, value in {**environment, "HF_HOME": str(tmp_path / "hub")}.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest_asyncio.fixture
async def start() -> AsyncIterator[Start]:
    clients = []

    async def make() -> Engine:
        heard = Heard()
        client = EngineClient(heard.reply, heard.crash)
        clients.append(client)
        return Engine(client, heard)

    yield make
    for client in clients:
        await client.close()
