"""Engines that are killed, cannot start, or lose their app; and what surrounds them."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from core.engine.client import CRASH_LIMIT
from core.engine.process import log_path
from core.engine.protocol import (
    Compare,
    Compared,
    ExportTokenizer,
    Failed,
    Loaded,
    Loading,
    LoadModel,
    Overtaken,
    Reply,
    TokenizerExported,
    frame,
    reply_decoder,
)
from core.errors import EngineError, ModelError
from tests.core.engine.harness import PAIR, Start
from tests.hub_server import HubServer, Repository

pytestmark = pytest.mark.slow  # each engine imports torch


@pytest.fixture
def held(hub: HubServer, tiny_classifier: Path) -> Repository:
    """A model called `held` on the Hub, which nobody has loaded before its weights go on."""
    repository = hub.add("held", tiny_classifier)
    repository.hold_after = 0
    return repository


async def test_killed_in_the_middle_and_answered_all_the_same(
    start: Start, held: Repository
) -> None:
    engine = await start()
    client, heard = engine.client, engine.heard
    load = client.load("held")
    older, newer = (client.post(Compare(0, "held", PAIR[:n])) for n in (1, 2))
    await heard.until(lambda: heard.replies)
    killed = client.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    held.hold_after = None

    loaded, overtaken, compared = await heard.answers(load, older, newer)

    assert isinstance(loaded, Loaded)
    assert isinstance(overtaken, Overtaken)
    assert isinstance(compared, Compared)
    assert compared.sentences == PAIR
    [told] = heard.crashes
    assert "SIGKILL" in told
    assert "started again" in told
    assert client.pid != killed
    # Whoever waits hears at once that it starts, and the client knows that it is back.
    stages = {reply.id for reply in heard.replies if reply == Loading(reply.id, "starting Python")}
    assert {load, newer} <= stages
    assert client.ended == ""


async def test_killed_while_idle(start: Start) -> None:
    engine = await start()
    await engine.client.ask(ExportTokenizer(0, "mini"))
    assert engine.client.pid is not None
    os.kill(engine.client.pid, signal.SIGTERM)
    await engine.heard.until(lambda: engine.heard.crashes)
    assert "SIGTERM" in engine.heard.crashes[0]
    assert engine.client.pid is None
    assert engine.client.ended == "The engine ended by SIGTERM (Terminated)."
    assert isinstance(await engine.client.ask(ExportTokenizer(0, "mini")), TokenizerExported)
    assert engine.client.ended == ""


async def test_what_is_no_text_is_refused(start: Start) -> None:
    engine = await start()
    [failed] = await engine.heard.answers(
        engine.client.post(Compare(0, "mini", [("\ud800", None)]))
    )
    assert isinstance(failed, Failed)
    with pytest.raises(ModelError, match="no text"):
        await engine.client.ask(LoadModel(0, os.fsdecode(b"\xff")))
    assert engine.client.pid is None


async def test_an_engine_that_cannot_live_is_given_up(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await start()
    with monkeypatch.context() as patch:
        patch.setenv("PYTHONHOME", "/nonexistent")  # Python itself ends at once
        with pytest.raises(EngineError, match=f"{CRASH_LIMIT} times in a row"):
            await engine.client.ask(ExportTokenizer(0, "mini"))
    assert len(engine.heard.crashes) == CRASH_LIMIT
    assert "exit code 1" in engine.heard.crashes[0]
    assert "encodings" in log_path().read_text()
    assert isinstance(await engine.client.ask(ExportTokenizer(0, "mini")), TokenizerExported)


@pytest.mark.usefixtures("held")
async def test_closing_ends_it_even_while_it_loads(start: Start) -> None:
    engine = await start()
    asked = asyncio.create_task(engine.client.ask(LoadModel(0, "held")))
    await engine.heard.until(lambda: engine.heard.replies)
    pid = engine.client.pid
    assert pid is not None
    watched = os.pidfd_open(pid)
    await engine.client.close()
    with pytest.raises(EngineError, match="closed"):
        await asked
    assert await ended(watched)
    assert engine.heard.crashes == []
    with pytest.raises(EngineError):
        engine.client.load("mini")


APP = """
import asyncio, sys
from core.engine.client import EngineClient
async def main():
    client = EngineClient(lambda reply: print(client.pid, flush=True))
    client.load(sys.argv[1])
    await asyncio.Event().wait()
asyncio.run(main())
"""


async def ended(pidfd: int) -> bool:
    """Waits for the process behind `pidfd`, which need not be a child."""
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(pidfd, gone.set)
    try:
        async with asyncio.timeout(240):
            await gone.wait()
    finally:
        loop.remove_reader(pidfd)
        os.close(pidfd)
    return True


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
async def test_the_engine_dies_with_its_app(tiny_classifier: Path) -> None:
    app = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", APP, str(tiny_classifier)), stdout=asyncio.subprocess.PIPE
    )
    assert app.stdout is not None
    watched = os.pidfd_open(int(await app.stdout.readline()))
    app.kill()
    await app.wait()
    assert await ended(watched)


async def test_folders_where_the_app_was_started_are_not_imported(
    start: Start, tiny_classifier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("core", "torch", "msgspec"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('imported by accident')")
    shutil.copytree(tiny_classifier, tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    engine = await start()
    reply = await engine.client.ask(Compare(0, "./model", PAIR))
    assert isinstance(reply, Compared)
    assert engine.heard.crashes == []


NOISY = """
import os
from core.engine import server
def noise():
    print("a library prints")
    os.write(1, b"a C library prints too")
    os.system("echo and so does a child")
server.choose_threads = noise
server.main()
"""


async def test_what_libraries_print_does_not_reach_the_app(tiny_classifier: Path) -> None:
    engine = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", NOISY),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert engine.stdin is not None
    assert engine.stdout is not None
    assert engine.stderr is not None
    engine.stdin.write(frame(LoadModel(1, str(tiny_classifier))))
    reply: Reply = Loading(0, "")
    while isinstance(reply, Loading):
        length = int.from_bytes(await engine.stdout.readexactly(4), "big")
        reply = reply_decoder.decode(await engine.stdout.readexactly(length))
    assert isinstance(reply, Loaded)
    engine.stdin.close()
    assert await engine.stdout.read() == b""
    assert b"and so does a child" in await engine.stderr.read()
    assert await engine.wait() == 0
