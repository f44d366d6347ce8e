"""Configs told, compared and changed; what cannot be built is refused in words."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
import transformers

from core.errors import ModelError
from core.models.building import build_on_meta, build_random
from core.models.configuration import checkpoint_of, compare, describe, is_kind, read_config
from core.models.structure import structure_of
from core.random_models import PREFIX, RandomModel, base_of, random_model
from tests.core.models import tiny


def silent(_stage: str, _done: int | None, _total: int | None) -> None: ...


def test_every_field_is_told_beside_its_default(tiny_classifier: Path) -> None:
    config = read_config(str(tiny_classifier), silent)
    told = describe(config)
    fields = {each.name: each for each in told.fields}
    expected = json.loads(config.to_json_string(use_diff=False))
    expected.pop("_name_or_path", None)
    assert {name: json.loads(each.value) for name, each in fields.items()} == expected
    assert (told.class_name, told.model_type) == ("BertConfig", "bert")
    differs = {name for name, each in fields.items() if each.differs}
    assert {"hidden_size", "num_hidden_layers", "initializer_range", "id2label"} <= differs
    assert not {"vocab_size", "hidden_act", "model_type"} & differs
    assert (fields["hidden_size"].default, fields["hidden_size"].kind) == ("768", "int")
    # The class's own fields come before those that every config has.
    assert next(iter(fields)) == "vocab_size"


def test_two_configs_side_by_side(tiny_classifier: Path) -> None:
    ours = describe(read_config(str(tiny_classifier), silent))
    theirs = describe(read_config("distilbert", silent))
    fields = {each.name: each for each in compare(ours, theirs)}
    assert (fields["hidden_size"].value, fields["hidden_size"].other) == ("32", None)
    assert (fields["dim"].value, fields["dim"].other) == (None, "768")
    assert not fields["vocab_size"].differs
    assert fields["model_type"].differs
    assert not any(each.differs for each in compare(ours, ours))


@pytest.mark.parametrize(
    "model",
    [
        RandomModel("mini"),
        RandomModel("mini", 7),
        RandomModel("a/b", 0, {"num_hidden_layers": "4", "hidden_act": "relu"}),
        RandomModel("/tmp/a folder?with=odd&signs#%", 3, {"x": 'a&b=c "d" %'}),
    ],
)
def test_names_of_random_models_are_read_back(model: RandomModel) -> None:
    assert random_model(model.name) == model
    assert base_of(model.name) == model.base


@pytest.mark.parametrize("name", [PREFIX, f"{PREFIX}mini?seed=x", f"{PREFIX}{PREFIX}mini"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(ModelError, match="random model"):
        random_model(name)


def test_kinds_of_models_are_no_checkpoints(tiny_classifier: Path) -> None:
    assert is_kind("bert")
    assert is_kind("random:bert?num_hidden_layers=2")
    assert not is_kind(str(tiny_classifier))
    assert not is_kind("mini")
    assert checkpoint_of("random:bert") == ""
    assert checkpoint_of(f"random:{tiny_classifier}") == str(tiny_classifier)


def counted(name: str) -> int:
    return structure_of(
        build_on_meta(read_config(name, silent), None, name, tried=True)
    ).root.parameters


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("bert?num_hidden_layers=3&hidden_act=relu", {"num_hidden_layers": 3}),
        ("bert?hidden_size=96&num_attention_heads=8", {"hidden_size": 96}),
        ("distilbert?hidden_size=96", {"dim": 96}),
        ("distilbert?n_layers=1", {"n_layers": 1}),
        ("llama?num_attention_heads=16&num_hidden_layers=1", None),
        ("t5?d_model=128&tie_word_embeddings=False", {"d_model": 128}),
    ],
)
def test_changed_fields_change_the_model(name: str, config: dict[str, int] | None) -> None:
    kind, _, told = name.partition("?")
    fields = dict(each.split("=") for each in told.split("&"))
    values = {key: int(value) for key, value in fields.items() if value.isdecimal()}
    mapping = transformers.CONFIG_MAPPING[kind]
    with torch.device("meta"):
        model = transformers.AutoModel.from_config(mapping(**values))
    assert counted(f"random:{name}") == sum(each.numel() for each in model.parameters())
    for key, value in (config or {}).items():
        assert getattr(read_config(f"random:{name}", silent), key) == value


def test_what_a_class_derives_from_others_follows(tiny_classifier: Path, tmp_path: Path) -> None:
    transformers.LlamaConfig(
        hidden_size=64, num_attention_heads=4, num_hidden_layers=1, intermediate_size=8
    ).save_pretrained(tmp_path)
    config = read_config(f"random:{tmp_path}?num_labels=5", silent)
    assert (config.num_labels, config.head_dim) == (5, 16)
    three = read_config(f"random:{tiny_classifier}?num_labels=3", silent)
    assert sorted(three.id2label) == [0, 1, 2]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bert?hidden_size=100", "not a multiple of the number of attention heads"),
        ("distilbert?hidden_size=100", "must divide"),
        ("gpt2?n_embd=100", "divisible by num_heads"),
        ("llama?hidden_size=100&num_attention_heads=3", "not a multiple"),
        ("llama?num_key_value_heads=5", "must divide num_attention_heads (32)"),
        ("bert?hidden_size=wide", "'hidden_size' expected int, got str"),
        ("bert?num_hidden_layers=2.5", "expected int, got float"),
        ("bert?num_hidden_layers=true", "expected int, got bool"),
        ("bert?num_hidden_layers=-1", "num_hidden_layers cannot be negative"),
        ("gpt2?n_head=-3", "n_head cannot be negative"),
        ("bert?num_attention_heads=0", "cannot be 0"),
        ("bert?vocab_size=0", "cannot be 0"),
        ("bert?num_hidden_layers=1000000", "no more than 1000 layers"),
        ("bert?hidden_act=swoosh", "hidden_act knows no 'swoosh'"),
        ("bert?hidden_dropout_prob=3", "between 0 and 1"),
        ("bert?hiden_size=3", "Did you mean hidden_size?"),
        ("bert?model_type=gpt2", "no field 'model_type' to set"),
    ],
)
def test_impossible_combinations_are_refused_in_words(name: str, said: str) -> None:
    with pytest.raises(ModelError) as raised:
        counted(f"random:{name}")
    assert raised.value.kind == "impossible_config"
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_head_that_a_kind_does_not_have() -> None:
    with pytest.raises(ModelError, match="no masked-lm head for t5"):
        build_on_meta(read_config("t5", silent), "masked-lm", "t5")


def test_random_weights_are_those_of_the_seed(tmp_path: Path) -> None:
    config = transformers.BertConfig(
        hidden_size=32, num_attention_heads=4, num_hidden_layers=2, intermediate_size=8
    )
    config.save_pretrained(tmp_path)
    name = f"random:{tmp_path}?seed=5"
    before = torch.random.get_rng_state()
    ours = build_random(read_config(name, silent), None, name, 5).state_dict()
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(5)
    theirs = transformers.BertModel(config).state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_what_does_not_fit_into_memory_is_not_built() -> None:
    name = "random:llama?hidden_size=40960"
    with pytest.raises(ModelError, match="GB are free") as raised:
        build_random(read_config(name, silent), None, name, 0)
    assert raised.value.kind == "no_memory"


def test_a_config_without_weights_or_tokenizer_suffices(
    tiny_classifier: Path, tmp_path: Path
) -> None:
    shutil.copyfile(tiny_classifier / "config.json", tmp_path / "config.json")
    assert read_config(str(tmp_path), silent).hidden_size == 32
    with pytest.raises(ModelError, match=r"holds no config\.json"):
        read_config(str(tmp_path.parent), silent)


def test_a_name_that_is_no_kind_either_says_what_kinds_there_are() -> None:
    for name, hint in (("berrt", "did you mean bert?"), ("nonsense", "bert, gpt2, t5")):
        with pytest.raises(ModelError, match="kind of model") as raised:
            read_config(name, silent)
        assert raised.value.kind == "offline"
        assert hint in str(raised.value)
    with pytest.raises(ModelError) as raised:
        read_config("someone/model", silent)
    assert "kind of model" not in str(raised.value)


def test_a_config_of_a_million_layers_is_not_begun(tmp_path: Path) -> None:
    transformers.BertConfig(num_hidden_layers=10**6).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="no more than 1000 layers"):
        read_config(str(tmp_path), silent)


def test_every_tiny_kind_can_be_tried(tmp_path: Path) -> None:
    for make in (tiny.distilbert, tiny.roberta, tiny.gpt2):
        folder = make(tmp_path / make.__name__)
        model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
        assert counted(str(folder)) == model.num_parameters()
