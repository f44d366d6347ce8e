"""What a run trains, and what it saves: ordinary checkpoints, whatever the adapter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch
from peft import PeftModel
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from core.errors import ModelError, RunError
from core.runs.config import RunConfig
from core.training.checkpoints import STATE, save_checkpoint, save_final
from core.training.loop import TrainingLoop
from core.training.model import load_starting_point, longest_input, merged, with_adapter
from core.training.randomness import random_state

MakeLoop = Callable[[RunConfig], TrainingLoop]
SENTENCES = ["I love this so much!", "Dull."]
SMALL = {"vocab_size": 30522, "num_labels": 2}


def _trained(make_loop: MakeLoop, config: RunConfig, adapter: str) -> TrainingLoop:
    loop = make_loop(msgspec.structs.replace(config, adapter=adapter))
    list(loop.run())
    loop.model.eval()
    return loop


@pytest.mark.parametrize("adapter", ["full", "lora", "head"])
def test_the_saved_model_is_an_ordinary_checkpoint_with_the_same_logits(
    make_loop: MakeLoop, config: RunConfig, tiny_classifier: Path, tmp_path: Path, adapter: str
) -> None:
    loop = _trained(make_loop, config, adapter)
    tokenizer = AutoTokenizer.from_pretrained(tiny_classifier)
    assert save_final(tmp_path, loop, tokenizer) == "model"
    inputs = AutoTokenizer.from_pretrained(tmp_path / "model")(
        SENTENCES, padding=True, return_tensors="pt"
    )
    loaded = AutoModelForSequenceClassification.from_pretrained(tmp_path / "model")
    with torch.no_grad():
        torch.testing.assert_close(loaded(**inputs).logits, loop.model(**inputs).logits)
    assert loaded.config.id2label == {0: "negative", 1: "positive"}
    assert (tmp_path / "adapter").exists() == (adapter == "lora")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_the_adapter_beside_it_gives_the_same_model_on_its_base(
    make_loop: MakeLoop, config: RunConfig, tiny_classifier: Path, tmp_path: Path
) -> None:
    loop = _trained(make_loop, config, "lora")
    tokenizer = AutoTokenizer.from_pretrained(tiny_classifier)
    save_final(tmp_path, loop, tokenizer)
    base = AutoModelForSequenceClassification.from_pretrained(tiny_classifier)
    model = PeftModel.from_pretrained(base, tmp_path / "adapter").merge_and_unload().eval()
    inputs = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    with torch.no_grad():
        torch.testing.assert_close(model(**inputs).logits, loop.model(**inputs).logits)


def test_each_adapter_trains_what_it_says(make_loop: MakeLoop, config: RunConfig) -> None:
    trained = {}
    for adapter in ("full", "lora", "head"):
        model = make_loop(msgspec.structs.replace(config, adapter=adapter)).model
        trained[adapter] = {
            name for name, weight in model.named_parameters() if weight.requires_grad
        }
    assert trained["head"] == {
        "bert.pooler.dense.weight",
        "bert.pooler.dense.bias",
        "classifier.weight",
        "classifier.bias",
    }
    parts = {name.split(".lora_")[0].split("layer.")[-1] for name in trained["lora"]}
    for layer in (0, 1):
        for part in (
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
            "intermediate.dense",
            "output.dense",
        ):
            assert f"{layer}.{part}" in parts
    heads = {name for name in trained["lora"] if "modules_to_save" in name}
    assert len(heads) == 4
    assert all("lora_" in name for name in trained["lora"] - heads)
    assert len(trained["full"]) > 30


@pytest.mark.parametrize(
    "model",
    [
        lambda: DistilBertForSequenceClassification(
            DistilBertConfig(**SMALL, dim=32, n_layers=2, n_heads=4, hidden_dim=64)
        ),
        lambda: RobertaForSequenceClassification(
            RobertaConfig(
                **SMALL,
                hidden_size=32,
                num_hidden_layers=2,
                num_attention_heads=4,
                intermediate_size=64,
            )
        ),
        lambda: GPT2ForSequenceClassification(
            GPT2Config(**SMALL, n_embd=32, n_layer=2, n_head=4, pad_token_id=0)
        ),
    ],
    ids=["distilbert", "roberta", "gpt2"],
)
@pytest.mark.parametrize("adapter", ["lora", "head"])
def test_other_architectures_can_be_adapted(model: Callable[[], object], adapter: str) -> None:
    adapted = with_adapter(model(), adapter)  # type: ignore[arg-type]
    adapted.train()
    ids = torch.tensor([[1, 5, 6, 7]])
    adapted(
        input_ids=ids, attention_mask=torch.ones_like(ids), labels=torch.tensor([1])
    ).loss.backward()
    without = [
        name
        for name, weight in adapted.named_parameters()
        if weight.requires_grad and weight.grad is None
    ]
    assert without == []
    assert any(weight.requires_grad for weight in adapted.parameters())
    ordinary = merged(adapted.eval())
    with torch.no_grad():
        torch.testing.assert_close(ordinary(ids).logits, adapted(input_ids=ids).logits)


def test_a_new_head_comes_from_the_seed_and_is_noted(tiny_classifier: Path) -> None:
    heads = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        start = load_starting_point(tiny_classifier, "tiny", ["a", "b", "c"])
        assert start.model.config.num_labels == 3
        assert "tiny has no head" in start.notes[0]
        heads.append(start.model.classifier.weight)
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])
    assert load_starting_point(tiny_classifier, "tiny", ["a", "b"]).notes == []


def test_labels_that_are_only_numbers_keep_the_checkpoints_names(tiny_classifier: Path) -> None:
    start = load_starting_point(tiny_classifier, "tiny", ["0", "1"])
    assert start.labels == ["NEGATIVE", "POSITIVE"]
    start = load_starting_point(tiny_classifier, "tiny", ["bad", "good"])
    assert start.labels == ["bad", "good"]
    assert start.model.config.label2id == {"bad": 0, "good": 1}


def test_no_more_tokens_than_the_model_has_positions(tiny_classifier: Path) -> None:
    start = load_starting_point(tiny_classifier, "tiny", ["a", "b"])
    assert longest_input(start, 64) == 64
    assert longest_input(start, 4000) == 512


@pytest.mark.parametrize("known", [None, 7])
def test_a_decoders_head_knows_the_tokenizers_padding(
    tiny_classifier: Path, tmp_path: Path, known: int | None
) -> None:
    """The tokenizer has a padding token; the model's config none, or another one."""
    shape = GPT2Config(**SMALL, n_embd=32, n_layer=1, n_head=2, pad_token_id=known)
    GPT2ForSequenceClassification(shape).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_classifier).save_pretrained(tmp_path)
    start = load_starting_point(tmp_path, "decoder", ["a", "b"])
    assert start.model.config.pad_token_id == start.tokenizer.pad_token_id == 0
    start.model.eval()
    with torch.no_grad():
        together, alone = (
            start.model(**start.tokenizer(texts, padding=True, return_tensors="pt")).logits
            for texts in (SENTENCES, SENTENCES[1:])
        )
    torch.testing.assert_close(together[1:], alone)


