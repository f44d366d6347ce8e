"""`termformer model` against transformers called directly."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForMaskedLM, BertConfig, BertForSequenceClassification, BertModel

from core.environment import trusts_remote_code
from core.errors import ModelError
from tests.terminal.terminal import Terminal
from tests.tui.commands.command import COMMAND, ROOT, Finished, Here, run_apart

pytestmark = pytest.mark.usefixtures("folders")
KEYS = [
    "model",
    "class",
    "parameters",
    "trainable",
    "bytes",
    "modules",
    "missing_keys",
    "unexpected_keys",
    "mismatched_keys",
]


@pytest.fixture(scope="module")
def bare(tiny_classifier: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a config and nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    shutil.copyfile(tiny_classifier / "config.json", folder / "config.json")
    return folder


def modules_of(model: Any) -> list[dict[str, Any]]:
    found = []
    for name, module in model.named_modules():
        own = list(module.parameters(recurse=False))
        found.append(
            {
                "name": name,
                "class": type(module).__name__,
                "parameters": sum(each.numel() for each in module.parameters()),
                "shape": list(own[0].shape) if own else None,
            }
        )
    return found


def test_json_of_a_config_alone(bare: Path) -> None:
    document = run_apart("model", "--from-config", "--json", str(bare)).document
    assert list(document) == KEYS
    model = BertForSequenceClassification(BertConfig.from_pretrained(bare))
    count = model.num_parameters()
    assert document["model"] == str(bare)
    assert document["class"] == "BertForSequenceClassification"
    assert (document["parameters"], document["trainable"]) == (count, count)
    assert document["bytes"] == 4 * count
    assert document["modules"] == modules_of(model)
    assert document["missing_keys"] == []


def test_json_of_a_checkpoint_with_another_head(tiny_classifier: Path) -> None:
    document = run_apart("model", "--head", "masked-lm", "--json", str(tiny_classifier)).document
    model, found = AutoModelForMaskedLM.from_pretrained(tiny_classifier, output_loading_info=True)
    assert list(document) == KEYS
    assert document["parameters"] == sum(each.numel() for each in model.parameters())
    assert document["missing_keys"] == sorted(found["missing_keys"])
    assert document["unexpected_keys"] == sorted(found["unexpected_keys"])
    assert document["mismatched_keys"] == []
    assert document["modules"] == modules_of(model)


def test_a_kind_of_model_with_changed_fields_is_built_and_saved(tmp_path: Path) -> None:
    target = tmp_path / "saved"
    fields = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    told = [each for name, value in fields.items() for each in ("--set", f"{name}={value}")]
    command = ("model", "--from-config", *told, "--seed", "6", "--save", str(target), "bert")
    finished = run_apart(*command)
    assert finished.code == 0, finished.complaint
    torch.manual_seed(6)
    model = BertModel(BertConfig(**fields))
    saved = load_file(target / "model.safetensors")
    assert all(torch.equal(saved[name], tensor) for name, tensor in model.state_dict().items())
    assert str(target) in finished.output
    assert "identical, bit by bit" in finished.output
    assert "encoder.layer.0–1 ×2" in finished.output
    # It has no tokenizer, since a kind of model brings none; it is a checkpoint all the same.
    read = run_apart("model", str(target), "--json")
    assert read.code == 0, read.complaint
    assert read.document["missing_keys"] == []

    again = run_apart(*command, "--json")
    assert again.code == 1
    assert "was kept" in again.complaint
    assert again.output == ""


@pytest.fixture(scope="module")
def told(tiny_classifier: Path) -> Finished:
    return run_apart("model", "--head", "token-classification", str(tiny_classifier))


def test_people_get_a_folded_tree_and_the_report(told: Finished, tiny_classifier: Path) -> None:
    first, heading, root, *rest = told.output.splitlines()
    assert first.startswith(f"{tiny_classifier} · BertForTokenClassification · ")
    assert heading.split() == ["module", "class", "parameters", "share", "weight"]
    assert root.startswith("(the model)")
    layer = next(line for line in rest if "layer.0–1 ×2" in line)
    assert "BertLayer" in layer
    tree = "\n".join(rest)
    assert tree.count("BertSelfAttention") == 1
    assert "[30522, 32]" in tree
    assert "Unexpected, not used: bert.pooler.dense.bias, bert.pooler.dense.weight" in tree
    assert "fits by name and shape" in tree
    assert "hidden_size 32" in tree


def test_shares_add_up_along_the_tree(told: Finished) -> None:
    rows = [line for line in told.output.splitlines() if line.startswith(("├", "└"))]
    shares = [float(line.partition(" %")[0].split()[-1]) for line in rows if " %" in line]
    assert sum(shares) == pytest.approx(100, abs=0.3)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--set", "hidden_size=33", "bert"), 1, "not a multiple"),
        (("./nowhere",), 1, "./nowhere"),
        (("--set", "hidden_size", "bert"), 2, "FIELD=VALUE"),
        (("--head", "nose", "bert"), 2, "'nose' is not one of"),
        ((), 2, "NAME"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    termformer: Here, arguments: tuple[str, ...], code: int, said: str
) -> None:
    finished = termformer("model", *arguments)
    assert finished.code == code
    assert finished.output == ""
    assert said in finished.complaint
    assert "Traceback" not in finished.complaint
    if code == 1:
        assert finished.complaint.count("\n") == 1


def test_remote_code_is_trusted_for_one_start_only(
    termformer: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted: list[bool] = []

    def ask(*_: object) -> list[Any]:
        trusted.append(trusts_remote_code())
        raise ModelError("other", "asked")

    monkeypatch.setattr("tui.commands.engine.ask_engine_in_turn", ask)
    # What the shell says does not count.
    monkeypatch.setenv("TERMFORMER_TRUST_REMOTE_CODE", "1")
    termformer("model", "bert")
    termformer("model", "--trust-remote-code", "bert")
    termformer("--trust-remote-code", "model", "bert")
    termformer("model", "bert")
    assert trusted == [False, True, True, False]


def test_a_terminal_shows_the_tree(bare: Path) -> None:
    command = [*COMMAND, "model", "--from-config", str(bare)]
    with Terminal(command, columns=100, rows=50, cwd=ROOT) as terminal:
        assert terminal.wait_for_exit(90) == 0
        screen = str(terminal.screen)
    assert "├ encoder.layer.0–1 ×2" in screen
    assert "importing torch" not in screen
