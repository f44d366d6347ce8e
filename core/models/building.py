"""Models built from a config: on the meta device for their structure, or with random weights."""

from __future__ import annotations

import copy
from typing import Any

import torch
import transformers

from core.engine.protocol.checkpoint import HEADS, Head
from core.environment import trusts_remote_code
from core.errors import ModelError
from core.models.configuration import impossible, own_auto_class
from core.models.failures import load_failure, reason
from core.models.libraries import building

_UNTRIED = ("meta tensor", "Meta", "data-dependent")
"""In the messages of what the meta device cannot do, whatever the config says."""


def build_on_meta(
    config: Any, head: Head | None, name: str, *, dtype: Any = None, tried: bool = False
) -> Any:
    """The model that `config` describes: shapes without numbers, in no time and no memory.

    Without `dtype`, parameters have the config's, float32 where it names none. With `tried`, two
    tokens go through it as well, which finds sizes that do not fit one another. Raises
    `ModelError`.
    """
    with building:
        with torch.device("meta"):
            model = _build(config, head, name, dtype or config.dtype or torch.float32)
        if tried:
            _try(model, config)
    return model


def build_random(config: Any, head: Head | None, name: str, seed: int) -> Any:
    """The model with the weights that its class initialises it with after `manual_seed(seed)`.

    float32, on the CPU, in evaluation mode. The caller's random state is left as it is. Raises
    `ModelError`, also ("no_memory") where it would not fit.
    """
    require_memory(build_on_meta(config, head, name, dtype=torch.float32, tried=True), name)
    with building, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _build(config, head, name, torch.float32).eval()


def auto_class(config: Any, head: Head | None) -> Any:
    """What has `from_pretrained` for this head: for None the class that the config names."""
    if head:
        return getattr(transformers, HEADS[head])
    for architecture in config.architectures or []:
        if found := getattr(transformers, architecture, None):
            return found
    return getattr(transformers, own_auto_class(config) or "AutoModel")


def require_memory(planned: Any, name: str) -> None:
    """Refuses ("no_memory") a model, planned on the meta device, that would not fit."""
    import psutil  # type: ignore[import-untyped, unused-ignore]

    needed = sum(each.nbytes for each in planned.parameters())
    free = psutil.virtual_memory().available
    if needed > free:
        raise ModelError(
            "no_memory",
            f"{name} takes {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free, so "
            "it was not built: its structure can be seen from its config alone.",
        )


def _build(config: Any, head: Head | None, name: str, dtype: Any) -> Any:
    kind = auto_class(config, head)
    config = copy.deepcopy(config)  # Building writes the dtype into it.
    try:
        if hasattr(kind, "from_config"):  # An Auto class, and no model's own.
            return kind.from_config(config, dtype=dtype, trust_remote_code=trusts_remote_code())
        return kind._from_config(config, dtype=dtype)
    except Exception as error:
        if "trust_remote_code" in str(error):
            raise load_failure(error, name, "config") from error
        if "Unrecognized configuration class" in str(error):
            raise ModelError(
                "other",
                f"transformers has no {head or 'base'} head for {config.model_type} models: "
                "choose another head.",
            ) from error
        raise impossible(config, error) from error


def _try(model: Any, config: Any) -> None:
    tokens = torch.zeros((1, 2), dtype=torch.long, device="meta")
    inputs = {"input_ids": tokens}
    if config.is_encoder_decoder:
        inputs["decoder_input_ids"] = tokens
    try:
        with torch.no_grad():
            model(**inputs)
    except NotImplementedError:
        return
    except RuntimeError as error:
        if not any(word in reason(error) for word in _UNTRIED):
            raise impossible(config, error) from error
    except (TypeError, ValueError, IndexError, AttributeError):
        return  # A model that wants other inputs than ids, or to see their numbers.
