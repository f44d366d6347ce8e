"""Configs: read without weights, told field by field, compared, and changed before building."""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import json
from collections.abc import Mapping
from typing import Any

from core.checkpoints import has_weights, hub_snapshot, locate
from core.engine.protocol.checkpoint import Config, ConfigDifference, ConfigField
from core.environment import trusts_remote_code
from core.errors import ModelError
from core.models.checkpoint import resolve_config
from core.models.failures import load_failure, reason
from core.models.hub import Progress, has_tokenizer
from core.models.libraries import building
from core.random_models import base_of, field_value, random_model

MOST_LAYERS = 1000
"""More are not built: on the meta device, too, each costs time."""
_UNTOLD = {"_name_or_path"}


def read_config(name: str, progress: Progress) -> Any:
    """The transformers config of `name`, changed as a random model's name says.

    `name` may also be a kind of model, "bert": then it is the class's defaults. Only config
    files are fetched. Raises `ModelError`.
    """
    twin = random_model(name)
    base = twin.base if twin else name
    config, written = _read(base, progress)
    if twin and twin.changes:
        config = changed(config, written, twin.changes)
    _require_buildable(config)
    return config


def _read(name: str, progress: Progress) -> tuple[Any, dict[str, Any]]:
    """A config, and the fields that its file sets; none for a kind's defaults."""
    from transformers import AutoConfig, PreTrainedConfig

    if is_kind(name):
        return AutoConfig.for_model(name.strip()), {}
    try:
        folder = resolve_config(name, progress)
    except ModelError as error:
        if told := _no_kind_either(error, name.strip()):
            raise told from error
        raise
    try:
        with building:
            config = AutoConfig.from_pretrained(
                folder, trust_remote_code=trusts_remote_code(), local_files_only=True
            )
            written, _ = PreTrainedConfig.get_config_dict(folder, local_files_only=True)
    except Exception as error:
        raise load_failure(error, name, "config") from error
    return config, written


def _no_kind_either(error: ModelError, name: str) -> ModelError | None:
    """`error`, with what else a name of one word may mean where only a config is wanted."""
    from transformers import CONFIG_MAPPING

    if error.kind not in ("not_found", "offline") or locate(name).kind != "hub" or "/" in name:
        return None
    near = difflib.get_close_matches(name, CONFIG_MAPPING.keys(), n=1)
    kinds = f"did you mean {near[0]}?" if near else "those are bert, gpt2, t5, llama and others."
    return ModelError(
        error.kind, f"{error} Nor is {name} a kind of model that transformers knows: {kinds}"
    )


def is_kind(name: str) -> bool:
    """Whether `name` means one of transformers' kinds of model, and no checkpoint here."""
    from transformers import CONFIG_MAPPING

    name = base_of(name).strip()
    return name in CONFIG_MAPPING and locate(name).kind == "hub" and hub_snapshot(name) is None


def own_auto_class(config: Any) -> str | None:
    """The name of the Auto class under which a checkpoint lists the model class of its own code.

    None where that class is one of transformers, whose name says what it is.
    """
    for auto, place in (getattr(config, "auto_map", None) or {}).items():
        if str(place).rpartition(".")[2] in (config.architectures or []):
            return str(auto)
    return None


def checkpoint_of(name: str) -> str:
    """What `from_pretrained` takes for the config of `name`; "" for a kind's defaults."""
    base = base_of(name).strip()
    if is_kind(base):
        return ""
    return base if locate(base).kind == "hub" else str(resolve_config(base))


def brings_tokenizer(name: str) -> bool | None:
    """Whether a tokenizer goes with the config of `name`; None where only fetching would tell."""
    base = base_of(name).strip()
    if is_kind(base):
        return False
    if locate(base).kind != "hub":
        return has_tokenizer(resolve_config(base))
    cached = hub_snapshot(base)
    if cached is None or not (has_tokenizer(cached) or has_weights(cached)):
        return None
    return has_tokenizer(cached)


# --- told and compared ------------------------------------------------------------------------


def describe(config: Any) -> Config:
    """Every field beside its class's default; the class's own fields come first."""
    values = _values(config)
    defaults = _defaults(type(config))
    kinds = {each.name: _kind(each.type) for each in dataclasses.fields(config)}
    own = [name for name in inspect.get_annotations(type(config)) if name in values]
    names = [*own, *(name for name in values if name not in own)]
    return Config(
        class_name=type(config).__name__,
        model_type=config.model_type,
        fields=[
            ConfigField(name, values[name], defaults.get(name), kinds.get(name, ""))
            for name in names
        ],
    )


