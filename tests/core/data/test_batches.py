"""Batches: the course's tokenization and padding, in an order that a seed decides."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from core.data.batches import (
    BatchedData,
    epoch_order,
    padding_share,
)
from core.data.pipeline import batch_data
from core.data.sources import load_data
from core.data.tokenizing import tokenize
from core.runs.config import RunConfig

TEXTS = ["I love this!", "I hate this so much, honestly.", "Fine.", "It was not bad at all."]


@pytest.fixture(scope="module")
def tokenizer(tiny_classifier: Path):
    return AutoTokenizer.from_pretrained(tiny_classifier)


@pytest.fixture
def batched(tmp_path: Path, tokenizer) -> BatchedData:
    rows = [f"{n % 2}\t{TEXTS[n % 4]} {'really ' * (n % 5)}{n}" for n in range(30)]
    for split in ("train", "validation"):
        (tmp_path / f"{split}.tsv").write_text("\n".join(["label\ttext", *rows]))
    config = RunConfig(name="", model="tiny", batch_size=8, seed=3)
    return batch_data(load_data(str(tmp_path)), config, tokenizer, 16)[0]


@pytest.mark.parametrize("grouped", [False, True])
def test_an_epochs_order_is_a_permutation_by_seed_and_epoch(grouped: bool) -> None:
    lengths = torch.arange(50) % 7

    def order(seed: int, epoch: int) -> list[int]:
        return epoch_order(lengths, 4, seed, epoch, grouped=grouped).tolist()

    orders = {tuple(order(seed, epoch)) for seed in range(5) for epoch in range(5)}
    assert len(orders) == 25
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert order(2**32 - 1, 4) == order(2**32 - 1, 4)


def test_grouped_rows_need_less_padding_and_meet_others_in_each_epoch() -> None:
    lengths = torch.randint(5, 60, (2000,), generator=torch.Generator().manual_seed(0))
    epochs = [epoch_order(lengths, 16, 0, epoch, grouped=True) for epoch in range(2)]
    at_random = epoch_order(lengths, 16, 0, 0, grouped=False)
    assert padding_share(lengths, at_random, 16) > 0.4
    assert padding_share(lengths, epochs[0], 16) < 0.1
    met = [{frozenset(batch.tolist()) for batch in order.split(16)} for order in epochs]
    assert not met[0] & met[1]
    # Short and long batches come in turn: what comes next says nothing of what came before.
    means = torch.stack([lengths[batch].float().mean() for batch in epochs[0].split(16)])
    assert abs(torch.corrcoef(torch.stack([means[:-1], means[1:]]))[0, 1]) < 0.3


def test_batches_are_what_the_tokenizer_gives_padded_to_their_longest(
    batched: BatchedData,
    tokenizer,
) -> None:
    order = epoch_order(batched.lengths, 8, 3, 0, grouped=False).tolist()
    found = [batch for (batch,) in batched.training(0)]
    assert [len(batch.inputs["labels"]) for batch in found] == [8, 8, 8, 6]
    assert [row for batch in found for row in batch.rows] == order
    texts = [f"{TEXTS[n % 4]} {'really ' * (n % 5)}{n}" for n in order[:8]]
    expected = tokenizer(texts, truncation=True, max_length=16, padding=True, return_tensors="pt")
    for name in ("input_ids", "token_type_ids", "attention_mask"):
        assert torch.equal(found[0].inputs[name], expected[name])
    assert found[0].inputs["labels"].tolist() == [n % 2 for n in order[:8]]


@pytest.mark.parametrize("accumulated", [1, 3])
def test_an_epoch_can_be_entered_in_the_middle(batched: BatchedData, accumulated: int) -> None:
    batched = dataclasses.replace(batched, gradient_accumulation_steps=accumulated)
    whole = list(batched.training(1))
    assert len(whole) == batched.steps_per_epoch == -(-4 // accumulated)
    entered = list(batched.training(1, start=1))
    assert len(entered) == len(whole) - 1
    for one, other in zip(whole[1:], entered, strict=True):
        assert len(one) == len(other)
        for batch, same in zip(one, other, strict=True):
            assert torch.equal(batch.inputs["input_ids"], same.inputs["input_ids"])


def test_processes_share_a_batch_so_that_their_weighted_means_are_its_mean(
    batched: BatchedData,
) -> None:
    whole = [batch for (batch,) in batched.training(0)]
    shares = [[batch for (batch,) in batched.training(0, 0, rank, 4)] for rank in range(4)]
    for batch, *parts in zip(whole, *shares, strict=True):
        assert sorted(row for part in parts for row in part.rows) == sorted(batch.rows)
        assert {part.size for part in parts} == {len(batch.rows)}
        labels = [part.inputs["labels"].float().mean() * part.weight / 4 for part in parts]
        assert sum(labels) == pytest.approx(batch.inputs["labels"].float().mean())


def test_a_process_without_a_row_takes_part_with_no_weight(batched: BatchedData) -> None:
    last = [next(iter(batched.training(0, 3, rank, 8)))[0] for rank in range(8)]
    assert [batch.weight > 0 for batch in last] == [True] * 6 + [False] * 2
    assert all(len(batch.inputs["labels"]) == 1 for batch in last)


def test_loading_batches_draws_nothing_from_trainings_random_state(batched: BatchedData) -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    list(batched.training(0))
    list(batched.evaluation("validation"))
    assert torch.equal(torch.get_rng_state(), before)


def test_evaluation_sees_every_row_once(batched: BatchedData) -> None:
    rows = [
        tuple(row[row > 0].tolist())
        for rank in range(3)
        for batch in batched.evaluation("validation", rank, 3)
        for row in batch.inputs["input_ids"]
    ]
    assert sorted(rows) == sorted(tuple(ids) for ids in batched.validation["input_ids"])
    assert list(batched.evaluation("test")) == []


def test_pairs_are_tokenized_as_pairs(tmp_path: Path, tokenizer) -> None:
    rows = [f"a premise {n},its hypothesis {n},{n % 2}\n" for n in range(20)]
    for split in ("train", "validation"):
        (tmp_path / f"{split}.csv").write_text("premise,hypothesis,label\n" + "".join(rows))
    tokenized = tokenize(load_data(str(tmp_path)).train, tokenizer, 64).dataset
    assert tokenized[3]["input_ids"] == tokenizer("a premise 3", "its hypothesis 3")["input_ids"]
    assert 1 in tokenized[3]["token_type_ids"]
