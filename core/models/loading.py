"""Loading a checkpoint: its config, tokenizer and weights, ready to be run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.engine.protocol import ModelInfo
from core.errors import ModelError
from core.models.checkpoint import resolve
from core.models.failures import load_failure, remedy
from core.models.hub import Progress
from core.models.tokenizer_export import export_tokenizer, load_tokenizer

CLASSIFIER = "ForSequenceClassification"
_HEADS = ("classifier", "score", "pre_classifier", "pooler", "classification_head", "qa_outputs")
"""First or second parts of parameter names that belong to a head, not to the encoder."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A checkpoint in memory: float32, on the CPU, in evaluation mode."""

    info: ModelInfo
    model: Any
    tokenizer: Any
    fingerprint: tuple[tuple[str, int, int], ...]
    """Of the files it was read from: a run's folder may hold something newer later."""


def fingerprint(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, size and modification time of config and weights: equal while nothing changed."""
    files = [folder / "config.json", *folder.glob("*.safetensors"), *folder.glob("*.bin")]
    found = [(file, file.stat()) for file in sorted(files) if file.is_file()]
    return tuple((str(file), status.st_size, status.st_mtime_ns) for file, status in found)


def load_model(name: str, progress: Progress, *, classifier: bool = False) -> LoadedModel:
    """Loads the model called `name`; raises `ModelError`.

    A checkpoint without a classification head is loaded as its bare encoder, with no labels;
    with `classifier=True` it is refused ("not_a_classifier") before its weights are read.
    """
    folder = resolve(name, progress)
    progress("importing transformers", None, None)
    import transformers  # noqa: F401

    config = _load_config(folder, name)
    progress("reading the tokenizer", None, None)
    tokenizer = load_tokenizer(folder, name)
    tokenizer_folder = export_tokenizer(folder, name, tokenizer)
    is_classifier = any(CLASSIFIER in each for each in config.architectures or [])
    if classifier and not is_classifier:
        raise not_a_classifier(name, config.architectures)
    progress("reading weights", None, None)
    stamp = fingerprint(folder)
    model = _load_weights(folder, name, config, classifier=is_classifier)
    notes = _give_pad_token(model, tokenizer)
    info = ModelInfo(
        name=name,
        folder=str(folder),
        tokenizer_folder=str(tokenizer_folder),
        class_name=type(model).__name__,
        parameters=model.num_parameters(),
        labels=_labels(model) if is_classifier else [],
        problem_type=getattr(config, "problem_type", None),
        max_positions=max_positions(model),
        padding_side=tokenizer.padding_side,
        notes=notes,
    )
    return LoadedModel(info, model, tokenizer, stamp)


def not_a_classifier(name: str, architectures: list[str] | None) -> ModelError:
    """Says that `name` gives no logits of labels, and what it is instead."""
    kind = f" (it is a {architectures[0]})" if architectures else ""
    return ModelError(
        "not_a_classifier",
        f"{name} has no classification head{kind}, so it gives no logits: fine-tune it first, or "
        "choose a model that was trained to classify sentences.",
    )


def max_positions(model: Any) -> int | None:
    """How many tokens the model has positions for; None where it has no such limit."""
    config = model.config
    for attribute in ("max_position_embeddings", "n_positions"):
        value = getattr(config, attribute, None)
        if isinstance(value, int) and value > 0:
            break
    else:
        return None
    for part, module in model.named_modules():
        # RoBERTa and its kin count positions from padding_idx + 1.
        padding = getattr(module, "padding_idx", None)
        if part.endswith("position_embeddings") and padding is not None:
            return value - int(padding) - 1
    return value


def _load_config(folder: Path, name: str) -> Any:
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:
        raise load_failure(error, name, "config") from error


def _load_weights(folder: Path, name: str, config: Any, *, classifier: bool) -> Any:
    import torch
    from transformers import AutoModel, AutoModelForSequenceClassification

    auto = AutoModelForSequenceClassification if classifier else AutoModel
    try:
        model, found = auto.from_pretrained(
            folder,
            config=config,
            dtype=torch.float32,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
        )
    except Exception as error:
        raise load_failure(error, name, "weights") from error
    _require_all(found["missing_keys"], name, config, classifier=classifier)
    return model.eval()


def _require_all(missing: Iterable[str], name: str, config: Any, *, classifier: bool) -> None:
    """transformers only warns of weights that are missing, and fills in random numbers."""
    encoder = [key for key in missing if not set(key.split(".")[:2]) & set(_HEADS)]
    if encoder:
        raise ModelError(
            "corrupt",
            f"The weights of {name} are incomplete: {len(encoder)} parameters are missing, "
            f"{min(encoder)} among them. {remedy(name)}",
        )
    if classifier and list(missing):
        raise not_a_classifier(name, None)


def _labels(model: Any) -> list[str]:
    config = model.config
    return [config.id2label.get(index, f"LABEL_{index}") for index in range(config.num_labels)]


def _give_pad_token(model: Any, tokenizer: Any) -> list[str]:
    """Makes batches possible for decoders, which were trained without padding.

    The end token serves as padding, as is customary; the classification heads of such models
    look for the last token that is not padding, so their config must know it too.
    """
    notes = []
    if tokenizer.pad_token is None and tokenizer.eos_token is not None:
        tokenizer.pad_token = tokenizer.eos_token
        notes.append(
            f"This model has no padding token; its end token {tokenizer.eos_token} is used."
        )
    if model.config.pad_token_id is None and tokenizer.pad_token is not None:
        model.config.pad_token_id = tokenizer.pad_token_id
    return notes
