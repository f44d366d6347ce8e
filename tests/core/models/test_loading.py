"""Checkpoints that load, and one clear sentence for each way in which they do not."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from core.errors import ModelError
from core.models.checkpoint import resolve
from core.models.loading import load_model
from tests.core.models import tiny


def silent(_stage: str, _done: int | None, _total: int | None) -> None: ...


def test_a_loaded_model_says_what_it_is(tiny_classifier: Path) -> None:
    told: list[str] = []
    loaded = load_model(str(tiny_classifier), lambda stage, *_: told.append(stage))
    info = loaded.info
    assert info.labels == ["NEGATIVE", "POSITIVE"]
    assert info.class_name == "BertForSequenceClassification"
    assert info.parameters == sum(each.numel() for each in loaded.model.parameters())
    assert info.max_positions == 512
    assert info.padding_side == "right"
    assert info.folder == info.tokenizer_folder == str(tiny_classifier)
    assert not loaded.model.training
    assert told == ["importing transformers", "reading the tokenizer", "reading weights"]


def test_half_precision_weights_are_computed_in_float32(
    tiny_classifier: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "half")
    weights = load_file(folder / "model.safetensors")
    halves = {
        key: value.half() if value.is_floating_point() else value for key, value in weights.items()
    }
    save_file(halves, folder / "model.safetensors", {"format": "pt"})
    # A config that names no dtype, as old ones do.
    config = json.loads((folder / "config.json").read_text())
    del config["dtype"]
    (folder / "config.json").write_text(json.dumps(config))
    loaded = load_model(str(folder), silent)
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.float32}
    assert loaded.info.notes == ["The checkpoint holds float16; it is computed in float32 here."]
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"dtype": "float16"}))
    loaded = load_model(str(folder), silent)
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.float32}
    assert loaded.info.notes == ["The checkpoint holds float16; it is computed in float32 here."]


def test_an_encoder_has_no_labels_and_gives_no_logits(tmp_path: Path) -> None:
    folder = str(tiny.encoder_only(tmp_path / "encoder"))
    assert load_model(folder, silent).info.labels == []
    told: list[str] = []
    with pytest.raises(ModelError, match="no classification head") as raised:
        load_model(
            folder, lambda stage, *_: told.append(stage), tasks=frozenset({"text-classification"})
        )
    assert raised.value.kind == "not_a_classifier"
    assert "reading weights" not in told


def truncate(folder: Path) -> None:
    os.truncate(folder / "model.safetensors", 100_000)


def empty(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")


def lose_a_layer(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    kept = {key: value for key, value in weights.items() if "layer.1." not in key}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})


def other_shapes(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"hidden_size": 64}))


def half_a_config(folder: Path) -> None:
    text = (folder / "config.json").read_text()
    (folder / "config.json").write_text(text[: len(text) // 2])


def a_list_for_a_config(folder: Path) -> None:
    (folder / "config.json").write_text("[]")


def pointer_file(folder: Path) -> None:
    """What `git clone` leaves without git-lfs."""
    (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n")


@pytest.mark.parametrize(
    ("damage", "part"),
    [
        (truncate, "weights"),
        (empty, "weights"),
        (lose_a_layer, "weights"),
        (other_shapes, "weights"),
        (pointer_file, "weights"),
        (half_a_config, "config"),
        (a_list_for_a_config, "config"),
    ],
)
def test_damaged_checkpoints(
    damage: Callable[[Path], None], part: str, tiny_classifier: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "damaged")
    damage(folder)
    with pytest.raises(ModelError) as raised:
        load_model(str(folder), silent)
    message = str(raised.value)
    assert raised.value.kind == "corrupt", message
    assert str(folder) in message
    assert part in message
    assert "\n" not in message
    assert len(message) < 400


def test_a_head_that_is_claimed_but_not_there(tiny_classifier: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "headless")
    weights = load_file(folder / "model.safetensors")
    kept = {key: value for key, value in weights.items() if not key.startswith("classifier")}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError) as raised:
        load_model(str(folder), silent)
    assert raised.value.kind == "not_a_classifier"


def test_pickled_weights_load_but_pickled_code_does_not_run(
    tiny_classifier: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "pickled")
    (folder / "model.safetensors").unlink()
    weights = load_file(tiny_classifier / "model.safetensors")
    torch.save(weights, folder / "pytorch_model.bin")
    assert load_model(str(folder), silent).info.labels == ["NEGATIVE", "POSITIVE"]

    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(marker),)

    pickled = folder / "pytorch_model.bin"
    torch.save(weights | {"evil": Evil()}, pickled)
    with pytest.raises(ModelError, match=r"wants to run code: it calls posix\.mkdir") as raised:
        load_model(str(folder), silent)
    assert raised.value.kind == "unsafe"
    message = str(raised.value)
    assert "nothing ran" in message
    assert "Do not trust" in message
    assert "anew" not in message

    pickled.write_bytes(pickle.dumps(Evil()))  # Not even in torch's archive.
    with pytest.raises(ModelError, match="nothing ran") as raised:
        load_model(str(folder), silent)
    assert raised.value.kind == "unsafe"
    assert not marker.exists()


def test_half_a_pickle_is_damaged_in_a_whole_sentence(
    tiny_classifier: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "half")
    pickled = folder / "pytorch_model.bin"
    torch.save(load_file(folder / "model.safetensors"), pickled)
    (folder / "model.safetensors").unlink()
    os.truncate(pickled, pickled.stat().st_size // 2)
    with pytest.raises(ModelError, match=r"the file is cut off before its end\. Save") as raised:
        load_model(str(folder), silent)
    assert raised.value.kind == "corrupt"


def test_a_model_that_needs_its_own_code(tiny_classifier: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "custom")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "custom", "auto_map": {"AutoConfig": "custom.Config"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "custom.py").write_text("raise SystemExit('ran')")
    with pytest.raises(ModelError, match="trust-remote-code") as raised:
        load_model(str(folder), silent)
    assert raised.value.kind == "remote_code"


def test_a_kind_of_model_that_transformers_does_not_know(
    tiny_classifier: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "future")
    config = json.loads((folder / "config.json").read_text()) | {"model_type": "bert2099"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="does not know yet"):
        load_model(str(folder), silent)


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("config.json", "not_found"),
        ("model.safetensors", "not_found"),
        ("tokenizer.json", "no_tokenizer"),
    ],
)
def test_folders_that_lack_something(
    file: str, kind: str, tiny_classifier: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "part")
    (folder / file).unlink()
    with pytest.raises(ModelError) as raised:
        resolve(str(folder))
    assert raised.value.kind == kind


def test_sharded_weights_are_whole_only_with_every_shard(
    tiny_classifier: Path, tmp_path: Path
) -> None:
    model = transformers.AutoModelForSequenceClassification.from_pretrained(tiny_classifier)
    folder = shutil.copytree(tiny_classifier, tmp_path / "sharded")
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="500KB")
    assert load_model(str(folder), silent).info.parameters == model.num_parameters()
    first = min(folder.glob("model-*.safetensors"))
    first.unlink()
    with pytest.raises(ModelError, match=f"{first.name}, which .*index.json lists, is missing"):
        resolve(str(folder))


def test_weights_without_a_config_are_not_called_a_tokenizer(
    tiny_classifier: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "nameless")
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match=r"holds weights and a tokenizer, and no config\.json"):
        resolve(str(folder))
    assert resolve(str(folder), weights=False) == folder  # Its tokens are seen all the same.
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="a tokenizer without a model"):
        resolve(str(folder))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(tiny_classifier: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "closed")
    (folder / "model.safetensors").chmod(0)
    with pytest.raises(ModelError, match="Permission denied"):
        load_model(str(folder), silent)
