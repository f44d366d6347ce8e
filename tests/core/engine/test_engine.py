"""The engine through real child processes: what is loaded, computed, overtaken."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from core.checkpoints import packaged_encoder
from core.engine.protocol import (
    MASKED,
    UNMASKED,
    ArrangedRow,
    Arrangement,
    Compare,
    Compared,
    ExportTokenizer,
    Failed,
    InspectParameter,
    Loaded,
    Loading,
    Overtaken,
    ParameterInspected,
    ReadStructure,
    StructureRead,
    TokenizerExported,
)
from core.errors import ModelError
from tests.core.engine.harness import PAIR, Start
from tests.core.models import tiny
from tests.hub_server import HubServer


def rows_of(compared: Compared, arrangement: Arrangement) -> list[ArrangedRow]:
    result = compared.result(arrangement)
    assert result is not None
    return result.rows


pytestmark = pytest.mark.slow  # each engine imports torch


async def test_models_come_and_go(start: Start, tiny_classifier: Path, tmp_path: Path) -> None:
    engine = await start()
    client, heard = engine.client, engine.heard
    model = str(tiny_classifier)

    [loaded] = await heard.answers(client.load(model))
    assert isinstance(loaded, Loaded)
    stages = [each.stage for each in heard.replies if isinstance(each, Loading)]
    assert stages[0] == "importing torch"
    assert stages[-1] == "reading weights"

    [again] = await heard.answers(request := client.load(model))
    assert isinstance(again, Loaded)
    assert not [e for e in heard.replies if isinstance(e, Loading) and e.id == request]

    [compared] = await heard.answers(client.post(Compare(0, model, PAIR)))
    assert isinstance(compared, Compared)
    assert compared.model == loaded.model
    assert compared.sentences == PAIR
    assert all(row.max_abs_diff <= 1e-5 for row in rows_of(compared, MASKED))
    assert rows_of(compared, UNMASKED)[1].max_abs_diff > 1e-3

    nothing = str(tmp_path / "nothing")
    encoder = str(tiny.encoder_only(tmp_path / "encoder"))
    other = str(tiny.distilbert(tmp_path / "other"))
    [missing] = await heard.answers(client.load(nothing))
    assert isinstance(missing, Failed)
    assert missing.kind == "not_found"
    [headless] = await heard.answers(client.post(Compare(0, encoder, PAIR)))
    assert isinstance(headless, Failed)
    assert headless.kind == "not_a_classifier"
    [kept] = await heard.answers(request := client.post(Compare(0, model, PAIR)))
    assert isinstance(kept, Compared)
    assert not [e for e in heard.replies if isinstance(e, Loading) and e.id == request]

    [named] = await heard.answers(client.post(Compare(0, other, PAIR)))
    assert isinstance(named, Compared)
    assert named.model.name == other
    assert len(rows_of(named, MASKED)[0].logits) == 3
    [empty] = await heard.answers(client.post(Compare(0, other, [])))
    assert isinstance(empty, Compared)
    assert rows_of(empty, MASKED) == []
    [bare] = await heard.answers(client.load(encoder))
    assert isinstance(bare, Loaded)
    assert bare.model.labels == []
    assert heard.crashes == []


async def test_a_model_that_changed_on_disk_is_loaded_again(
    start: Start, tiny_classifier: Path, tmp_path: Path
) -> None:
    engine = await start()
    folder = shutil.copytree(tiny_classifier, tmp_path / "model")
    [first] = await engine.heard.answers(engine.client.load(str(folder)))
    assert isinstance(first, Loaded)
    shutil.rmtree(folder)
    tiny.distilbert(folder)
    [second] = await engine.heard.answers(engine.client.post(Compare(0, str(folder), PAIR)))
    assert isinstance(second, Compared)
    assert second.model.class_name.startswith("DistilBert")


async def test_the_newest_wins(start: Start, tiny_classifier: Path) -> None:
    engine = await start()
    client, heard = engine.client, engine.heard
    model = str(tiny_classifier)
    await heard.answers(client.load(model))

    ids = [client.post(Compare(0, model, [(f"number {number}", None)])) for number in range(20)]
    first, *between, last = await heard.answers(*ids)

    assert isinstance(first, Compared)
    assert all(isinstance(each, Overtaken) for each in between)
    assert isinstance(last, Compared)
    assert last.sentences == [("number 19", None)]


async def test_the_engine_computes_only_the_newest_of_what_waits(
    start: Start, tiny_classifier: Path, tmp_path: Path
) -> None:
    engine = await start()
    client, heard = engine.client, engine.heard
    one, other = str(tiny_classifier), str(tiny.distilbert(tmp_path / "other"))
    # Different names, so that the client holds none of them back; all arrive during the import.
    names = (one, other, f"{one}/", f"{other}/", f"{one}//")
    ids = [client.post(Compare(0, name, PAIR)) for name in names]
    *overtaken, last = await heard.answers(*ids)
    assert isinstance(last, Compared)
    assert all(isinstance(each, Overtaken) for each in overtaken)


async def test_a_download_holds_nobody_up(
    start: Start,
    hub: HubServer,
    tiny_classifier: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nobody who closes the app waits so long, but a slow machine takes long.
    monkeypatch.setattr("core.engine.client._CLOSE_SECONDS", 120.0)
    model = str(tiny_classifier)
    repository = hub.add("slow/model", tiny_classifier)
    another = hub.add("slow/another", tiny_classifier)
    repository.hold_after = another.hold_after = 2_000_000
    engine = await start()
    client, heard = engine.client, engine.heard
    await heard.answers(client.load(model))

    slow = client.load("slow/model")
    assert await asyncio.to_thread(repository.held.wait, 240)
    [compared] = await heard.answers(client.post(Compare(0, model, PAIR)))
    assert isinstance(compared, Compared)
    # A checkpoint that is here is looked into meanwhile, and so is the one that is on its way.
    page, tree = await heard.answers(
        client.post(InspectParameter(0, model, parameter="classifier.weight")),
        client.post(ReadStructure(0, "slow/model")),
    )
    assert isinstance(page, ParameterInspected)
    assert isinstance(tree, StructureRead)
    assert not heard.final(slow)
    # The file is looked at as it grows, some times a second.
    await heard.until(
        lambda: any(
            each.stage == "downloading slow/model" and each.done and each.total
            for each in heard.replies
            if isinstance(each, Loading) and each.id == slow
        )
    )

    # Another model is chosen: the download is given up at its next byte.
    second, third = client.load("also/slow"), client.load(model)
    await heard.answers(second)
    repository.go_on.set()
    abandoned, loaded = await heard.answers(slow, third)
    assert isinstance(abandoned, Overtaken)
    assert isinstance(loaded, Loaded)

    # The app is closed in the middle of another one.
    client.load("slow/another")
    assert await asyncio.to_thread(another.held.wait, 240)
    closing = asyncio.create_task(client.close())
    asyncio.get_running_loop().call_soon(another.go_on.set)
    await closing
    assert list((tmp_path / "hub").rglob("*.incomplete")) == []


async def test_tokenizers_are_exported(start: Start, tmp_path: Path) -> None:
    engine = await start()
    package = packaged_encoder()
    assert package is not None
    shutil.copy(package / "vocab.txt", tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": false}')

    embedded = await engine.client.ask(ExportTokenizer(0, "mini"))
    exported = await engine.client.ask(ExportTokenizer(0, str(tmp_path)))

    assert embedded == TokenizerExported(embedded.id, str(package))
    assert isinstance(exported, TokenizerExported)
    assert (Path(exported.folder) / "tokenizer.json").is_file()
    assert Path(exported.folder) != tmp_path
    with pytest.raises(ModelError, match="no such folder"):
        await engine.client.ask(ExportTokenizer(0, "/no/such/folder"))
