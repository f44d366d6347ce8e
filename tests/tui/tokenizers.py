"""Small real tokenizers of several kinds for the app to open, without an engine."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from core.checkpoints import AS_IS, tokenizer_cache
from tests.core.text.kinds import KINDS


@cache
def _saved(kind: str) -> Path:
    """Saved twice, so that its file is what `AutoTokenizer` makes of it."""
    from transformers import AutoTokenizer

    parent = Path(mkdtemp(prefix=f"{kind}-"))
    KINDS[kind]().save_pretrained(parent / "first")
    AutoTokenizer.from_pretrained(parent / "first").save_pretrained(parent / kind)
    return parent / kind


@cache
def _saved_without_padding(kind: str) -> Path:
    folder = Path(mkdtemp(prefix=f"{kind}-")) / kind
    shutil.copytree(_saved(kind), folder)
    file = folder / "tokenizer_config.json"
    config = json.loads(file.read_text())
    del config["pad_token"]
    file.write_text(json.dumps(config))
    return folder


def tokenizer(kind: str, *, padding: bool = True) -> str:
    """The folder of a tokenizer of `kind`, which the present cache says can be read as it is."""
    folder = _saved(kind) if padding else _saved_without_padding(kind)
    cached = tokenizer_cache(folder)
    cached.mkdir(parents=True, exist_ok=True)
    (cached / AS_IS).touch()
    return str(folder)
