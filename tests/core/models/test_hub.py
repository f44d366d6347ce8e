"""Models fetched from a Hub, by huggingface_hub itself, in a process of their own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hub_server import BAD_TOKEN, BROKEN, GATED, PATIENT, PRIVATE, HubServer, Refusal

RESOLVE = """
import json, sys
from core.errors import ModelError
from core.models.checkpoint import resolve
told = []
try:
    folder = resolve(
        sys.argv[1],
        lambda *args: told.append(args),
        weights="weights" in sys.argv[2:],
        tokenizer="tokenizer" in sys.argv[2:],
    )
    print(json.dumps({"folder": str(folder), "told": told}))
except ModelError as error:
    print(json.dumps({"kind": error.kind, "message": str(error), "told": told}))
"""


@dataclass(frozen=True)
class Outcome:
    folder: Path | None
    kind: str
    message: str
    told: list[tuple[str, int | None, int | None]]
    stderr: str


def resolve(
    name: str,
    url: str,
    home: Path,
    *,
    weights: bool = True,
    tokenizer: bool = True,
    limit: int | None = None,
    **environment: str,
) -> Outcome:
    """`core.models.checkpoint.resolve` in a child whose Hub is at `url`."""
    ulimit = f"ulimit -f {limit}; " if limit else ""
    what = ["weights"] * weights + ["tokenizer"] * tokenizer
    done = subprocess.run(
        ["bash", "-c", f'{ulimit}exec "$@"', "bash", sys.executable, "-c", RESOLVE, name, *what],
        env=os.environ
        | {"HF_ENDPOINT": url, "HF_HUB_OFFLINE": "0", "HF_HOME": str(home), "HF_TOKEN": "secret"}
        | PATIENT
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    folder = told.get("folder")
    return Outcome(
        Path(folder) if folder else None,
        told.get("kind", ""),
        told.get("message", ""),
        [tuple(each) for each in told["told"]],
        done.stderr,
    )


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "huggingface"


def test_fetches_what_is_needed_and_no_more(
    hub: HubServer, home: Path, tiny_classifier: Path, tmp_path: Path
) -> None:
    repository = shutil.copytree(tiny_classifier, tmp_path / "repository")
    (repository / "pytorch_model.bin").write_bytes(b"not wanted")
    (repository / "tf_model.h5").write_bytes(b"not wanted")
    (repository / "modeling.py").write_text("raise SystemExit('never run')")
    (repository / "onnx").mkdir()
    (repository / "onnx" / "model.onnx").write_bytes(b"not wanted")
    hub.add("someone/tiny", repository)

    outcome = resolve("someone/tiny", hub.url, home)

    assert outcome.folder is not None, outcome.message
    fetched = {path.name for path in outcome.folder.iterdir()}
    assert fetched == {path.name for path in tiny_classifier.iterdir()}
    weights = "model.safetensors"
    assert (outcome.folder / weights).read_bytes() == (tiny_classifier / weights).read_bytes()
    total = sum(path.stat().st_size for path in tiny_classifier.iterdir())
    assert outcome.told[-1] == ("downloading someone/tiny", total, total)
    counts = [done for _, done, _ in outcome.told if done is not None]
    assert counts == sorted(counts)
    assert outcome.stderr == ""
    assert all(asked.headers["authorization"] == "Bearer secret" for asked in hub.asked)


def test_a_cached_model_is_used_without_asking(
    hub: HubServer, home: Path, tiny_classifier: Path
) -> None:
    hub.add("tiny", tiny_classifier)
    first = resolve("tiny", hub.url, home)
    asked = len(hub.asked)

    again = resolve("tiny", hub.url, home)
    offline = resolve("tiny", hub.url, home, HF_HUB_OFFLINE="1")

    assert first.folder == again.folder == offline.folder is not None
    assert len(hub.asked) == asked


def test_a_tokenizer_alone_costs_no_weights(
    hub: HubServer, home: Path, tiny_classifier: Path
) -> None:
    hub.add("tiny", tiny_classifier)

    tokenizer = resolve("tiny", hub.url, home, weights=False)
    assert tokenizer.folder is not None
    assert hub.downloads("model.safetensors") == 0

    whole = resolve("tiny", hub.url, home)
    assert whole.folder == tokenizer.folder
    assert hub.downloads("model.safetensors") == 1


def test_pickled_weights_are_fetched_where_there_are_no_others(
    hub: HubServer, home: Path, tiny_classifier: Path, tmp_path: Path
) -> None:
    repository = shutil.copytree(tiny_classifier, tmp_path / "repository")
    (repository / "model.safetensors").rename(repository / "pytorch_model.bin")
    hub.add("old/model", repository)

    outcome = resolve("old/model", hub.url, home)

    assert outcome.folder is not None
    assert (outcome.folder / "pytorch_model.bin").is_file()


def test_a_download_that_breaks_off_goes_on_where_it_stopped(
    hub: HubServer, home: Path, tiny_classifier: Path
) -> None:
    repository = hub.add("tiny", tiny_classifier)
    repository.break_after, repository.breaks = 1_500_000, 1

    outcome = resolve("tiny", hub.url, home)

    assert outcome.folder is not None, outcome.message
    weights = "model.safetensors"
    assert (outcome.folder / weights).read_bytes() == (tiny_classifier / weights).read_bytes()
    ranges = [asked.headers.get("range", "") for asked in hub.asked if asked.method == "GET"]
    (went_on,) = [int(each[len("bytes=") : -1]) for each in ranges if each]
    assert 1_400_000 < went_on <= 1_500_000


@pytest.mark.slow  # huggingface_hub waits a second before each of its five retries
def test_a_download_that_never_comes_through_is_said_to_be_broken_off(
    hub: HubServer, home: Path, tiny_classifier: Path
) -> None:
    hub.add("tiny", tiny_classifier).break_after = 0

    outcome = resolve("tiny", hub.url, home)

    assert outcome.kind == "server"
    assert "broke off" in outcome.message
    assert "try again" in outcome.message


@pytest.mark.parametrize(
    ("refusal", "kind", "said"),
    [
        (GATED, "gated", "ask for access at http"),
        (BAD_TOKEN, "unauthorized", "hf auth login"),
        (PRIVATE, "not_found", "HF_TOKEN"),
        (Refusal(403, "", "Forbidden"), "unauthorized", "403"),
        (BROKEN, "server", "500"),
        (Refusal(429, "", "Too many requests"), "server", "429"),
    ],
)
def test_refusals(
    hub: HubServer, home: Path, tiny_classifier: Path, refusal: Refusal, kind: str, said: str
) -> None:
    hub.add("someone/model", tiny_classifier, refusal)

    outcome = resolve("someone/model", hub.url, home)

    assert outcome.kind == kind
    assert said in outcome.message
    assert "someone/model" in outcome.message
    assert "\n" not in outcome.message


def test_unknown_names(hub: HubServer, home: Path) -> None:
    outcome = resolve("nobody/nothing", hub.url, home)
    assert outcome.kind == "not_found"
    assert "'nobody/nothing'" in outcome.message
    assert resolve("a--b", hub.url, home).kind == "not_found"


def test_offline_and_not_cached(hub: HubServer, home: Path) -> None:
    outcome = resolve("someone/model", hub.url, home, HF_HUB_OFFLINE="1")
    assert outcome.kind == "offline"
    assert "HF_HUB_OFFLINE" in outcome.message
    assert hub.asked == []


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody answers, kept from all who look for a free port."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{kept.getsockname()[1]}"


def test_a_hub_that_is_not_there(home: Path, nobody: str) -> None:
    outcome = resolve("someone/model", nobody, home)
    assert outcome.kind == "offline"
    assert nobody in outcome.message
    assert "proxy" in outcome.message


def test_a_proxy_that_is_not_there(home: Path, nobody: str) -> None:
    outcome = resolve("someone/model", "http://hub.invalid", home, http_proxy=nobody, no_proxy="")
    assert outcome.kind == "offline"


def test_an_unreachable_hub_does_not_matter_once_cached(
    hub: HubServer, home: Path, tiny_classifier: Path
) -> None:
    repository = hub.add("tiny", tiny_classifier)
    resolve("tiny", hub.url, home)
    repository.refusal = BROKEN
    assert resolve("tiny", hub.url, home).folder is not None


def test_part_of_a_model_is_not_a_model(hub: HubServer, home: Path, tiny_classifier: Path) -> None:
    hub.add("tiny", tiny_classifier)
    resolve("tiny", hub.url, home, weights=False)
    outcome = resolve("tiny", hub.url, home, HF_HUB_OFFLINE="1")
    assert outcome.kind == "offline"


def test_a_full_disk(hub: HubServer, home: Path, tiny_classifier: Path) -> None:
    hub.add("tiny", tiny_classifier)
    outcome = resolve("tiny", hub.url, home, limit=1024)  # kilobytes a file
    assert outcome.kind == "disk"
    assert "Make room" in outcome.message


@pytest.mark.parametrize(
    ("missing", "kind"),
    [
        (("config.json",), "not_found"),
        (("tokenizer.json",), "no_tokenizer"),
        (("model.safetensors",), "not_found"),
    ],
)
def test_repositories_that_lack_something(
    hub: HubServer,
    home: Path,
    tiny_classifier: Path,
    tmp_path: Path,
    missing: tuple[str, ...],
    kind: str,
) -> None:
    repository = shutil.copytree(tiny_classifier, tmp_path / "repository")
    for file in missing:
        (repository / file).unlink()
    hub.add("someone/part", repository)
    outcome = resolve("someone/part", hub.url, home)
    assert outcome.kind == kind, outcome.message
    assert "someone/part" in outcome.message


def test_a_repository_without_a_tokenizer_is_whole_but_for_text(
    hub: HubServer, home: Path, tiny_classifier: Path, tmp_path: Path
) -> None:
    repository = shutil.copytree(tiny_classifier, tmp_path / "repository")
    for file in repository.glob("tokenizer*"):
        file.unlink()
    hub.add("some/bare", repository)
    first = resolve("some/bare", hub.url, home, tokenizer=False)
    assert first.folder is not None, first.message
    asked = len(hub.asked)
    assert resolve("some/bare", hub.url, home, tokenizer=False).folder == first.folder
    assert len(hub.asked) == asked
    # Whoever has text to encode hears what is missing, and not that the model is not here.
    offline = resolve("some/bare", hub.url, home, HF_HUB_OFFLINE="1")
    assert offline.kind == "no_tokenizer"


def test_a_tokenizer_is_fetched_with_a_config_but_not_insisted_on(
    hub: HubServer, home: Path, tiny_classifier: Path
) -> None:
    hub.add("tiny", tiny_classifier)
    offline = {"HF_HUB_OFFLINE": "1"}
    assert resolve("tiny", hub.url, home, weights=False, tokenizer=False, **offline).folder is None
    folder = resolve("tiny", hub.url, home, weights=False, tokenizer=False).folder
    assert folder is not None
    assert (folder / "tokenizer.json").is_file()
    (folder / "tokenizer.json").unlink()
    again = resolve("tiny", hub.url, home, weights=False, tokenizer=False, **offline)
    assert again.folder == folder
