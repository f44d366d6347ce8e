"""A model that begins from nothing, and a tokenizer trained on the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import transformers
from datasets import Dataset
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from core.runs.config import Scratch
from core.training.model import StartingPoint

_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_AT_ONCE = 1000


def start_from_scratch(
    scratch: Scratch, train: Dataset, labels: list[str], max_length: int
) -> StartingPoint:
    """A BERT of the given shape with weights from torch's random state, for `max_length` tokens.

    Its tokenizer is trained on the texts of `train`, so that no other split leaks into it.
    """
    tokenizer = train_tokenizer(scratch, train)
    tokenizer.model_max_length = max_length
    config = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=scratch.hidden,
        num_hidden_layers=scratch.layers,
        num_attention_heads=scratch.heads,
        intermediate_size=4 * scratch.hidden,
        max_position_embeddings=max_length,
        pad_token_id=tokenizer.pad_token_id,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
        problem_type="single_label_classification",
    )
    model = transformers.BertForSequenceClassification(config)
    notes = [
        f"A {scratch.tokenizer} tokenizer with {len(tokenizer):,} entries was trained on "
        f"{len(train):,} rows.",
        f"The model begins at random; layers: {scratch.layers}, width: {scratch.hidden}, "
        f"heads: {scratch.heads}.",
    ]
    return StartingPoint(model, tokenizer, labels, notes)


def train_tokenizer(scratch: Scratch, train: Dataset) -> Any:
    """A WordPiece tokenizer (lower case) or a byte-level BPE, wrapped for transformers.

    The same one for the same texts.
    """
    return (_word_piece if scratch.tokenizer == "wordpiece" else _bpe)(scratch.vocabulary, train)


def _word_piece(vocabulary: int, train: Dataset) -> Any:
    backend = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()

    def trained(size: int, first: list[str]) -> dict[str, int]:
        trainer = trainers.WordPieceTrainer(
            vocab_size=size, special_tokens=first, show_progress=False
        )
        backend.train_from_iterator(_texts(train), trainer, length=len(train))
        return backend.get_vocab()

    # The trainer numbers letters in the order of a hash table, and decides ties by their numbers;
    # so they are found first, and given numbers of their own.
    letters = sorted(trained(0, _SPECIAL).keys() - set(_SPECIAL))
    return transformers.BertTokenizer(
        vocab=trained(vocabulary, [*_SPECIAL, *letters]), do_lower_case=True
    )


def _bpe(vocabulary: int, train: Dataset) -> Any:
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=_SPECIAL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator(_texts(train), trainer, length=len(train))
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, backend.token_to_id(token)) for token in ("[CLS]", "[SEP]")],
    )
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend,
        **dict(zip(names, _SPECIAL, strict=True)),
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


def _texts(train: Dataset) -> Iterator[list[str]]:
    for batch in train.iter(_AT_ONCE):
        yield batch["text"]
        if "text_pair" in batch:
            yield batch["text_pair"]
