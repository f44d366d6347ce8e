"""Loading a checkpoint: its config, tokenizer and weights, ready to be run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.checkpoints import locate
from core.engine.protocol import ModelInfo, Task
from core.engine.protocol.checkpoint import HEADS
from core.environment import trusts_remote_code
from core.errors import ModelError
from core.models.building import build_random
from core.models.checkpoint import resolve
from core.models.configuration import is_kind, own_auto_class, read_config
from core.models.failures import load_failure, remedy
from core.models.hub import Progress
from core.models.libraries import building
from core.models.load_report import safety_notes
from core.models.postprocess import postprocess_of
from core.models.stored_dtype import stored_dtype
from core.models.tokenizer_export import export_tokenizer, load_tokenizer
from core.random_models import random_model

_TASKS: dict[str, tuple[Task, str]] = {
    "ForSequenceClassification": ("text-classification", "AutoModelForSequenceClassification"),
    "ForMaskedLM": ("fill-mask", "AutoModelForMaskedLM"),
    "ForTokenClassification": ("token-classification", "AutoModelForTokenClassification"),
}
"""By the ending of the class that a config names: the task, and what loads it."""
_HEAD_OF = {auto: head for head, auto in HEADS.items()}
_HEADS = {
    "classifier", "score", "pre_classifier", "pooler", "classification_head", "qa_outputs",
    "cls", "lm_head", "predictions", "generator_predictions", "generator_lm_head",
    "vocab_transform", "vocab_layer_norm", "vocab_projector", "head", "decoder",
}  # fmt: skip
"""First or second parts of parameter names that belong to a head, not to the encoder."""
_SHOWN_TASKS: dict[Task, str] = {
    "text-classification": "classifies sentences",
    "fill-mask": "fills in masked tokens",
    "token-classification": "labels tokens",
}


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


def load_model(
    name: str,
    progress: Progress,
    *,
    tasks: frozenset[Task] | None = None,
    make_room: Callable[[], None] | None = None,
) -> LoadedModel:
    """Loads the model called `name`, or builds it where it is a random one; raises `ModelError`.

    A checkpoint whose head is for none of the known tasks is loaded as its bare encoder. Where
    `tasks` are given, one whose head is for none of these is refused ("not_a_classifier") before
    its weights are read. `make_room` is called before that, when nothing else can be wrong.
    """
    twin = random_model(name)
    if twin and is_kind(name):
        raise ModelError(
            "no_tokenizer",
            f"{twin.base} is a kind of model and brings no tokenizer, so no text can go through "
            "it: build from a checkpoint's config instead, such as random:mini.",
        )
    folder = resolve(name, progress, weights=twin is None)
    progress("importing transformers", None, None)
    config = read_config(name, progress)
    progress("reading the tokenizer", None, None)
    tokenizer = load_tokenizer(folder, name)
    tokenizer_folder = export_tokenizer(folder, name, tokenizer)
    task, auto = _head(config)
    if tasks is not None and task not in tasks:
        raise wrong_task(name, config.architectures, tasks)
    progress("reading weights", None, None)
    if make_room:
        make_room()
    stamp = fingerprint(locate(name).folder or folder)
    own_dtype = stored_dtype(folder, config)  # Loading writes into the config.
    if twin:
        model = build_random(config, _HEAD_OF[auto], name, twin.seed)
        notes = [twin.note]
    else:
        model = _load_weights(folder, name, config, task, auto)
        notes = [*safety_notes(folder), *_widened(own_dtype)]
    notes += _give_pad_token(model, tokenizer)
    info = ModelInfo(
        name=name,
        folder=str(folder),
        tokenizer_folder=str(tokenizer_folder),
        class_name=type(model).__name__,
        parameters=model.num_parameters(),
        labels=labels(model) if task == "text-classification" else [],
        problem_type=getattr(config, "problem_type", None),
        max_positions=max_positions(model),
        padding_side=tokenizer.padding_side,
        notes=notes,
        task=task,
        postprocess=postprocess_of(config),
        vocabulary_size=model.get_input_embeddings().num_embeddings,
        withheld=[name for name in tokenizer.model_input_names if name not in accepted(model)],
    )
    return LoadedModel(info, model, tokenizer, stamp)


def _widened(own_dtype: Any) -> list[str]:
    """What is to be said of a checkpoint in half precision, which CPUs are slow to compute in."""
    own = str(own_dtype or "float32").removeprefix("torch.")
    if own == "float32":
        return []
    return [f"The checkpoint holds {own}; it is computed in float32 here."]


def wrong_task(name: str, architectures: list[str] | None, tasks: frozenset[Task]) -> ModelError:
    """Says that `name` has no head for any of `tasks`, and what it is instead."""
    kind = f" (it is a {architectures[0]})" if architectures else ""
    if tasks == {"text-classification"}:
        return ModelError(
            "not_a_classifier",
            f"{name} has no classification head{kind}, so it gives no logits of labels: fine-tune "
            "it first, or choose a model that was trained to classify sentences.",
        )
    *others, last = [_SHOWN_TASKS[task] for task in _SHOWN_TASKS if task in tasks]
    wanted = f"{', '.join(others)} or {last}" if others else last
    return ModelError(
        "not_a_classifier",
        f"{name} has no head for this{kind}: choose a model that {wanted}.",
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
    return value - position_offset(model)


def position_offset(model: Any) -> int:
    """The position of the first token: 0, but for RoBERTa and its kin `padding_idx + 1`."""
    for part, module in model.named_modules():
        padding = getattr(module, "padding_idx", None)
        if part.endswith("position_embeddings") and padding is not None:
            return int(padding) + 1
    return 0


def _head(config: Any) -> tuple[Task | None, str]:
    for kind in (*(config.architectures or []), own_auto_class(config) or ""):
        for ending, known in _TASKS.items():
            if ending in kind:
                return known
    return None, "AutoModel"


def _load_weights(folder: Path, name: str, config: Any, task: Task | None, auto: str) -> Any:
    import torch
    import transformers

    model_class = getattr(transformers, auto)
    model, found = from_pretrained(model_class, folder, name, config, dtype=torch.float32)
    _require_all(found["missing_keys"], name, task)
    return model


def from_pretrained(
    model_class: Any,
    folder: Path,
    name: str,
    config: Any,
    *,
    dtype: Any,
    ignore_mismatched_sizes: bool = False,
) -> tuple[Any, dict[str, Any]]:
    """The model in `folder`, in evaluation mode, and transformers' loading info.

    `dtype` may be "auto": the one that the config names, else the one that the file has. Raises
    `ModelError`.
    """
    try:
        with building:
            model, found = model_class.from_pretrained(
                folder,
                config=config,
                dtype=dtype,
                trust_remote_code=trusts_remote_code(),
                local_files_only=True,
                ignore_mismatched_sizes=ignore_mismatched_sizes,
                output_loading_info=True,
            )
    except Exception as error:
        raise load_failure(error, name, "weights") from error
    return model.eval(), found


def _require_all(missing: Iterable[str], name: str, task: Task | None) -> None:
    """transformers only warns of weights that are missing, and fills in random numbers."""
    encoder = [key for key in missing if not set(key.split(".")[:2]) & _HEADS]
    if encoder:
        raise ModelError(
            "corrupt",
            f"The weights of {name} are incomplete: {len(encoder)} parameters are missing, "
            f"{min(encoder)} among them. {remedy(name)}",
        )
    if task and list(missing):
        raise wrong_task(name, None, frozenset({task}))


def accepted(model: Any) -> frozenset[str]:
    """The inputs that the model's class names: DistilBERT, say, knows no `token_type_ids`."""
    return frozenset(inspect.signature(model.forward).parameters)


def labels(model: Any) -> list[str]:
    """The names of the labels of a classifier's head, in the order of its logits."""
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
