"""Engines that end with their test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from core.engine.client import EngineClient
from tests.core.engine.harness import Engine, Heard, Start


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
