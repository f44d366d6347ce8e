"""Saving a model whole or not at all; checkpoints that are not to be trusted."""

from __future__ import annotations

import json
import math
import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from core.engine.protocol import (
    ReadStructure,
    ReadWeights,
    SaveModel,
    StructureRead,
)
from core.errors import ModelError
from core.models.errands import carry_out
from core.models.hub import Abandoned
from core.models.loading import load_model
from tests.core.models import tiny
from tests.core.models.asking import read, save, silent


@pytest.mark.parametrize("make", [tiny.distilbert, tiny.gpt2, tiny.encoder_only])
def test_what_is_saved_is_read_back_identical(make: Any, tmp_path: Path) -> None:
    source = make(tmp_path / "source")
    target = tmp_path / "target"
    saved = save(source, target)
    ours, theirs = load_file(source / "model.safetensors"), load_file(target / "model.safetensors")
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert saved.compared_tensors >= len(ours)
    assert {each.name: each.bytes for each in saved.files} == {
        path.name: path.stat().st_size for path in target.iterdir()
    }
    holds = {each.name: each.holds for each in saved.files}
    assert holds["model.safetensors"] == f"{len(ours)} tensors (F32)"
    assert all(holds.values()), holds
    assert transformers.AutoTokenizer.from_pretrained(target)("Hi there").input_ids
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_checkpoint_in_half_precision_stays_what_it_is(dtype: Any, tmp_path: Path) -> None:
    source, target = tmp_path / "half", tmp_path / "target"
    whole = transformers.AutoModelForSequenceClassification.from_pretrained(
        tiny.distilbert(tmp_path / "whole")
    )
    whole.to(dtype).save_pretrained(source)
    count = sum(each.numel() for each in whole.parameters())
    name = str(dtype).removeprefix("torch.")
    planned, held = carry_out(ReadStructure(1, str(source)), silent), read(source)
    assert isinstance(planned, StructureRead)
    assert held.structure == planned.structure
    assert held.structure.dtypes == [name]
    assert held.structure.root.bytes == 2 * count
    save(source, target)
    ours, theirs = load_file(source / "model.safetensors"), load_file(target / "model.safetensors")
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert all(ours[key].dtype == theirs[key].dtype == dtype for key in ours)
    # With random weights it is what the class makes: float32, planned and built.
    planned, held = (
        carry_out(ReadStructure(1, f"random:{source}"), silent),
        read(f"random:{source}"),
    )
    assert isinstance(planned, StructureRead)
    assert held.structure == planned.structure
    assert held.structure.dtypes == ["float32"]


def test_numbers_that_are_none_are_identical_to_themselves(
    tiny_classifier: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "broken")
    weights = load_file(folder / "model.safetensors")
    weights["classifier.bias"][0] = math.nan
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert save(folder, tmp_path / "saved").compared_tensors > 0


