"""The model that the Model pane looks into: loaded with a chosen head, or built at random."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.engine.protocol.checkpoint import Config, Head, LoadReport
from core.errors import ModelError
from core.models.building import auto_class, build_on_meta, build_random, require_memory
from core.models.checkpoint import resolve
from core.models.configuration import describe, is_kind, read_config
from core.models.hub import Progress, has_tokenizer
from core.models.load_report import borrowed_head, load_report, safety_notes
from core.models.loading import fingerprint, from_pretrained
from core.models.stored_dtype import stored_dtype
from core.models.tokenizer_export import load_tokenizer
from core.random_models import base_of, random_model

NO_TOKENIZER = "It brings no tokenizer: no text can go through it, and it is saved without one."


@dataclass(frozen=True, slots=True)
class HeldModel:
    """A model on the CPU, a checkpoint's in its own dtype, and how its numbers came about."""

    name: str
    head: Head | None
    model: Any
    tokenizer: Any | None
    config: Config
    report: LoadReport | None
    """None where all numbers are random."""
    notes: list[str]
    folder: Path | None
    fingerprint: tuple[tuple[str, int, int], ...]

    def is_for(self, name: str, head: Head | None) -> bool:
        """Whether it is still what `name` with `head` means."""
        current = fingerprint(self.folder) if self.folder else ()
        return (self.name, self.head) == (name, head) and current == self.fingerprint

    def is_random(self, parameter: str) -> bool:
        """Whether the numbers of the parameter of this name were read from no file."""
        if self.report is None:
            return True
        mismatched = (each.key for each in self.report.mismatched_keys)
        return parameter in {*self.report.missing_keys, *mismatched}


def hold(name: str, head: Head | None, progress: Progress) -> HeldModel:
    """Loads `name` with `head`, or builds it where it is to be random. Raises `ModelError`."""
    progress("importing transformers", None, None)
    if twin := random_model(name):
        config = read_config(name, progress)
        progress(f"building {name}", None, None)
        model = build_random(config, head, name, twin.seed)
        tokenizer, notes = _tokenizer_of(name, progress)
        notes = [twin.note, *notes]
        return HeldModel(name, head, model, tokenizer, describe(config), None, notes, None, ())
    folder = _folder_of(name, progress)
    config = read_config(name, progress)
    told = describe(config)  # Loading writes into it.
    tokenizer, notes = _tokenizer_in(folder, name)
    progress("reading weights", None, None)
    stamp = fingerprint(folder)
    dtype = stored_dtype(folder, config)
    require_memory(build_on_meta(config, head, name, dtype=dtype), name)
    # In its own dtype: it is looked at and saved as it is, and nothing is computed with it. Other
    # shapes are for the report; running such a model is refused elsewhere.
    model, found = from_pretrained(
        auto_class(config, head), folder, name, config, dtype="auto", ignore_mismatched_sizes=True
    )
    saved_as = (config.architectures or [""])[0]
    report = load_report(model, found, folder, saved_as)
    notes = [*safety_notes(folder), *borrowed_head(model, report, saved_as), *notes]
    return HeldModel(name, head, model, tokenizer, told, report, notes, folder, stamp)


def _folder_of(name: str, progress: Progress) -> Path:
    try:
        return resolve(name, progress, tokenizer=False)
    except ModelError as error:
        if error.kind in ("not_found", "offline") and is_kind(name):
            raise ModelError(
                "not_found",
                f"{name} is a kind of model and no checkpoint here, so it has no weights: see it "
                f"from its config alone, or build it with random ones (random:{name}).",
            ) from error
        raise


def _tokenizer_of(name: str, progress: Progress) -> tuple[Any | None, list[str]]:
    """The tokenizer that goes with a random model's config, and what is to be said of it."""
    base = base_of(name)
    if is_kind(base):
        return None, [NO_TOKENIZER]
    return _tokenizer_in(resolve(base, progress, weights=False, tokenizer=False), base)


def _tokenizer_in(folder: Path, name: str) -> tuple[Any | None, list[str]]:
    """The tokenizer, or None and why there is none: looking at weights needs no tokenizer."""
    if not has_tokenizer(folder):
        return None, [NO_TOKENIZER]
    try:
        return load_tokenizer(folder, name), []
    except ModelError as error:
        if error.kind not in ("no_tokenizer", "corrupt", "other"):
            raise
        return None, [f"{error} The model is saved without a tokenizer."]
