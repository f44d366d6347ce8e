"""A small real tokenizer of each kind, trained on the project's own sentences."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

import core.data

REVIEWS = Path(core.data.__file__).parent / "reviews" / "train.tsv"
BERT_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def sentences(count: int = 400) -> list[str]:
    """The texts of the first reviews."""
    lines = REVIEWS.read_text(encoding="utf-8").splitlines()[:count]
    return [line.split("\t")[1] for line in lines]


def _train(tokenizer: Tokenizer, trainer: Any) -> Tokenizer:
    tokenizer.train_from_iterator(sentences(), trainer)
    return tokenizer


def _word_piece(lowercase: bool) -> Any:
    from transformers import BertTokenizer

    backend = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=700, special_tokens=BERT_SPECIAL, show_progress=False
    )
    vocab = _train(backend, trainer).get_vocab()
    return BertTokenizer(vocab=vocab, do_lower_case=lowercase, model_max_length=64)


def _byte_level() -> Any:
    from transformers import GPT2Tokenizer

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    _train(backend, trainer)
    merges = [tuple(merge) for merge in json.loads(backend.to_str())["model"]["merges"]]
    return GPT2Tokenizer(
        vocab=backend.get_vocab(),
        merges=merges,
        pad_token="<|endoftext|>",
        padding_side="left",
        truncation_side="left",
        model_max_length=32,
    )


def _roberta() -> Any:
    """Byte-level too, with offsets trimmed by the post-processor and an added word of its own."""
    from transformers import PreTrainedTokenizerFast

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    backend = Tokenizer(models.BPE(unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=special,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    _train(backend, trainer)
    backend.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=True
    )
    backend.add_tokens(["Termformer"])
    backend.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token="<pad>",
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        mask_token=AddedToken("<mask>", lstrip=True, special=True),
        model_max_length=48,
    )


def _unigram() -> Any:
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "</s>", "<unk>"]
    backend = Tokenizer(models.Unigram())
    backend.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    backend.decoder = decoders.Metaspace(prepend_scheme="first")
    trainer = trainers.UnigramTrainer(
        vocab_size=500, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    _train(backend, trainer)
    backend.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    backend.add_tokens([AddedToken("Yesterday", normalized=True, single_word=True)])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )


def _t5() -> Any:
    """Unigram as the class of a model builds it."""
    from transformers import T5Tokenizer

    vocab = json.loads(_unigram().backend_tokenizer.to_str())["model"]["vocab"]
    return T5Tokenizer(vocab=[tuple(entry) for entry in vocab], extra_ids=3, model_max_length=40)


def _llama() -> Any:
    """BPE in SentencePiece's style: no pre-tokenizer of its own, bytes as a way out."""
    from transformers import PreTrainedTokenizerFast

    special = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    _train(
        trained, trainers.BpeTrainer(vocab_size=800, special_tokens=special, show_progress=False)
    )
    state = json.loads(trained.to_str())["model"]
    backend = Tokenizer(
        models.BPE(
            state["vocab"],
            [tuple(merge) for merge in state["merges"]],
            unk_token="<unk>",
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    backend.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    backend.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="</s>",
        padding_side="left",
    )


def _characters() -> Any:
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.WordLevel(unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    backend.decoder = decoders.Fuse()
    trainer = trainers.WordLevelTrainer(special_tokens=["<pad>", "<unk>"], show_progress=False)
    return PreTrainedTokenizerFast(
        tokenizer_object=_train(backend, trainer), pad_token="<pad>", unk_token="<unk>"
    )


KINDS: dict[str, Callable[[], Any]] = {
    "wordpiece-uncased": lambda: _word_piece(True),
    "wordpiece-cased": lambda: _word_piece(False),
    "byte-level": _byte_level,
    "roberta": _roberta,
    "unigram": _unigram,
    "t5": _t5,
    "llama": _llama,
    "characters": _characters,
}
