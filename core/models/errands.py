"""Answers to what is asked about a checkpoint itself rather than of a loaded model."""

from __future__ import annotations

from functools import singledispatch
from pathlib import Path

import torch

from core.engine.protocol.checkpoint import (
    CompareConfigs,
    ConfigsCompared,
    Errand,
    Head,
    InspectParameter,
    ModelSaved,
    ParameterInspected,
    ReadStructure,
    ReadWeights,
    SaveModel,
    StructureRead,
    WeightsRead,
)
from core.errors import ModelError
from core.models.building import build_on_meta
from core.models.checkpoint import resolve_config
from core.models.configuration import (
    brings_tokenizer,
    checkpoint_of,
    compare,
    describe,
    is_kind,
    read_config,
)
from core.models.holding import HeldModel, hold
from core.models.hub import Progress
from core.models.parameter import figures_of
from core.models.saving import save
from core.models.stored_dtype import stored_dtype
from core.models.structure import structure_of
from core.random_models import random_model

ErrandReply = StructureRead | ConfigsCompared | WeightsRead | ParameterInspected | ModelSaved


class _Holder:
    """Keeps the last model that was looked into; only one of the engine's threads comes here."""

    def __init__(self) -> None:
        self._held: HeldModel | None = None

    def hold(self, name: str, head: Head | None, progress: Progress) -> HeldModel:
        """The model of that name and head, loaded now unless it is there."""
        if self._held is None or not self._held.is_for(name, head):
            self._held = None  # Two of them need not fit.
            self._held = hold(name, head, progress)
        return self._held


_holder = _Holder()


@singledispatch
def carry_out(errand: Errand, progress: Progress) -> ErrandReply:
    """The reply to `errand`; raises `ModelError`."""
    raise NotImplementedError(type(errand).__name__)


@carry_out.register
def _read_structure(errand: ReadStructure, progress: Progress) -> StructureRead:
    progress("reading the config", None, None)
    config = read_config(errand.model, progress)
    twin = random_model(errand.model)
    model = build_on_meta(
        config,
        errand.head,
        errand.model,
        # Random weights are made in float32.
        dtype=torch.float32 if twin else stored_dtype(_folder(errand.model), config),
        tried=bool(twin and twin.changes),
    )
    return StructureRead(
        id=errand.id,
        model=errand.model,
        head=errand.head,
        class_name=type(model).__name__,
        checkpoint=checkpoint_of(errand.model),
        structure=structure_of(model),
        config=describe(config),
        has_tokenizer=brings_tokenizer(errand.model),
    )


def _folder(name: str) -> Path | None:
    """Where the checkpoint is, whose config was read; None for a kind of model."""
    return None if is_kind(name) else resolve_config(name)


@carry_out.register
def _compare_configs(errand: CompareConfigs, progress: Progress) -> ConfigsCompared:
    progress("reading the configs", None, None)
    ours, theirs = (describe(read_config(name, progress)) for name in (errand.model, errand.other))
    return ConfigsCompared(
        id=errand.id,
        model=errand.model,
        other=errand.other,
        class_names=(ours.class_name, theirs.class_name),
        checkpoints=(checkpoint_of(errand.model), checkpoint_of(errand.other)),
        fields=compare(ours, theirs),
    )


@carry_out.register
def _read_weights(errand: ReadWeights, progress: Progress) -> WeightsRead:
    held = _holder.hold(errand.model, errand.head, progress)
    return WeightsRead(
        id=errand.id,
        model=errand.model,
        head=errand.head,
        class_name=type(held.model).__name__,
        checkpoint=checkpoint_of(errand.model),
        structure=structure_of(held.model),
        config=held.config,
        report=held.report,
        has_tokenizer=held.tokenizer is not None,
        notes=held.notes,
    )


@carry_out.register
def _inspect(errand: InspectParameter, progress: Progress) -> ParameterInspected:
    held = _holder.hold(errand.model, errand.head, progress)
    owner = structure_of(held.model).owner_of(errand.parameter)
    if owner is None:
        raise ModelError(
            "not_found",
            f"{type(held.model).__name__} has no parameter named {errand.parameter!r}.",
        )
    _, parameter = owner
    figures = figures_of(held.model.get_parameter(errand.parameter))
    return ParameterInspected(
        id=errand.id,
        model=errand.model,
        head=errand.head,
        name=errand.parameter,
        parameter=parameter,
        origin="random" if held.is_random(errand.parameter) else "checkpoint",
        figures=figures,
    )


@carry_out.register
def _save(errand: SaveModel, progress: Progress) -> ModelSaved:
    held = _holder.hold(errand.model, errand.head, progress)
    saved = save(held.model, held.tokenizer, Path(errand.folder), progress, force=errand.force)
    return ModelSaved(
        id=errand.id,
        model=errand.model,
        head=errand.head,
        folder=errand.folder,
        class_name=type(held.model).__name__,
        files=saved.files,
        compared_tensors=saved.compared_tensors,
        replaced=saved.replaced,
        notes=held.notes,
    )
