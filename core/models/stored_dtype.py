"""In which dtype a checkpoint holds its weights, found without reading them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from core.models.load_report import weight_files

_FLOATS = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
}


def stored_dtype(folder: Path | None, config: Any) -> torch.dtype | None:
    """What `dtype="auto"` loads the weights in `folder` as; None where only loading tells.

    The config's; where it names none, that of the first floating-point tensor, as the header of
    the safetensors file says.
    """
    if config.dtype is not None:
        named: torch.dtype = config.dtype
        return named
    files = weight_files(folder) if folder is not None else []
    if not files or files[0].suffix != ".safetensors":
        return None
    try:
        with safe_open(files[0], framework="pt") as opened:
            for name in opened.keys():  # noqa: SIM118 - it is no mapping
                if found := _FLOATS.get(opened.get_slice(name).get_dtype()):
                    return found
    except (OSError, SafetensorError):
        return None  # Loading says what is wrong with it.
    return None