def compare(config: Config, other: Config) -> list[ConfigDifference]:
    """The fields of both: those of `config` in its order, then what only `other` has."""
    ours = {each.name: each.value for each in config.fields}
    theirs = {each.name: each.value for each in other.fields}
    return [ConfigDifference(name, ours.get(name), theirs.get(name)) for name in ours | theirs]


def _values(config: Any) -> dict[str, str]:
    """The fields in JSON. What a class does not declare, but a file sets, is among them."""
    told = json.loads(config.to_json_string(use_diff=False))
    return {
        name: json.dumps(value, ensure_ascii=False)
        for name, value in told.items()
        if name not in _UNTOLD
    }


def _defaults(kind: type[Any]) -> dict[str, str]:
    try:
        return _values(kind())
    except (TypeError, ValueError):
        return {}  # A config of several parts that has no defaults for them.


def _kind(annotation: object) -> str:
    return (
        annotation
        if isinstance(annotation, str)
        else getattr(annotation, "__name__", str(annotation))
    )


# --- changed ----------------------------------------------------------------------------------


def changed(config: Any, written: Mapping[str, Any], changes: Mapping[str, str]) -> Any:
    """`config`, whose file sets `written`, with `changes`; raises `ModelError` in words.

    Built anew from the file's fields, so that what the class derives from others follows.
    """
    kind = type(config)
    fields = dict(written)
    for name, text in changes.items():
        own_name = _field_name(config, name)
        value = field_value(text)
        _require_sensible(own_name, value, getattr(config, own_name, None))
        for alias, target in kind.attribute_map.items():
            if target == own_name:
                fields.pop(alias, None)
        if own_name == "num_labels":
            fields.pop("id2label", None)
            fields.pop("label2id", None)
        fields[own_name] = value
    try:
        return kind.from_dict(fields)
    except Exception as error:
        raise impossible(config, error) from error


def _field_name(config: Any, name: str) -> str:
    """The field's name in its class: `hidden_size` is DistilBERT's `dim`."""
    own_name = type(config).attribute_map.get(name, name)
    known = {*config.to_dict(), *(each.name for each in dataclasses.fields(config)), "num_labels"}
    if own_name in known and own_name not in {*_UNTOLD, "model_type", "transformers_version"}:
        return str(own_name)
    near = difflib.get_close_matches(name, [*known, *type(config).attribute_map], n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise ModelError(
        "impossible_config", f"{type(config).__name__} has no field {name!r} to set.{hint}"
    )


def _require_sensible(name: str, value: object, before: object) -> None:
    """Refuses what torch would build without a word, though nothing could come of it."""
    if isinstance(value, bool) or not isinstance(value, int | float) or name.endswith("_id"):
        return
    if value < 0 and not (isinstance(before, int | float) and before < 0):
        raise ModelError("impossible_config", f"{name} cannot be negative ({value}).")
    counts = ("size", "heads", "head", "dim", "embd", "positions", "embeddings", "model", "kv")
    if value == 0 and name.endswith(counts):
        raise ModelError("impossible_config", f"{name} cannot be 0: nothing would be left.")


def _require_buildable(config: Any) -> None:
    """Refuses what would take hours to build, and what torch has only half a sentence for."""
    fields = config.to_dict()
    for name, value in fields.items():
        if "layer" in name and isinstance(value, int) and value > MOST_LAYERS:
            raise ModelError(
                "impossible_config",
                f"{name} = {value}: no more than {MOST_LAYERS} layers are built.",
            )
    heads, groups = fields.get("num_attention_heads"), fields.get("num_key_value_heads")
    if heads and groups and heads % groups:
        raise ModelError(
            "impossible_config",
            f"num_key_value_heads ({groups}) must divide num_attention_heads ({heads}).",
        )


def impossible(config: Any, error: BaseException) -> ModelError:
    """Says why no model can be built from `config`, in the words of what refused it."""
    why = reason(error)
    if isinstance(error, KeyError) and error.args:
        fields = [name for name, value in config.to_dict().items() if value == error.args[0]]
        why = f"{fields[0] if fields else 'a field'} knows no {error.args[0]!r}"
    return ModelError("impossible_config", f"No {config.model_type} model can be built so: {why}.")
