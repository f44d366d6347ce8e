"""One picker for all panes: what is here, what is typed, what is loaded meanwhile."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from core.choices import choices, folders, with_recent
from core.runs.config import RunConfig, Scratch
from tests.hub_server import PATIENT, HubServer
from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.logits import bench_of, know_tokenizer
from tests.tui.training import Run
from tui.panes.model import ModelPane


def fetched(home: Path, name: str, weights: int, *, whole: bool = True) -> None:
    repository = home / "hub" / f"models--{name.replace('/', '--')}"
    snapshot = repository / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")
    (repository / "blobs").mkdir()
    (repository / "blobs" / "weights").write_bytes(b"x" * weights)
    (snapshot / "config.json").write_text('{"model_type": "bert"}')
    if whole:
        (snapshot / "model.safetensors").symlink_to(repository / "blobs" / "weights")


@pytest.fixture
def hub_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    return tmp_path / "hf"


async def test_what_is_typed_in_one_burst_stays_in_its_order(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await pilot.press("escape", "o")
        field = pilot.app.screen.query_one(Input)
        # As a slow connection delivers them: all of them before the first one acts.
        for key in (*"nobody", "ctrl+u", *"mini", "left", "backspace", *"n"):
            pilot.app.post_message(Key(key, key if len(key) == 1 else None))
        await until(lambda: field.value == "mini" and field.cursor_position == 3, pilot)


def test_what_is_here(hub_home: Path, tmp_path: Path) -> None:
    fetched(hub_home, "someone/model", 2_500_000)
    fetched(hub_home, "someone/part", 4_700, whole=False)
    run = Run().starts().steps(3).evaluates("validation", 0.91)
    new = Run(config=RunConfig(name="new-one", model="mini-base", scratch=Scratch())).starts()
    for folder in (run.folder / "checkpoints/step-2", run.folder / "model", new.folder / "model"):
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}")
    recent = ["someone/model", "someone/part", "never/fetched", "random:mini", str(run.folder)]
    found = {(each.group, each.label): each for each in choices(recent)}
    assert ("embedded", "mini") in found
    assert ("recent", "someone/model") in found
    assert ("recent", "never/fetched") not in found
    assert found["recent", "random:mini"].about == "random weights"
    assert found["hub", "someone/model"].figure == "2.5 MB"
    assert found["hub", "someone/model"].about == "on this machine"
    assert found["recent", "someone/model"].about == "from the Hub"
    # Given up before its weights were there.
    for group in ("hub", "recent"):
        assert found[group, "someone/part"].about == "incomplete, no weights yet"
    listed = found["runs", run.folder.name]
    assert listed.name == str(run.folder)
    assert listed.figure == "accuracy 91.0 %"
    assert listed.about.endswith("step 3 from mini-base")
    assert found["runs", "new-one"].about.endswith("from scratch")
    step = found["runs", "step 2"]
    assert step.within
    assert step.name == str(run.folder / "checkpoints" / "step-2")
    assert not any(each.group == "kinds" for each in found.values())
    assert any(each.name == "gpt2" for each in choices([], kinds=True))


def test_folders_say_whether_they_hold_a_model(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "model").mkdir()
    config = {"model_type": "bert", "architectures": ["BertForMaskedLM"]}
    (tmp_path / "model" / "config.json").write_text(json.dumps(config))
    model, plain = folders(f"{tmp_path}/")
    assert (model.name, model.about, model.leads_on) == (
        f"{tmp_path}/model",
        "BertForMaskedLM",
        False,
    )
    assert (plain.about, plain.leads_on) == ("folder", True)
    assert [each.name for each in folders(f"{tmp_path}/pl")] == [f"{tmp_path}/plain"]
    assert folders("/nowhere/at/all") == []


def test_the_last_one_used_stands_first() -> None:
    assert with_recent(["a", "b"], "b") == ["b", "a"]
    assert len(with_recent([str(n) for n in range(50)], "new")) == 12


async def test_keys_choose_and_the_choice_is_remembered(open_app: OpenApp, hub_home: Path) -> None:
    async with open_app(pane="tokens", recent=["random:mini"]) as pilot:
        await pilot.press("escape", "o")
        await until(lambda: "random:mini" in screen_text(pilot), pilot)
        screen = screen_text(pilot)
        assert screen.index("embedded") < screen.index("used lately")
        await pilot.press("b", "a", "s", "e")
        assert "a name on the Hub" in screen_text(pilot)
        assert "random:mini" not in screen_text(pilot)
        await pilot.press("down")
        await pilot.press("enter")
        await until(lambda: bench_of(pilot).model.name == "mini-base", pilot)
        assert bench_of(pilot).recent == ["mini-base", "random:mini"]


@pytest.mark.slow
async def test_a_download_is_seen_and_given_up(
    open_app: OpenApp,
    tiny_classifier: Path,
    hub_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    know_tokenizer(tiny_classifier)
    with HubServer() as hub:
        repository = hub.add("slow/model", tiny_classifier)
        repository.hold_after = 2_000_000
        for name, value in {"HF_ENDPOINT": hub.url, **PATIENT}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        async with open_app(size=(120, 40), pane="model", model=str(tiny_classifier)) as pilot:
            await pilot.press("escape")
            pane = pilot.app.query_one(ModelPane)
            await until(lambda: "all trainable" in screen_text(pilot), pilot)
            await choose(pilot, "slow/model")
            # The tree is there while the weights are on their way.
            seen = re.compile(r"of .* MB · .* x gives it up")
            await until(lambda: seen.search(screen_text(pilot)), pilot)
            assert "word_embeddings" in screen_text(pilot)
            assert pane.subject.base == "slow/model"
            await pilot.press("o")
            await until(lambda: "downloading slow/model" in screen_text(pilot), pilot)
            await until(lambda: "MB · " in screen_text(pilot), pilot)
            assert "Files that arrived whole are kept" in screen_text(pilot)
            await pilot.press("ctrl+x")
            # The server holds on to the connection: nobody waits for it.
            await until(lambda: bench_of(pilot).model.status != "loading", pilot)
            assert bench_of(pilot).model.name == str(tiny_classifier)
            assert not list((hub_home / "hub").rglob("*.incomplete"))
            await until(lambda: "the one that was interrupted" in screen_text(pilot), pilot)
            # In the same session, the next attempt begins at once.
            repository.hold_after = None
            await pilot.press("escape")
            await choose(pilot, "slow/model")
            loaded = ("slow/model", "ready")
            await until(
                lambda: (bench_of(pilot).model.name, bench_of(pilot).model.status) == loaded, pilot
            )
            await until(lambda: "the checkpoint slow/model" in screen_text(pilot), pilot)


async def choose(pilot: Pilot[None], name: str) -> None:
    await pilot.press("o")
    pilot.app.screen.query_one(Input).value = name
    await pilot.press("enter")


async def test_the_picker_says_what_for(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await pilot.press("escape", "n")
        await until(lambda: "Another tokenizer beside this one" in screen_text(pilot), pilot)
        await pilot.press("escape", "f3", "t")
        await until(lambda: "A second checkpoint" in screen_text(pilot), pilot)
        await pilot.press("escape", "f5", "O")
        await until(
            lambda: "kinds of model, from their class's defaults" in screen_text(pilot), pilot
        )
        assert screen_text(pilot).count("defaults") == 1
        await pilot.press(*"bert")
        await until(lambda: "bert  a kind of model, from its class's" in screen_text(pilot), pilot)
