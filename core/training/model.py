"""The model a run trains: loaded, given its labels and, where asked, its LoRA matrices."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, Trainer

from core.errors import ModelError
from core.models.failures import load_failure
from core.models.loading import max_positions
from core.models.tokenizer_export import load_tokenizer
from core.runs.config import Adapter

LORA_RANK = 16
LORA_ALPHA = 32
LORA_DROPOUT = 0.05


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """A classifier in float32 and its tokenizer. `notes` say what was decided, in sentences."""

    model: Any
    tokenizer: Any
    labels: list[str]
    notes: list[str]


def load_starting_point(folder: Path, name: str, labels: list[str]) -> StartingPoint:
    """Loads the checkpoint in `folder`, which the user calls `name`, to be trained on `labels`.

    A head that is missing, or made for another number of labels, is newly initialised from
    torch's random state. Raises `ModelError`.
    """
    tokenizer = load_tokenizer(folder, name)
    try:
        model, loading = AutoModelForSequenceClassification.from_pretrained(
            folder,
            num_labels=len(labels),
            dtype=torch.float32,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            trust_remote_code=False,
            local_files_only=True,
        )
    except Exception as error:
        raise load_failure(error, name, "weights") from error
    head = tuple(f"{part}." for part in _head(model))
    _require_encoder(loading["missing_keys"], head, name)
    own_names = [model.config.id2label[number] for number in range(len(labels))]
    labels = _label_names(labels, own_names)
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    model.config.problem_type = "single_label_classification"
    _agree_on_padding(model, tokenizer, name)
    notes = []
    if loading["missing_keys"] or loading["mismatched_keys"]:
        notes.append(f"{name} has no head for these labels: a new one begins at random.")
    return StartingPoint(model, tokenizer, labels, notes)


def _agree_on_padding(model: Any, tokenizer: Any, name: str) -> None:
    """Where there is no padding token, the end token serves as one, as is customary.

    Heads of decoders look for the last token that is not padding: their config must know it,
    whatever it said before.
    """
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if tokenizer.pad_token is None:
        raise ModelError(
            "other",
            f"The tokenizer of {name} has neither a padding nor an end token, so texts of "
            "different lengths cannot share a batch: give it one of them, or choose another model.",
        )
    model.config.pad_token_id = tokenizer.pad_token_id


def _require_encoder(missing: Iterable[str], head: tuple[str, ...], name: str) -> None:
    """transformers only warns of weights that are missing, and fills in random numbers."""
    encoder = [key for key in missing if not key.startswith(head)]
    if encoder:
        raise ModelError(
            "corrupt",
            f"The weights of {name} are incomplete: {len(encoder)} parameters are missing, "
            f"{min(encoder)} among them. Fetch or save the model again.",
        )


def _label_names(labels: list[str], own_names: list[str]) -> list[str]:
    """The checkpoint's names where the data only numbers its labels, else the data's."""
    numbered = labels == [str(number) for number in range(len(labels))]
    named = not any(name.startswith("LABEL_") for name in own_names)
    return own_names if numbered and named and len(set(own_names)) == len(labels) else labels


def longest_input(starting_point: StartingPoint, max_length: int) -> int:
    """`max_length`, or fewer tokens where the model or its tokenizer cannot take as many."""
    limits = [max_length, int(starting_point.tokenizer.model_max_length)]
    if (positions := max_positions(starting_point.model)) is not None:
        limits.append(positions)
    return min(limits)


def with_adapter(model: Any, adapter: Adapter) -> Any:
    """`model` with only those parameters left to train that `adapter` names.

    "lora" wraps it: low-rank matrices (Hu et al. 2021, arXiv:2106.09685) on every linear layer of
    attention and MLP, while the head is trained whole.
    """
    if adapter == "full":
        return model
    head = _head(model)
    if adapter == "head":
        for name, weight in model.named_parameters():
            weight.requires_grad = any(name.startswith(f"{part}.") for part in head)
        return model
    # Here, as only some runs need it: importing peft takes half a second.
    from peft import LoraConfig, TaskType, get_peft_model

    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=LORA_RANK,
        lora_alpha=LORA_ALPHA,
        lora_dropout=LORA_DROPOUT,
        target_modules=_layer_projections(model),
        modules_to_save=head,
    )
    return get_peft_model(model, config)


def decay_groups(model: Any, weight_decay: float) -> list[dict[str, Any]]:
    """What is trained, for an optimizer: biases and norms do not decay.

    The groups of transformers' `Trainer`, by its own rule: a bias need not be a vector. MPNet's
    and T5's of relative positions are tables, and XLNet has some that are matrices.
    """
    # The rule needs no trainer, though it is a method.
    decayed = set(Trainer.get_decay_parameter_names(None, model))
    trained = [one for one in model.named_parameters() if one[1].requires_grad]
    return [
        {
            "params": [weight for name, weight in trained if name in decayed],
            "weight_decay": weight_decay,
        },
        {
            "params": [weight for name, weight in trained if name not in decayed],
            "weight_decay": 0.0,
        },
    ]


def _head(model: Any) -> list[str]:
    """Names of what turns the encoder's output into logits, its pooler included."""
    base = model.base_model_prefix
    parts = [
        name
        for name, module in model.named_children()
        if name != base and next(module.parameters(), None) is not None
    ]
    if getattr(getattr(model, base, None), "pooler", None) is not None:
        parts.append(f"{base}.pooler")
    return parts


def _layer_projections(model: Any) -> list[str]:
    """Names of the linear layers inside the stack of layers, which numbers its members."""
    return [
        name
        for name, module in model.named_modules()
        if (isinstance(module, torch.nn.Linear) or type(module).__name__ == "Conv1D")
        and any(part.isdecimal() for part in name.split("."))
    ]


def is_adapted(model: Any) -> bool:
    """Whether `with_adapter` wrapped it for LoRA."""
    return hasattr(model, "merge_and_unload")


def merged(model: Any) -> Any:
    """An ordinary transformers model with the same function; `model` itself stays as it is."""
    if not is_adapted(model):
        return model
    return copy.deepcopy(model).merge_and_unload()
