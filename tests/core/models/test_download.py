"""Downloads that are slow, silent, given up or left behind, in a process of their own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from core.checkpoints import hub_models
from core.models import download as download_module
from core.models.download import Abandoned, Download
from tests.hub_server import PATIENT, HubServer

Told = list[tuple[str, int | None]]
"""Stages, and bytes where they are known."""

CHILD = """
import json, sys, threading
from core.errors import ModelError
from core.models.checkpoint import resolve
from core.models.hub import Abandoned

abandon = threading.Event()
say = lambda **what: print(json.dumps(what), flush=True)

def progress(stage, done, total):
    say(stage=stage, done=done, total=total)
    if abandon.is_set():
        raise Abandoned

def listen():
    for line in sys.stdin:
        abandon.set()

threading.Thread(target=listen, daemon=True).start()
try:
    say(folder=str(resolve("tiny", progress)))
except Abandoned:
    say(abandoned=True)
except ModelError as error:
    say(kind=error.kind, message=str(error))
"""


class Child:
    """`resolve("tiny")` under way, line by line."""

    def __init__(self, url: str, home: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", CHILD],
            env=os.environ
            | {"HF_ENDPOINT": url, "HF_HUB_OFFLINE": "0", "HF_HOME": str(home)}
            | PATIENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def lines(self) -> Iterator[dict[str, Any]]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield json.loads(line)

    def abandon(self) -> None:
        assert self._process.stdin is not None
        print("abandon", file=self._process.stdin, flush=True)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self._process.pid).children()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


@contextlib.contextmanager
def child(url: str, home: Path) -> Iterator[Child]:
    started = Child(url, home)
    try:
        yield started
    finally:
        started.end()


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "huggingface"


def blobs(home: Path) -> set[Path]:
    return set((home / "hub" / "models--tiny" / "blobs").glob("*"))


def halves(home: Path) -> set[Path]:
    return {path for path in blobs(home) if path.suffix == ".incomplete"}


def whole_files(home: Path) -> set[Path]:
    return blobs(home) - halves(home)


def until_all_but_one_is_whole(lines: Iterator[object], home: Path, folder: Path) -> None:
    """Until of the files in `folder` only the held one is missing, and that has begun.

    Files are fetched side by side; how far that is comes again and again.
    """
    small = len(list(folder.iterdir())) - 1
    next(_ for _ in lines if len(whole_files(home)) == small and halves(home))


def test_progress_follows_a_file_that_grows_slowly(
    hub: HubServer, home: Path, tiny_classifier: Path
) -> None:
    repository = hub.add("tiny", tiny_classifier)
    repository.hold_after = 300_000  # less than huggingface_hub itself would tell of
    total = sum(path.stat().st_size for path in tiny_classifier.iterdir())
    small = total - (tiny_classifier / "model.safetensors").stat().st_size
    with child(hub.url, home) as download:
        lines = download.lines()
        part = next(
            line for line in lines if line.get("total") == total and line["done"] > small + 200_000
        )
        assert part["stage"] == "downloading tiny"
        assert part["done"] <= small + 300_000
        repository.go_on.set()
        *_, last, result = lines
    assert (last["done"], last["total"]) == (total, total)
    assert "folder" in result


def test_what_is_given_up_leaves_whole_files_and_no_halves(
    hub: HubServer, home: Path, tiny_classifier: Path
) -> None:
    repository = hub.add("tiny", tiny_classifier)
    repository.hold_after = 300_000
    small = [path for path in tiny_classifier.iterdir() if path.name != "model.safetensors"]
    with child(hub.url, home) as download:
        lines = download.lines()
        until_all_but_one_is_whole(lines, home, tiny_classifier)
        download.abandon()
        # Answered at once, though the server still holds the connection, and nothing is left.
        assert any("abandoned" in line for line in lines)
        assert halves(home) == set()
        assert len(whole_files(home)) == len(small)

    # The next one starts at once, while the server has not let go of the first one.
    repository.hold_after = None
    with child(hub.url, home) as download:
        *_, result = download.lines()
    assert "folder" in result
    assert halves(home) == set()
    assert hub.downloads("config.json") == 1
    assert hub.downloads("model.safetensors") == 2


def test_what_was_fetched_is_listed_with_its_size(
    hub: HubServer, home: Path, tiny_classifier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(home))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    assert hub_models() == []
    hub.add("tiny", tiny_classifier)
    with child(hub.url, home) as download:
        *_, result = download.lines()
    assert "folder" in result
    assert hub_models() == [
        ("tiny", sum(path.stat().st_size for path in tiny_classifier.iterdir()))
    ]


def test_halves_that_a_killed_process_left_are_removed(
    hub: HubServer, home: Path, tiny_classifier: Path
) -> None:
    repository = hub.add("tiny", tiny_classifier)
    repository.hold_after = 300_000
    with child(hub.url, home) as download:
        until_all_but_one_is_whole(download.lines(), home, tiny_classifier)
        fetching = download.children()
        assert fetching
    # What it had started does not outlive it.
    assert psutil.wait_procs(fetching, timeout=60)[1] == []
    left = halves(home)
    assert left
    repository.hold_after = None
    repository.go_on.set()
    with child(hub.url, home) as download:
        *_, result = download.lines()
    assert "folder" in result
    assert not any(half.exists() for half in left)


@pytest.fixture
def fetched_by(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, Callable[[Told], bool]], Told]:
    """What a download tells whose process runs other code, until that is `enough`."""
    monkeypatch.setenv("HF_HOME", str(home))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setattr(download_module, "_LOOK_SECONDS", 0.01)

    def fetch(code: str, enough: Callable[[Told], bool]) -> Told:
        def begin(*_: object, **options: Any) -> subprocess.Popen[bytes]:
            return subprocess.Popen([sys.executable, "-c", code], **options)

        fake = SimpleNamespace(Popen=begin, PIPE=subprocess.PIPE)
        monkeypatch.setattr(download_module, "subprocess", fake)
        told: Told = []

        def progress(stage: str, done: int | None, _total: int | None) -> None:
            told.append((stage, done))
            if enough(told):
                raise Abandoned

        with pytest.raises(Abandoned):
            Download("tiny", []).wait(progress)
        return told

    return fetch


def test_a_process_that_has_not_asked_yet_is_no_silent_server(
    fetched_by: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_module, "_PATIENCE_SECONDS", 0.0)
    told = fetched_by("input()", lambda told: len(told) == 5)
    assert told == [("asking the Hub for tiny", None)] * 5


def test_what_has_arrived_never_grows_less(
    fetched_by: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is looked for while it gets its name is missed."""
    monkeypatch.setattr(download_module, "_PATIENCE_SECONDS", 600.0)
    file = home / "hub" / "models--tiny" / "blobs" / "half.incomplete"
    file.parent.mkdir(parents=True)
    counted = r"""print('{"type":"counted","done":0,"total":1000}', flush=True); input()"""
    gone_at = 0

    def enough(told: Told) -> bool:
        nonlocal gone_at
        done = [each for _, each in told if each is not None]
        if 500 in done and not gone_at:
            file.unlink()
            gone_at = len(told)
        elif not gone_at:
            file.write_bytes(bytes(500))
        return 0 < gone_at < len(told) - 3

    done = [each for _, each in fetched_by(counted, enough) if each is not None]
    assert done == sorted(done)
    assert done[-1] == 500


def test_a_server_that_does_not_answer_is_told_of_while_it_is_tried_on(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with child(f"http://127.0.0.1:{port}", home) as download:
            told = next(line for line in download.lines() if "no answer" in line.get("stage", ""))
    said = re.fullmatch(
        rf"no answer from 127\.0\.0\.1:{port} for (\d+) s, still trying", told["stage"]
    )
    assert said is not None, told
    assert int(said[1]) >= 3


def test_a_server_that_falls_silent_halfway_is_told_of(
    hub: HubServer, home: Path, tiny_classifier: Path
) -> None:
    repository = hub.add("tiny", tiny_classifier)
    repository.hold_after = 30_000  # not even the first piece that is written
    with child(hub.url, home) as download:
        assert any("no answer" in line.get("stage", "") for line in download.lines())
    with child(hub.url, home) as download:
        lines = download.lines()
        # How much there is to come is told, though the rest is here and nothing arrives.
        assert any(each["total"] for each in lines)
        assert any("no answer" in each["stage"] for each in lines)
        repository.go_on.set()
        assert any("folder" in line for line in lines)
