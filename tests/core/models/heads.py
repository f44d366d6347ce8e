"""Tiny checkpoints with heads other than a plain classifier's."""

from __future__ import annotations

from pathlib import Path

import torch
import transformers

from tests.core.models import tiny

ENTITY_LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "MISC"]


def _config(**options: object) -> transformers.BertConfig:
    torch.manual_seed(2)
    return transformers.BertConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        initializer_range=0.4,
        **options,
    )


def masked(folder: Path) -> Path:
    return tiny.save(transformers.BertForMaskedLM(_config()), folder)


def tokens(folder: Path) -> Path:
    labels = dict(enumerate(ENTITY_LABELS))
    config = _config(num_labels=len(labels), id2label=labels)
    return tiny.save(transformers.BertForTokenClassification(config), folder)


def sequences(folder: Path, num_labels: int, problem_type: str | None) -> Path:
    config = _config(num_labels=num_labels, problem_type=problem_type)
    return tiny.save(transformers.BertForSequenceClassification(config), folder)
