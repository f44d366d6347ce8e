"""The three stages of `transformers.pipeline`, each by itself, and whether they agree with it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.engine.protocol import (
    CheckedRow,
    FilledMask,
    PipelineChecked,
    PipelineRan,
    PipelineRow,
    Preprocessed,
    RunPipeline,
    Scored,
    Task,
)
from core.engine.protocol.models import Texts
from core.errors import ModelError
from core.models.entities import group, label_tokens
from core.models.inputs import encode, forward, pad
from core.models.loading import LoadedModel, labels
from core.models.postprocess import classified

SAME_WITHIN = 1e-5
"""Scores that differ by no more are called the same."""
CANDIDATES = 5
"""Tokens for each mask, as many as the fill-mask pipeline gives."""


def run_pipeline(request: RunPipeline, loaded: LoadedModel) -> PipelineRan:
    """Preprocess, forward and postprocess of `sentences`, `[batch, sequence]`.

    Raises `ModelError` where a sentence is no good, or is a pair and the task knows no pairs.
    """
    import torch

    model, tokenizer = loaded.model, loaded.tokenizer
    task = loaded.info.task
    assert task is not None
    _require_single(request.sentences, task)
    watch = _Watch()
    encodings = encode(model, tokenizer, request.sentences, [])
    batch = pad(tokenizer, encodings) if encodings else {}
    preprocess_ms = watch.lap()
    with torch.inference_mode():
        logits = forward(model, batch).logits.float() if batch else torch.zeros(0)
    forward_ms = watch.lap()
    rows = _postprocess(task, loaded, request.sentences, batch, logits) if batch else []
    return PipelineRan(
        id=request.id,
        model=loaded.info,
        sentences=request.sentences,
        task=task,
        postprocess=loaded.info.postprocess if task == "text-classification" else "softmax",
        shape=list(logits.shape),
        rows=rows,
        preprocess_ms=preprocess_ms,
        forward_ms=forward_ms,
        postprocess_ms=watch.lap(),
    )


def check_pipeline(
    ran: PipelineRan, loaded: LoadedModel, pause: Callable[[], None]
) -> PipelineChecked:
    """Asks transformers' own pipeline for each sentence and compares; `pause` runs in between."""
    from transformers import pipeline

    started = time.perf_counter()
    model = loaded.model
    # By itself it would move the model to a graphics card.
    theirs = pipeline(ran.task, model=model, tokenizer=loaded.tokenizer, device=model.device)
    rows = []
    for (text, pair), row in zip(ran.sentences, ran.rows, strict=True):
        pause()
        try:
            said = _SAID[ran.task](theirs, text, pair)
        except Exception as error:
            # Whatever it raises is the answer: it refuses sentences without a mask, for example.
            rows.append(CheckedRow(False, [], math.inf, str(error)))
            continue
        rows.append(_checked(_own(row), said))
    return PipelineChecked(ran.id, rows, time.perf_counter() - started)


@dataclass
class _Watch:
    """Milliseconds between two looks at it."""

    last: float = 0.0

    def __post_init__(self) -> None:
        self.last = time.perf_counter()

    def lap(self) -> float:
        before, self.last = self.last, time.perf_counter()
        return (self.last - before) * 1000


# --- postprocess ----------------------------------------------------------------------------


def _postprocess(
    task: Task,
    loaded: LoadedModel,
    sentences: list[Texts],
    batch: dict[str, Any],
    logits: Any,
) -> list[PipelineRow]:
    preprocessed = [_preprocessed(loaded, batch, row) for row in range(len(sentences))]
    if task == "text-classification":
        said = classified(logits, loaded.info.postprocess, loaded.info.labels)
        return [PipelineRow(*each) for each in zip(preprocessed, said, strict=True)]
    if task == "fill-mask":
        return [
            PipelineRow(row, masks=_fill(loaded.tokenizer, row.input_ids, row_logits))
            for row, row_logits in zip(preprocessed, logits, strict=True)
        ]
    rows = []
    names = labels(loaded.model)
    for (text, _), row, row_logits in zip(sentences, preprocessed, logits, strict=True):
        token_labels = label_tokens(row_logits, names)
        entities = group(loaded.tokenizer, text, token_labels, row.attention_mask)
        rows.append(PipelineRow(row, entities=entities, token_labels=token_labels))
    return rows


def _preprocessed(loaded: LoadedModel, batch: dict[str, Any], row: int) -> Preprocessed:
    ids = batch["input_ids"][row].tolist()
    types = None if "token_type_ids" in loaded.info.withheld else batch.get("token_type_ids")
    return Preprocessed(
        tokens=loaded.tokenizer.convert_ids_to_tokens(ids),
        input_ids=ids,
        attention_mask=batch["attention_mask"][row].tolist(),
        token_type_ids=None if types is None else types[row].tolist(),
    )


def _fill(tokenizer: Any, input_ids: list[int], logits: Any) -> list[FilledMask]:
    filled = []
    for position, each in enumerate(input_ids):
        if each != tokenizer.mask_token_id:
            continue
        best = logits[position].softmax(-1).topk(CANDIDATES)
        candidates = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        filled.append(
            FilledMask(
                position, [Scored(tokenizer.decode([token]), score) for token, score in candidates]
            )
        )
    return filled


def _require_single(sentences: list[Texts], task: Task) -> None:
    for number, (_, pair) in enumerate(sentences, start=1):
        if pair and task != "text-classification":
            raise ModelError(
                "other",
                f"Sentence {number} is a pair, and {task} takes single texts: remove the tab.",
            )


# --- the check ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Said:
    """One label, token or entity with its score, and for an entity its characters."""

    scored: Scored
    span: tuple[int, int] | None = None


def _classes(theirs: Any, text: str, pair: str | None) -> list[_Said]:
    inputs = {"text": text, "text_pair": pair} if pair else text
    return [_Said(Scored(each["label"], each["score"])) for each in theirs([inputs])]


def _tokens(theirs: Any, text: str, _: str | None) -> list[_Said]:
    masks = theirs(text)
    if masks and isinstance(masks[0], dict):
        masks = [masks]
    return [_Said(Scored(each["token_str"], each["score"])) for mask in masks for each in mask]


def _entities(theirs: Any, text: str, _: str | None) -> list[_Said]:
    return [
        _Said(Scored(each["entity_group"], float(each["score"])), (each["start"], each["end"]))
        for each in theirs(text, aggregation_strategy="simple")
    ]


_SAID: dict[Task, Callable[[Any, str, str | None], list[_Said]]] = {
    "text-classification": _classes,
    "fill-mask": _tokens,
    "token-classification": _entities,
}


def _own(row: PipelineRow) -> list[_Said]:
    if row.classified:
        return [_Said(Scored(row.classified.label, row.classified.score))]
    tokens = [_Said(candidate) for mask in row.masks for candidate in mask.candidates]
    entities = [_Said(Scored(e.label, e.score), (e.start, e.end)) for e in row.entities]
    return tokens + entities


def _checked(own: list[_Said], said: list[_Said]) -> CheckedRow:
    scored = [each.scored for each in said]
    if [(each.scored.label, each.span) for each in own] != [
        (each.scored.label, each.span) for each in said
    ]:
        return CheckedRow(False, scored, math.inf)
    apart = max(
        (abs(a.scored.score - b.scored.score) for a, b in zip(own, said, strict=True)), default=0.0
    )
    return CheckedRow(apart <= SAME_WITHIN, scored, apart)
