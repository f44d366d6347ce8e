"""What `from_pretrained` says of the weights it did not find, did not use, or could not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from core.engine.protocol.checkpoint import KeyGroup, LoadReport, MismatchedKey
from core.environment import trusts_remote_code
from core.models.hub import PICKLED_WEIGHTS, SAFE_WEIGHTS, brings_code

_LEFTOVERS = ("position_ids", "masked_bias", "attn.bias", "rotary_emb.inv_freq")
"""Endings of constants that older versions of transformers saved."""


def load_report(model: Any, found: dict[str, Any], folder: Path, saved_as: str) -> LoadReport:
    """Reads `output_loading_info`; `saved_as` is the class that the checkpoint says it is of."""
    missing = sorted(found["missing_keys"])
    unexpected = sorted(found["unexpected_keys"])
    mismatched = [
        MismatchedKey(key, list(theirs), list(ours))
        for key, theirs, ours in sorted(found["mismatched_keys"])
    ]
    kind = type(model).__name__
    base = model.base_model_prefix
    has_body = hasattr(model, base)

    lacks_body = any(not _is_head(_part(key, base), base, has_body) for key in missing)

    def missing_means(part: str) -> str:
        if _is_head(part, base, has_body):
            return (
                f"The head of {kind}, which the checkpoint does not have: newly initialised with "
                "random numbers. Train it before you trust what it says."
            )
        return (
            f"A part of the encoder that {kind} needs and the checkpoint does not have: newly "
            "initialised with random numbers, so the file is incomplete or another model's."
        )

    def unexpected_means(part: str) -> str:
        if part.endswith(_LEFTOVERS):
            return "A constant that older versions of transformers saved: nothing is lost."
        if _is_body(part, model):
            return (
                "Parts of the model itself, not of its head, for which this config has no place: "
                "dropped. What is left is not the model that was trained, so the config is another "
                "one's or was changed."
            )
        source = saved_as if saved_as and saved_as != kind else "The checkpoint"
        verb = "has" if source == "The checkpoint" else "saved"
        unharmed = "" if lacks_body else " The rest is not the worse for it."
        return f"{source} {verb} it, and {kind} has no such part: it is not used.{unharmed}"

    def mismatched_means(part: str) -> str:
        first = next(each for each in mismatched if each.key.startswith(part))
        return (
            f"The checkpoint has another shape than the config asks for ({first.checkpoint_shape} "
            f"and {first.model_shape}, as of {first.key}): not used, newly initialised with random "
            "numbers."
        )

    return LoadReport(
        missing_keys=missing,
        unexpected_keys=unexpected,
        mismatched_keys=mismatched,
        missing=_groups(missing, base, missing_means),
        unexpected=_groups(unexpected, base, unexpected_means),
        mismatched=_groups((each.key for each in mismatched), base, mismatched_means),
        files=[file.name for file in weight_files(folder)],
    )


def borrowed_head(model: Any, report: LoadReport, saved_as: str) -> list[str]:
    """A sentence where a head's weights fitted by name and shape, though of another class."""
    kind = type(model).__name__
    base = model.base_model_prefix
    if not saved_as or saved_as == kind or not hasattr(model, base):
        return []
    fresh = {*report.missing_keys, *(each.key for each in report.mismatched_keys)}
    parts = sorted(
        {
            _part(name, base)
            for name, _ in model.named_parameters()
            if name not in fresh and not name.startswith(f"{base}.")
        }
    )
    if not parts:
        return []
    return [
        f"The head of {kind} ({', '.join(parts)}) was read from what {saved_as} saved: it fits by "
        "name and shape, whatever it was trained for."
    ]


def weight_files(folder: Path) -> list[Path]:
    """The files that transformers reads weights from: safetensors where there are any."""
    for patterns in (SAFE_WEIGHTS, PICKLED_WEIGHTS):
        files = {file for pattern in patterns for file in folder.glob(pattern)}
        if weights := sorted(file for file in files if file.suffix != ".json"):
            return weights
    return []


def safety_notes(folder: Path) -> list[str]:
    """What to know of files in `folder` that could bring code with them; usually nothing."""
    notes = []
    files = weight_files(folder)
    if files and files[0].suffix == ".bin":
        notes.append(
            f"The weights are pickled ({files[0].name}): read by torch.load with "
            "weights_only=True, which runs no code. Saving the model turns them into safetensors."
        )
    if brings_code(folder) and not trusts_remote_code():
        notes.append(
            "The checkpoint brings code of its own, which was not run: transformers' own class "
            "was used. --trust-remote-code, for one start, runs it."
        )
    return notes


def _is_head(part: str, base: str, has_body: bool) -> bool:
    if has_body:
        return not part.startswith(f"{base}.") or part == f"{base}.pooler"
    return part == "pooler"


def _is_body(part: str, model: Any) -> bool:
    """Whether a part of a checkpoint's belongs to what is below the head, under either name."""
    first = part.removeprefix(f"{model.base_model_prefix}.").partition(".")[0]
    return first != "pooler" and first in dict(model.base_model.named_children())


def _groups(keys: Iterable[str], base: str, means: Callable[[str], str]) -> list[KeyGroup]:
    parts: dict[str, list[str]] = {}
    for key in keys:
        parts.setdefault(_part(key, base), []).append(key)
    return [KeyGroup(part, keys, means(part)) for part, keys in parts.items()]


def _part(key: str, base: str) -> str:
    """ "classifier" of "classifier.weight", "bert.encoder" of "bert.encoder.layer.0.…"."""
    names = key.split(".")
    if any(key.endswith(leftover) for leftover in _LEFTOVERS):
        return key
    return ".".join(names[: 2 if names[0] == base else 1])
