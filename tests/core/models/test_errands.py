"""What is asked about a checkpoint itself: its structure, how it loads, its numbers."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from core.engine.protocol import (
    CompareConfigs,
    InspectParameter,
    ParameterInspected,
    ReadStructure,
    StructureRead,
)
from core.engine.protocol.checkpoint import HEADS, Figures, Head
from core.errors import ModelError
from core.models.errands import carry_out
from core.models.loading import load_model
from core.models.parameter import figures_of
from tests.core.models import tiny
from tests.core.models.asking import read, save, silent

# --- the load report --------------------------------------------------------------------------


@pytest.mark.parametrize("head", [None, *HEADS])
def test_the_report_is_what_from_pretrained_says(tiny_classifier: Path, head: Head | None) -> None:
    auto = HEADS[head] if head else "BertForSequenceClassification"
    model, found = getattr(transformers, auto).from_pretrained(
        tiny_classifier, output_loading_info=True
    )
    reply = read(tiny_classifier, head)
    assert reply.class_name == type(model).__name__
    assert reply.structure.root.parameters == sum(each.numel() for each in model.parameters())
    report = reply.report
    assert report is not None
    assert report.missing_keys == sorted(found["missing_keys"])
    assert report.unexpected_keys == sorted(found["unexpected_keys"])
    assert report.mismatched_keys == []
    assert sorted(key for group in report.missing for key in group.keys) == report.missing_keys
    assert sorted(key for each in report.unexpected for key in each.keys) == report.unexpected_keys


def test_each_fate_is_put_into_words(tiny_classifier: Path, tmp_path: Path) -> None:
    report = read(tiny_classifier, "masked-lm").report
    assert report is not None
    (missing,) = report.missing
    assert missing.part == "cls"
    assert "newly initialised with random numbers" in missing.meaning
    assert {each.part for each in report.unexpected} == {"bert.pooler", "classifier"}
    assert all("not used" in each.meaning for each in report.unexpected)
    assert all("not the worse" in each.meaning for each in report.unexpected)
    assert report.summary == "6 newly initialised, 4 not used."

    folder = shutil.copytree(tiny_classifier, tmp_path / "three")
    config = json.loads((folder / "config.json").read_text())
    names = {"0": "A", "1": "B", "2": "C"}
    told = {"id2label": names, "label2id": {name: int(key) for key, name in names.items()}}
    (folder / "config.json").write_text(json.dumps(config | told))
    report = read(folder).report
    assert report is not None
    (mismatched,) = report.mismatched
    assert [
        (each.key, each.checkpoint_shape, each.model_shape) for each in report.mismatched_keys
    ] == [
        ("classifier.bias", [2], [3]),
        ("classifier.weight", [2, 32], [3, 32]),
    ]
    assert "another shape" in mismatched.meaning


def test_a_head_that_fits_by_chance_is_told(tiny_classifier: Path) -> None:
    reply = read(tiny_classifier, "token-classification")
    assert reply.report is not None
    assert reply.report.missing_keys == []
    assert any("BertForSequenceClassification" in note for note in reply.notes)
    assert read(tiny_classifier).notes == []


def test_every_weight_that_fits_is_said_to(tiny_classifier: Path) -> None:
    report = read(tiny_classifier).report
    assert report is not None
    assert report.summary == "Every weight found its place."
    assert report.files == ["model.safetensors"]


def test_an_incomplete_encoder_is_not_called_a_head(tiny_classifier: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "part")
    weights = load_file(folder / "model.safetensors")
    kept = {key: value for key, value in weights.items() if "layer.1." not in key}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    report = read(folder).report
    assert report is not None
    (group,) = report.missing
    assert group.part == "bert.encoder"
    assert "incomplete" in group.meaning


@pytest.mark.parametrize(
    ("make", "field", "head"),
    [
        (tiny.distilbert, "n_layers", None),
        (tiny.distilbert, "n_layers", "base"),
        (tiny.encoder_only, "num_hidden_layers", None),
        (tiny.encoder_only, "num_hidden_layers", "masked-lm"),
        (tiny.gpt2, "n_layer", None),
    ],
)
def test_layers_that_are_dropped_are_not_called_harmless(
    make: Any, field: str, head: Head | None, tmp_path: Path
) -> None:
    folder = make(tmp_path / "fewer")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {field: 1}))
    report = read(folder, head).report
    assert report is not None
    meant = [group.meaning for group in report.unexpected if any(".1." in k for k in group.keys)]
    assert meant
    assert all("not the model that was trained" in each for each in meant)
    assert not any("not the worse" in each for each in meant)


def test_kinds_have_no_weights_but_random_ones() -> None:
    with pytest.raises(ModelError, match="random:bert"):
        read("bert")
    reply = read("random:bert?hidden_size=32&num_attention_heads=4&num_hidden_layers=1&seed=3")
    assert reply.report is None
    assert reply.checkpoint == ""
    assert any("manual_seed(3)" in note for note in reply.notes)
    assert any("no tokenizer" in note for note in reply.notes)


# --- one parameter ----------------------------------------------------------------------------


def expected(tensor: Any) -> dict[str, Any]:
    numbers = tensor.double().reshape(-1)
    finite = numbers[numbers.isfinite()]
    return {
        "mean": finite.mean().item(),
        "std": finite.std(correction=0).item(),
        "norm": finite.norm().item(),
        "minimum": finite.min().item(),
        "maximum": finite.max().item(),
        "zeros": int((finite == 0).sum()),
        "nan": int(numbers.isnan().sum()),
        "infinite": int(numbers.isinf().sum()),
    }


def same(figures: Figures, tensor: Any) -> None:
    for name, value in expected(tensor).items():
        assert getattr(figures, name) == pytest.approx(value, rel=1e-9, abs=1e-12), name


def test_figures_are_of_all_numbers_in_chunks() -> None:
    torch.manual_seed(0)
    tensor = torch.randn(3, 700_001) * 2 + 1000
    tensor[0, :5] = 0
    tensor[1, 7] = math.nan
    tensor[2, 3] = -math.inf
    figures = figures_of(tensor, bins=20)
    same(figures, tensor)
    assert figures.histogram is not None
    finite = tensor[tensor.isfinite()].double()
    assert figures.histogram.counts == finite.histc(20).long().tolist()
    assert sum(figures.histogram.counts) == tensor.numel() - 2


def test_figures_of_odd_tensors() -> None:
    assert figures_of(torch.full((2,), math.nan)).mean is None
    assert figures_of(torch.empty(0)).histogram is None
    same_number = figures_of(torch.full((4, 4), 0.5)).histogram
    assert same_number is not None
    assert (same_number.low, same_number.high, same_number.counts) == (0.5, 0.5, [16])
    whole = torch.arange(-4, 5, dtype=torch.int8)
    same(figures_of(whole), whole)
    half = torch.randn(30).half()[::2]
    same(figures_of(half), half)


def test_a_parameters_page(tiny_classifier: Path) -> None:
    model = transformers.AutoModelForSequenceClassification.from_pretrained(tiny_classifier)
    name = "bert.encoder.layer.1.output.dense.weight"
    page = carry_out(InspectParameter(1, str(tiny_classifier), parameter=name), silent)
    assert isinstance(page, ParameterInspected)
    assert (page.origin, page.parameter.shape) == ("checkpoint", [32, 64])
    same(page.figures, model.get_parameter(name).detach())
    page = carry_out(
        InspectParameter(
            1, str(tiny_classifier), parameter="cls.predictions.bias", head="masked-lm"
        ),
        silent,
    )
    assert isinstance(page, ParameterInspected)
    assert page.origin == "random"
    with pytest.raises(ModelError, match=r"no parameter named 'x\.y'"):
        carry_out(InspectParameter(1, str(tiny_classifier), parameter="x.y"), silent)


def test_a_checkpoint_that_changed_is_read_again(tiny_classifier: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "changing")
    errand = InspectParameter(1, str(folder), parameter="classifier.bias")
    before = carry_out(errand, silent)
    weights = load_file(folder / "model.safetensors")
    weights["classifier.bias"] += 1
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    after = carry_out(errand, silent)
    assert isinstance(before, ParameterInspected)
    assert isinstance(after, ParameterInspected)
    assert before.figures.mean is not None
    assert after.figures.mean == pytest.approx(before.figures.mean + 1)


# --- structure --------------------------------------------------------------------------------


def test_structure_needs_no_weights(tiny_classifier: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "bare")
    (folder / "model.safetensors").unlink()
    (folder / "tokenizer.json").unlink()
    reply = carry_out(ReadStructure(1, str(folder)), silent)
    assert isinstance(reply, StructureRead)
    assert reply.class_name == "BertForSequenceClassification"
    whole = read(tiny_classifier)
    assert reply.structure == whole.structure
    assert reply.config == whole.config
    assert reply.checkpoint == str(folder)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_dtype_is_known_before_weights_are_read(
    tiny_classifier: Path, tmp_path: Path, dtype: torch.dtype
) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "silent")
    config = json.loads((folder / "config.json").read_text())
    del config["dtype"]
    (folder / "config.json").write_text(json.dumps(config))
    weights = load_file(folder / "model.safetensors")
    saved = {"a.ids": torch.arange(3)} | {key: value.to(dtype) for key, value in weights.items()}
    save_file(saved, folder / "model.safetensors", {"format": "pt"})
    structure = carry_out(ReadStructure(1, str(folder)), silent)
    assert isinstance(structure, StructureRead)
    assert structure.structure.dtypes == [str(dtype).removeprefix("torch.")]
    assert structure.structure == read(folder).structure
    # What is not there is as random weights are made.
    (folder / "model.safetensors").write_bytes(b"no header")
    structure = carry_out(ReadStructure(1, str(folder)), silent)
    assert isinstance(structure, StructureRead)
    assert structure.structure.dtypes == ["float32"]


def test_configs_are_compared_by_name(tiny_classifier: Path) -> None:
    reply = carry_out(
        CompareConfigs(1, str(tiny_classifier), other=f"random:{tiny_classifier}?hidden_size=64"),
        silent,
    )
    assert [each.name for each in reply.fields if each.differs] == ["hidden_size"]  # type: ignore[union-attr]


# --- without a tokenizer ----------------------------------------------------------------------


@pytest.mark.parametrize("make", [tiny.distilbert, tiny.gpt2])
def test_all_but_text_goes_without_a_tokenizer(make: Any, tmp_path: Path) -> None:
    folder = make(tmp_path / "whole")
    bare = tmp_path / "bare"
    transformers.AutoModel.from_pretrained(folder).save_pretrained(bare)
    structure = carry_out(ReadStructure(1, str(bare)), silent)
    assert isinstance(structure, StructureRead)
    assert structure.has_tokenizer is False
    whole = carry_out(ReadStructure(1, str(folder)), silent)
    assert isinstance(whole, StructureRead)
    assert whole.has_tokenizer is True
    reply = read(bare)
    assert reply.report is not None
    assert reply.report.summary == "Every weight found its place."
    assert reply.has_tokenizer is False
    assert "no tokenizer" in reply.notes[0]
    module = next(each for each in reply.structure.modules if each.own)
    name = module.name_of(module.own[0])
    inspected = carry_out(InspectParameter(1, str(bare), parameter=name), silent)
    assert isinstance(inspected, ParameterInspected)
    same(inspected.figures, load_file(bare / "model.safetensors")[name])

    # What this program saves so, it reads again; random weights on the same config too.
    saved = save(bare, tmp_path / "saved")
    assert "tokenizer.json" not in {each.name for each in saved.files}
    assert read(tmp_path / "saved").report == reply.report
    assert read(f"random:{bare}").report is None
    with pytest.raises(ModelError, match="no text can go through it") as raised:
        load_model(str(bare), silent)
    assert raised.value.kind == "no_tokenizer"


def test_a_tokenizer_that_cannot_be_read_is_told_and_left_out(
    tiny_classifier: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "half")
    (folder / "tokenizer.json").write_text("{")
    reply = read(folder)
    assert not reply.has_tokenizer
    assert "saved without a tokenizer" in reply.notes[0]


# --- the random twin --------------------------------------------------------------------------


def test_a_random_twin_runs_like_any_model(tiny_classifier: Path) -> None:
    name = f"random:{tiny_classifier}?seed=4"
    twin = load_model(name, silent)
    torch.manual_seed(4)
    config = transformers.AutoConfig.from_pretrained(tiny_classifier)
    direct = transformers.BertForSequenceClassification(config).eval()
    inputs = twin.tokenizer(["I love it!"], return_tensors="pt")
    with torch.inference_mode():
        assert torch.equal(twin.model(**inputs).logits, direct(**inputs).logits)
    assert twin.info.name == name
    assert twin.info.labels == ["NEGATIVE", "POSITIVE"]
    assert twin.info.notes == ["The weights are random, as torch.manual_seed(4) gives them."]
    with pytest.raises(ModelError, match="brings no tokenizer"):
        load_model("random:bert", silent)
