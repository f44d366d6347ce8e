"""From a token classifier's logits to entities, as spans of characters."""

from __future__ import annotations

from typing import Any

from core.engine.protocol import Entity, Scored

_OUTSIDE = "O"


def label_tokens(logits: Any, names: list[str]) -> list[Scored]:
    """The likeliest label of each token and its probability; `logits` is `[sequence, labels]`."""
    best = logits.softmax(-1).max(-1)
    return [
        Scored(names[label], score)
        for label, score in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]


def group(
    tokenizer: Any, text: str, token_labels: list[Scored], attention_mask: list[int]
) -> list[Entity]:
    """Neighbouring tokens of one label as one entity, with the mean of their scores.

    As `TokenClassificationPipeline` does with `aggregation_strategy="simple"`: special tokens do
    not count, "B-" begins another entity, and what is labelled "O" is none.
    """
    encoded = tokenizer(text, return_offsets_mapping=True, return_special_tokens_mask=True)
    lead = attention_mask.index(1) if 1 in attention_mask else 0
    groups: list[list[tuple[Scored, tuple[int, int]]]] = []
    tag = None
    for position, (special, offsets) in enumerate(
        zip(encoded["special_tokens_mask"], encoded["offset_mapping"], strict=True)
    ):
        if special:
            continue
        scored = token_labels[lead + position]
        begins, own_tag = _tag(scored.label)
        if own_tag == tag and not begins:
            groups[-1].append((scored, offsets))
        else:
            groups.append([(scored, offsets)])
        tag = own_tag
    return [_entity(each) for each in groups if each[0][0].label != _OUTSIDE]


def _tag(label: str) -> tuple[bool, str]:
    """Whether `label` begins an entity, and which kind it is of."""
    if label.startswith(("B-", "I-")):
        return label.startswith("B-"), label[2:]
    return False, label


def _entity(tokens: list[tuple[Scored, tuple[int, int]]]) -> Entity:
    first, last = tokens[0], tokens[-1]
    return Entity(
        label=first[0].label.split("-", 1)[-1],
        score=sum(scored.score for scored, _ in tokens) / len(tokens),
        start=first[1][0],
        end=last[1][1],
    )
