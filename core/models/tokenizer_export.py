"""The tokenizer of a checkpoint exactly as `AutoTokenizer` builds it, for readers without it.

transformers 5 builds many tokenizers anew from the vocabulary and `tokenizer_config.json`; what
comes out can differ from the `tokenizer.json` beside them. The light half reads what is exported
here. Nothing in this module needs torch.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from core.checkpoints import AS_IS, TOKENIZER_FILES, exported_tokenizer_folder, tokenizer_cache
from core.durable import write_atomic
from core.environment import trusts_remote_code
from core.errors import ModelError
from core.models.failures import disk_failure, load_failure
from core.models.hub import has_tokenizer
from core.models.libraries import building

VERY_LARGE_INTEGER = int(1e30)
"""What transformers calls the maximum length of a tokenizer that has none."""


def load_tokenizer(folder: Path, name: str) -> Any:
    """`AutoTokenizer` for the checkpoint in `folder`; raises `ModelError`.

    `folder` may be a file too: a `tokenizer.json`, or a vocabulary, which `BertTokenizer` takes.
    """
    file = _alone(folder)
    if file is None:
        if not has_tokenizer(folder):
            raise ModelError("no_tokenizer", f"{name} brings no tokenizer: choose another model.")
        try:
            if (folder / "config.json").exists():
                json.loads((folder / "config.json").read_bytes())
        except (OSError, ValueError) as error:
            raise load_failure(error, name, "config") from error
    try:
        with building:
            tokenizer = _read_folder(folder) if file is None else _read_file(file)
    except Exception as error:
        raise load_failure(error, name, "tokenizer") from error
    if getattr(tokenizer, "backend_tokenizer", None) is None:
        raise ModelError(
            "no_tokenizer",
            f"The tokenizer of {name} ({type(tokenizer).__name__}) is not of the fast kind, whose "
            "offsets Termformer needs: choose another model.",
        )
    if tokenizer.backend_tokenizer.get_vocab_size() <= len(tokenizer.all_special_tokens):
        # transformers builds an empty tokenizer where the files do not fit its class.
        raise ModelError(
            "no_tokenizer", f"The tokenizer of {name} has no vocabulary: choose another model."
        )
    return tokenizer


def _read_folder(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(
        folder, trust_remote_code=trusts_remote_code(), local_files_only=True
    )


def _alone(place: Path) -> Path | None:
    """The one file that a tokenizer at `place` consists of; None where it is a folder's.

    A folder with nothing but a vocab.txt does not say what kind it is, and `AutoTokenizer` refuses
    it; such vocabularies are BERT's.
    """
    if place.is_file():
        return place
    files = [file for file in ("config.json", *TOKENIZER_FILES) if (place / file).is_file()]
    return place / "vocab.txt" if files == ["vocab.txt"] else None


def _read_file(file: Path) -> Any:
    from transformers import BertTokenizer, PreTrainedTokenizerFast

    if file.suffix == ".json":
        return PreTrainedTokenizerFast(tokenizer_file=str(file))
    lines = file.read_text("utf-8").split("\n")
    if "[UNK]" not in (line.strip() for line in lines):
        raise ValueError("it lists no [UNK], so it is no vocabulary of BERT's kind")
    # Its keyword `vocab_file` is ignored by transformers 5, which leaves the vocabulary empty.
    return BertTokenizer(vocab=str(file))


def export_tokenizer(folder: Path, name: str = "", tokenizer: Any = None) -> Path:
    """The folder whose `tokenizer.json` encodes exactly as `AutoTokenizer` does for `folder`.

    `folder` itself where its own file does (truncation and padding apart, which readers ignore),
    else one in the cache. `tokenizer` spares loading it again. Raises `ModelError`.
    """
    if known := exported_tokenizer_folder(folder):
        return known
    name = name or str(folder)
    if tokenizer is None:
        tokenizer = load_tokenizer(folder, name)
    backend = _without_call_options(json.loads(tokenizer.backend_tokenizer.to_str()))
    cached = tokenizer_cache(folder)
    try:
        if backend == _own(folder) and _config_suffices(folder, tokenizer):
            write_atomic(cached / AS_IS, b"")
            return folder
        _write(tokenizer, backend, cached)
    except OSError as error:
        raise disk_failure(error, f"The exported tokenizer of {name}") or ModelError(
            "other", f"The tokenizer of {name} could not be exported: {error}."
        ) from error
    return cached


def _own(folder: Path) -> object:
    """The folder's own `tokenizer.json` as the tokenizers library reads it; None without one."""
    file = folder / "tokenizer.json"
    if not (file.is_file() and (folder / "tokenizer_config.json").is_file()):
        return None
    from tokenizers import Tokenizer

    # Read and written once by the library, so that fields left to their defaults compare equal.
    return _without_call_options(json.loads(Tokenizer.from_file(str(file)).to_str()))


def _config_suffices(folder: Path, tokenizer: Any) -> bool:
    """Whether `tokenizer_config.json` alone says what `AutoTokenizer` found out from all files.

    Older checkpoints keep their special tokens elsewhere, or leave them to the tokenizer's class.
    """
    config = json.loads((folder / "tokenizer_config.json").read_bytes())
    pad_token = config.get("pad_token")
    limit = config.get("model_max_length") or VERY_LARGE_INTEGER
    said = (
        pad_token.get("content") if isinstance(pad_token, dict) else pad_token,
        config.get("pad_token_type_id", 0),
        config.get("padding_side", "right"),
        config.get("truncation_side", "right"),
        min(limit, VERY_LARGE_INTEGER),
        bool(config.get("clean_up_tokenization_spaces")),
    )
    return said == (
        tokenizer.pad_token,
        tokenizer.pad_token_type_id,
        tokenizer.padding_side,
        tokenizer.truncation_side,
        min(tokenizer.model_max_length, VERY_LARGE_INTEGER),
        bool(tokenizer.clean_up_tokenization_spaces),
    )


def _without_call_options(state: dict[str, Any]) -> dict[str, Any]:
    return {**state, "truncation": None, "padding": None}


def _write(tokenizer: Any, backend: dict[str, Any], cached: Path) -> None:
    """Fills `cached` in one step: two processes may do so at once, either is right."""
    cached.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{cached.name}.", dir=cached.parent))
    try:
        tokenizer.save_pretrained(part)
        (part / "tokenizer.json").write_text(json.dumps(backend, ensure_ascii=False), "utf-8")
        part.chmod(0o755)
        try:
            part.rename(cached)
        except OSError:
            if not (cached / "tokenizer.json").is_file():
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
