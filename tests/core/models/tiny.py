"""Tiny real models with random weights and the real uncased vocabulary."""

from __future__ import annotations

from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from core.checkpoints import packaged_encoder


def save(model: transformers.PreTrainedModel, folder: Path) -> Path:
    """Saves `model` with the packaged tokenizer beside it."""
    package = packaged_encoder()
    assert package is not None
    model.save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(package).save_pretrained(folder)
    return folder


def distilbert(folder: Path) -> Path:
    torch.manual_seed(1)
    config = transformers.DistilBertConfig(
        dim=32, n_layers=2, n_heads=4, hidden_dim=64, num_labels=3, initializer_range=0.4
    )
    return save(transformers.DistilBertForSequenceClassification(config), folder)


def encoder_only(folder: Path) -> Path:
    torch.manual_seed(1)
    config = transformers.BertConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64
    )
    return save(transformers.BertModel(config), folder)


def roberta(folder: Path) -> Path:
    """Positions start at padding_idx + 1, so that 34 of them make 32."""
    torch.manual_seed(1)
    config = transformers.RobertaConfig(
        vocab_size=30522,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=34,
        pad_token_id=1,
        initializer_range=0.4,
    )
    folder.mkdir(parents=True)
    byte_level(folder, "RobertaTokenizer", ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    transformers.RobertaForSequenceClassification(config).save_pretrained(folder)
    return folder


def gpt2(folder: Path) -> Path:
    """A decoder whose tokenizer knows no padding token."""
    torch.manual_seed(1)
    config = transformers.GPT2Config(
        vocab_size=400,
        n_embd=32,
        n_layer=2,
        n_head=4,
        n_positions=64,
        num_labels=2,
        bos_token_id=0,
        eos_token_id=0,
        initializer_range=0.4,
    )
    folder.mkdir(parents=True)
    byte_level(folder, "GPT2Tokenizer", ["<|endoftext|>"])
    transformers.GPT2ForSequenceClassification(config).save_pretrained(folder)
    return folder


def byte_level(folder: Path, tokenizer_class: str, special_tokens: list[str]) -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=special_tokens,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(["I love hugging face!", "I've been waiting for it."], trainer)
    wrapped = getattr(transformers, tokenizer_class)(tokenizer_object=tokenizer)
    wrapped.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
