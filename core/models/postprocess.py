"""From logits to what a pipeline shows: the head's own function, and its labels."""

from __future__ import annotations

from typing import Any

from core.engine.protocol import Classified, Postprocess


def postprocess_of(config: Any) -> Postprocess:
    """What `transformers.pipeline("text-classification")` applies to this model's logits.

    The rules of its `TextClassificationPipeline.postprocess` for `function_to_apply=None`.
    """
    if config.problem_type == "regression":
        return "none"
    if config.problem_type == "multi_label_classification" or config.num_labels == 1:
        return "sigmoid"
    return "softmax"


def probabilities(logits: Any, postprocess: Postprocess) -> Any:
    """`logits`, a float32 tensor `[…, labels]`, after `postprocess`; the same shape."""
    if postprocess == "softmax":
        return logits.softmax(-1)
    return logits.sigmoid() if postprocess == "sigmoid" else logits


def classified(logits: Any, postprocess: Postprocess, labels: list[str]) -> list[Classified]:
    """Labels, scores and all numbers of each row of `logits`, `[batch, labels]`."""
    scores = probabilities(logits, postprocess)
    best = scores.argmax(-1).tolist()
    return [
        Classified(labels[index], row_scores[index], row_logits, row_scores)
        for index, row_logits, row_scores in zip(
            best, logits.tolist(), scores.tolist(), strict=True
        )
    ]