def listing(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_checkpoint_is_replaced_only_when_allowed(tiny_classifier: Path, tmp_path: Path) -> None:
    folder = tiny.encoder_only(tmp_path / "kept")
    before = listing(folder)
    with pytest.raises(ModelError, match="was kept") as raised:
        save(tiny_classifier, folder)
    assert raised.value.kind == "replaceable"
    assert listing(folder) == before
    assert save(tiny_classifier, folder, force=True).replaced
    assert load_model(str(folder), silent).info.labels == ["NEGATIVE", "POSITIVE"]
    assert not list(tmp_path.glob(".*"))


def test_a_model_can_be_saved_over_itself(tiny_classifier: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "self")
    before = load_file(tiny_classifier / "model.safetensors")
    save(folder, folder, force=True)
    after = load_file(folder / "model.safetensors")
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_what_is_no_checkpoint_is_never_replaced(tiny_classifier: Path, tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    shutil.copytree(tiny_classifier, diary)
    (diary / "diary.txt").write_text("mine")
    file = tmp_path / "file"
    file.write_text("mine too")
    before = listing(tmp_path)
    for folder, said in ((diary, "diary.txt"), (file, "is a file")):
        with pytest.raises(ModelError, match=said) as raised:
            save(tiny_classifier, folder, force=True)
        assert raised.value.kind == "exists"
    assert listing(tmp_path) == before
    (tmp_path / "empty").mkdir()
    assert not save(tiny_classifier, tmp_path / "empty").replaced


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Files of this process end at 400 KB, as on a full disk."""
    import signal

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, before)


def test_a_full_disk_leaves_what_was_there(
    tiny_classifier: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = tiny.encoder_only(tmp_path / "kept")
    before = listing(tmp_path)
    request.getfixturevalue("small_disk")
    with pytest.raises(ModelError) as raised:
        save(tiny_classifier, folder, force=True)
    assert raised.value.kind == "disk", str(raised.value)
    assert listing(tmp_path) == before


def test_saving_that_is_given_up_leaves_nothing(tiny_classifier: Path, tmp_path: Path) -> None:
    def give_up(stage: str, _done: int | None, _total: int | None) -> None:
        if stage.startswith("reading back"):
            raise Abandoned

    with pytest.raises(Abandoned):
        carry_out(SaveModel(1, str(tiny_classifier), folder=str(tmp_path / "never")), give_up)
    assert list(tmp_path.iterdir()) == []


# --- safety -----------------------------------------------------------------------------------


def test_pickled_weights_are_said_to_be(tiny_classifier: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "pickled")
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    (note,) = read(folder).notes
    assert "weights_only=True" in note
    assert load_model(str(folder), silent).info.notes == [note]
    # Safetensors come first, and then nothing is pickled.
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert read(folder).notes == []


def test_a_malicious_pickle_does_not_run(tiny_classifier: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "evil")
    (folder / "model.safetensors").unlink()
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(marker),)

    torch.save({"evil": Evil()}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError) as raised:
        read(folder)
    assert raised.value.kind == "unsafe"
    assert "\n" not in str(raised.value)
    assert not marker.exists()


def test_a_truncated_file_is_one_sentence(tiny_classifier: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "cut")
    os.truncate(folder / "model.safetensors", 100_000)
    with pytest.raises(ModelError, match="damaged or incomplete"):
        read(folder)


REMOTE = """
from transformers import BertConfig, BertModel
from pathlib import Path
Path({marker!r}).touch()
class OwnConfig(BertConfig):
    model_type = "own"
class OwnModel(BertModel):
    config_class = OwnConfig
"""


def test_remote_code_runs_only_where_it_is_trusted(
    tiny_classifier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "remote")
    marker = tmp_path / "ran"
    (folder / "own.py").write_text(REMOTE.format(marker=str(marker)))
    config = json.loads((folder / "config.json").read_text())
    auto_map = {"AutoConfig": "own.OwnConfig", "AutoModel": "own.OwnModel"}
    config |= {"model_type": "own", "architectures": ["OwnModel"], "auto_map": auto_map}
    (folder / "config.json").write_text(json.dumps(config))
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "m"))
    for errand in (ReadStructure(1, str(folder)), ReadWeights(1, str(folder))):
        with pytest.raises(ModelError, match="trust-remote-code") as raised:
            carry_out(errand, silent)
        assert raised.value.kind == "remote_code"
    assert not marker.exists()
    monkeypatch.setenv("TERMFORMER_TRUST_REMOTE_CODE", "1")
    reply = carry_out(ReadStructure(1, str(folder)), silent)
    assert isinstance(reply, StructureRead)
    assert reply.class_name == "OwnModel"
    assert marker.exists()
    assert read(folder).class_name == "OwnModel"


def test_the_head_of_a_checkpoint_with_code_is_what_its_config_lists_it_as(
    tiny_classifier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "remote")
    code = REMOTE.format(marker=str(tmp_path / "ran")).replace(
        "BertModel", "BertForSequenceClassification"
    )
    (folder / "own.py").write_text(code)
    config = json.loads((folder / "config.json").read_text())
    auto_map = {
        "AutoConfig": "own.OwnConfig",
        "AutoModelForSequenceClassification": "own.OwnModel",
    }
    config |= {"model_type": "own", "architectures": ["OwnModel"], "auto_map": auto_map}
    (folder / "config.json").write_text(json.dumps(config))
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "m"))
    monkeypatch.setenv("TERMFORMER_TRUST_REMOTE_CODE", "1")
    loaded = load_model(str(folder), silent, tasks=frozenset({"text-classification"}))
    assert (loaded.info.task, loaded.info.class_name) == ("text-classification", "OwnModel")
    plain = load_model(str(tiny_classifier), silent)
    inputs = plain.tokenizer("Fine.", return_tensors="pt")
    assert torch.equal(loaded.model(**inputs).logits, plain.model(**inputs).logits)
    assert read(folder).class_name == "OwnModel"


def test_code_beside_a_class_that_transformers_has_is_not_run_and_said(
    tiny_classifier: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "remote")
    marker = tmp_path / "ran"
    (folder / "own.py").write_text(REMOTE.format(marker=str(marker)))
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModelForSequenceClassification": "own.OwnModel"}
    (folder / "config.json").write_text(json.dumps(config))
    for notes in (read(folder).notes, load_model(str(folder), silent).info.notes):
        assert any("was not run" in note for note in notes)
    assert not marker.exists()
