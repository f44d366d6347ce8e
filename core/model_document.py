"""A model as `termformer model --json` prints it and the Model pane exports it."""

from __future__ import annotations

import msgspec

from core.engine.protocol import ModelSaved, StructureRead, WeightsRead
from core.engine.protocol.checkpoint import SavedFile


class ModuleDocument(msgspec.Struct, frozen=True):
    """One module of `named_modules()`; `parameters` counts those below it, tied weights once."""

    name: str
    class_: str = msgspec.field(name="class")
    parameters: int
    shape: list[int] | None
    """Of its own first tensor, which is its weight; null where it has none."""


class SavedDocument(msgspec.Struct, frozen=True):
    """What `--save` did: files with their bytes, and how many tensors were read back identical."""

    folder: str
    files: list[SavedFile]
    compared_tensors: int


class ModelDocument(msgspec.Struct, frozen=True, omit_defaults=False):
    """What `--json` prints. Mismatched keys are `[key, checkpoint's shape, model's shape]`."""

    model: str
    class_: str = msgspec.field(name="class")
    parameters: int
    trainable: int
    bytes: int
    modules: list[ModuleDocument]
    missing_keys: list[str]
    unexpected_keys: list[str]
    mismatched_keys: list[tuple[str, list[int], list[int]]]
    saved: SavedDocument | msgspec.UnsetType = msgspec.UNSET


def document_of(
    read: StructureRead | WeightsRead, saved: ModelSaved | None = None
) -> ModelDocument:
    """What was read, and what was saved of it."""
    report = read.report if isinstance(read, WeightsRead) else None
    root = read.structure.root
    return ModelDocument(
        model=_encodable(read.model),
        class_=read.class_name,
        parameters=root.parameters,
        trainable=root.trainable,
        bytes=root.bytes,
        modules=[
            ModuleDocument(
                name=module.path,
                class_=module.class_name,
                parameters=module.parameters,
                shape=module.own[0].shape if module.own else None,
            )
            for module in read.structure.modules
        ],
        missing_keys=report.missing_keys if report else [],
        unexpected_keys=report.unexpected_keys if report else [],
        mismatched_keys=[
            (each.key, each.checkpoint_shape, each.model_shape) for each in report.mismatched_keys
        ]
        if report
        else [],
        saved=SavedDocument(_encodable(saved.folder), saved.files, saved.compared_tensors)
        if saved
        else msgspec.UNSET,
    )


def _encodable(text: str) -> str:
    """A folder's name may hold bytes that are no UTF-8."""
    return text.encode("utf-8", "replace").decode()
