"""Batches: the course's tokenization and padding, in an order that a seed decides."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, DataCollatorWithPadding

from core.data.batches import BatchedData, epoch_order, tokenize
from core.data.sources import load_data

TEXTS = ["I love this!", "I hate this so much, honestly.", "Fine.", "It was not bad at all."]


@pytest.fixture(scope="module")
def tokenizer(tiny_classifier: Path):
    return AutoTokenizer.from_pretrained(tiny_classifier)


@pytest.fixture
def batched(tmp_path: Path, tokenizer) -> BatchedData:
    rows = [f"{n % 2}\t{TEXTS[n % 4]} {'really ' * (n % 5)}{n}" for n in range(30)]
    for split in ("train", "validation"):
        (tmp_path / f"{split}.tsv").write_text("\n".join(["label\ttext", *rows]))
    data = load_data(str(tmp_path))
    return BatchedData(
        train=tokenize(data.train, tokenizer, 16),
        validation=tokenize(data.validation, tokenizer, 16),
        test=None,
        collator=DataCollatorWithPadding(tokenizer),
        batch_size=8,
        seed=3,
    )


def test_an_epochs_order_is_a_permutation_by_seed_and_epoch() -> None:
    orders = {tuple(epoch_order(50, seed, epoch)) for seed in range(5) for epoch in range(5)}
    assert len(orders) == 25
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert epoch_order(50, 2**32 - 1, 4) == epoch_order(50, 2**32 - 1, 4)


def test_batches_are_what_the_tokenizer_gives_padded_to_their_longest(
    batched: BatchedData,
    tokenizer,
) -> None:
    order = epoch_order(30, 3, 0)
    found = list(batched.training(0))
    assert [len(batch["labels"]) for batch in found] == [8, 8, 8, 6]
    texts = [f"{TEXTS[n % 4]} {'really ' * (n % 5)}{n}" for n in order[:8]]
    expected = tokenizer(texts, truncation=True, max_length=16, padding=True, return_tensors="pt")
    for name in ("input_ids", "token_type_ids", "attention_mask"):
        assert torch.equal(found[0][name], expected[name])
    assert found[0]["labels"].tolist() == [n % 2 for n in order[:8]]


def test_an_epoch_can_be_entered_in_the_middle(batched: BatchedData) -> None:
    whole = list(batched.training(1))
    entered = list(batched.training(1, start=2))
    assert len(entered) == 2
    for one, other in zip(whole[2:], entered, strict=True):
        assert torch.equal(one["input_ids"], other["input_ids"])


def test_loading_batches_draws_nothing_from_trainings_random_state(batched: BatchedData) -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    list(batched.training(0))
    list(batched.evaluation("validation"))
    assert torch.equal(torch.get_rng_state(), before)


def test_evaluation_sees_every_row_once(batched: BatchedData) -> None:
    rows = [tuple(row[row > 0].tolist()) for batch in batched.evaluation("validation")
            for row in batch["input_ids"]]  # fmt: skip
    assert sorted(rows) == sorted(tuple(ids) for ids in batched.validation["input_ids"])
    assert list(batched.evaluation("test")) == []


def test_pairs_are_tokenized_as_pairs(tmp_path: Path, tokenizer) -> None:
    rows = [f"a premise {n},its hypothesis {n},{n % 2}\n" for n in range(20)]
    for split in ("train", "validation"):
        (tmp_path / f"{split}.csv").write_text("premise,hypothesis,label\n" + "".join(rows))
    tokenized = tokenize(load_data(str(tmp_path)).train, tokenizer, 64)
    assert tokenized[3]["input_ids"] == tokenizer("a premise 3", "its hypothesis 3")["input_ids"]
    assert 1 in tokenized[3]["token_type_ids"]