def test_a_tokenizer_that_cannot_pad_is_refused(tiny_classifier: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_classifier)
    tokenizer.pad_token = tokenizer.eos_token = None
    AutoModelForSequenceClassification.from_pretrained(tiny_classifier).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="ragged has neither a padding nor an end token"):
        load_starting_point(tmp_path, "ragged", ["a", "b"])


def test_weights_that_are_incomplete_are_refused(tiny_classifier: Path, tmp_path: Path) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(tiny_classifier)
    state = {name: value for name, value in model.state_dict().items() if "layer.1" not in name}
    model.save_pretrained(tmp_path, state_dict=state)
    AutoTokenizer.from_pretrained(tiny_classifier).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="broken are incomplete"):
        load_starting_point(tmp_path, "broken", ["a", "b"])


@pytest.mark.parametrize("adapter", ["full", "lora"])
def test_a_checkpoint_is_whole_ordinary_and_holds_all_it_takes_to_go_on(
    make_loop: MakeLoop, config: RunConfig, tiny_classifier: Path, tmp_path: Path, adapter: str
) -> None:
    loop = make_loop(msgspec.structs.replace(config, adapter=adapter, max_steps=5))
    list(loop.run())
    tokenizer = AutoTokenizer.from_pretrained(tiny_classifier)
    path = save_checkpoint(tmp_path, loop, tokenizer, [random_state()])
    assert path == "checkpoints/step-5"
    AutoModelForSequenceClassification.from_pretrained(tmp_path / path)
    AutoTokenizer.from_pretrained(tmp_path / path)
    state = torch.load(tmp_path / path / STATE, weights_only=True)
    assert state["position"]["global_step"] == 5
    assert state["lr_scheduler"]["last_epoch"] == 5
    assert len(state["optimizer"]["state"]) == len(loop.parameters)
    assert torch.equal(state["random"][0]["torch"], torch.get_rng_state())
    assert (state["adapter"] is not None) == (adapter == "lora")
    assert (tmp_path / path).stat().st_mode & 0o777 == 0o700


def test_a_checkpoint_that_cannot_be_written_leaves_nothing(
    make_loop: MakeLoop, config: RunConfig, tiny_classifier: Path, tmp_path: Path
) -> None:
    import resource

    loop = make_loop(config)
    tokenizer = AutoTokenizer.from_pretrained(tiny_classifier)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in (100, 300_000, 3_000_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        try:
            with pytest.raises(RunError, match=r"disk is full|File too large"):
                save_checkpoint(tmp_path, loop, tokenizer, [random_state()])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert list((tmp_path / "checkpoints").iterdir()) == []
    save_checkpoint(tmp_path, loop, tokenizer, [random_state()])
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-0"]
