"""The module tree against the model itself; siblings folded and unfolded; counts of full size."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers

from core.models.building import build_on_meta
from core.models.configuration import read_config
from core.models.structure import structure_of
from core.structure import Branch, Structure, every, fold, lines


def silent(_stage: str, _done: int | None, _total: int | None) -> None: ...


def of_kind(kind: str) -> tuple[Any, Structure]:
    model = build_on_meta(read_config(kind, silent), None, kind)
    return model, structure_of(model)


KINDS = {
    "bert": 109_482_240,
    "distilbert": 66_362_880,
    "roberta": 124_644_864,
    "gpt2": 124_439_808,
    "t5": 60_506_624,
    "llama": 6_607_343_616,
}
"""What `sum(p.numel() for p in model.parameters())` gives for each class's defaults."""


@pytest.mark.parametrize("kind", KINDS)
def test_full_size_models_are_counted_from_their_config(kind: str) -> None:
    model, structure = of_kind(kind)
    assert all(parameter.is_meta for parameter in model.parameters())
    assert structure.root.parameters == KINDS[kind]
    for module, (name, real) in zip(structure.modules, model.named_modules(), strict=True):
        own = dict(real.named_parameters(recurse=False))
        assert module.path == name
        assert module.class_name == type(real).__name__
        assert module.parameters == sum(each.numel() for each in real.parameters())
        assert module.bytes == 4 * module.parameters
        assert {each.name: each.shape for each in module.own} == {
            key: list(each.shape) for key, each in own.items()
        }
        assert module.size == len(list(real.modules()))


@pytest.mark.parametrize(
    ("kind", "head", "tied", "first"),
    [
        ("gpt2", "causal-lm", "lm_head.weight", "transformer.wte.weight"),
        ("t5", None, "decoder.embed_tokens.weight", "shared.weight"),
    ],
)
def test_tied_weights_are_named_and_counted_once(
    kind: str, head: Any, tied: str, first: str
) -> None:
    model = build_on_meta(read_config(kind, silent), head, kind)
    structure = structure_of(model)
    found = structure.owner_of(tied)
    assert found is not None
    assert found[1].tied_to == first
    assert found[0].own_parameters == 0
    assert structure.root.parameters == sum(each.numel() for each in model.parameters())
    assert sum(module.own_parameters for module in structure.modules) == structure.root.parameters


def test_frozen_parameters_and_types_are_told() -> None:
    config = transformers.BertConfig(hidden_size=32, num_attention_heads=4, num_hidden_layers=1)
    model = transformers.BertModel(config)
    model.embeddings.requires_grad_(False)
    model.pooler.half()
    structure = structure_of(model)
    frozen = sum(each.numel() for each in model.embeddings.parameters())
    assert structure.root.trainable == structure.root.parameters - frozen
    found = structure.owner_of("pooler.dense.weight")
    assert found is not None
    assert (found[1].dtype, found[1].bytes) == ("float16", 2 * 32 * 32)
    assert structure.owner_of("pooler.dense.nothing") is None


def labels(branch: Branch) -> list[tuple[str, int]]:
    return [(each.label, each.count) for _, each in every(branch)]


def test_alike_layers_stand_in_one_line_with_their_list() -> None:
    _, structure = of_kind("bert")
    root = fold(structure)
    told = dict(labels(root))
    assert told["encoder.layer.0–11"] == 12
    assert "layer" not in told
    # What is not numbered never folds, alike or not.
    assert {"query", "key", "value"} <= told.keys()
    layer = next(each for _, each in every(root) if each.count == 12)
    assert layer.list_path == "encoder.layer"
    assert [structure.modules[index].path for index in layer.modules] == [
        f"encoder.layer.{number}" for number in range(12)
    ]


def test_a_layer_that_is_not_alike_stands_alone() -> None:
    _, structure = of_kind("t5")
    told = labels(fold(structure))
    assert told.count(("1–5", 5)) == 2  # of encoder and decoder: the first has the position bias
    assert ("block", 1) in told


def test_a_list_unfolds_to_its_modules() -> None:
    _, structure = of_kind("bert")
    unfolded = fold(structure, {"encoder.layer"})
    paths = [each.path for _, each in every(unfolded)]
    assert paths == [module.path for module in structure.modules]


def test_only_open_branches_are_seen() -> None:
    _, structure = of_kind("gpt2")
    root = fold(structure)
    assert [each.label for _, each in lines(root, set())] == [""]
    assert [(depth, each.label) for depth, each in lines(root, {"", "h.0–11"})][:5] == [
        (0, ""), (1, "wte"), (1, "wpe"), (1, "drop"), (1, "h.0–11"),
    ]  # fmt: skip
    paths = [each.path for _, each in every(root)]
    assert len(paths) == len(set(paths))
    assert [each.path for _, each in lines(root, set(paths))] == paths


def test_search_finds_paths_classes_and_parameters() -> None:
    _, structure = of_kind("bert")
    paths = [structure.modules[index].path for index in structure.search("POOLER")]
    assert paths == ["pooler", "pooler.dense", "pooler.activation"]
    assert len(structure.search("LayerNorm.bias")) == 1 + 2 * 12
    assert structure.search("nothing like it") == []


def test_what_a_module_says_of_itself_is_one_line() -> None:
    _, structure = of_kind("gpt2")
    details = {module.class_name: module.detail for module in structure.modules}
    assert details["Embedding"].startswith("1024, 768") or details["Embedding"]
    assert details["Conv1D"] == "nf=768, nx=3072"
    assert all("\n" not in module.detail for module in structure.modules)


def test_shares_add_up() -> None:
    _, structure = of_kind("distilbert")
    shares = [structure.share(structure.modules[child]) for child in structure.children(0)]
    assert sum(shares) == pytest.approx(1)
    empty = structure_of(torch.nn.Identity())
    assert empty.share(empty.root) == 0
