"""`termformer model`: what a checkpoint is made of, as its weights or its config alone tell."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from core import checkpoints
from core.engine.protocol import (
    ModelSaved,
    ReadStructure,
    ReadWeights,
    SaveModel,
    StructureRead,
    WeightsRead,
)
from core.engine.protocol.checkpoint import HEADS, Head, LoadReport, SavedFile
from core.random_models import RandomModel, random_model
from tui.commands.model_tree import show_report, show_saved, show_structure
from tui.commands.options import (
    NAMES_OF_MODELS,
    complete_model,
    json_option,
    trust_option,
)
from tui.commands.output import encodable, print_json


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


@click.command(
    "model",
    short_help="What a model is made of: tree, parameters, load report; save it.",
    epilog=f"{NAMES_OF_MODELS}\n\nWith --from-config NAME may also be a kind of model, such as "
    "bert, gpt2, t5 or llama, with its class's defaults.",
)
@click.argument("name", metavar="NAME", shell_complete=complete_model)
@click.option(
    "--from-config",
    is_flag=True,
    help="Build the structure from the config alone; no weights are fetched or read.",
)
@click.option(
    "--head",
    type=click.Choice(list(HEADS)),
    help="Which AutoModel class to build; by default the one that the checkpoint names.",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Change a field of the config first; means --from-config. May be given several times.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of the random weights that --from-config --save writes.",
)
@click.option(
    "--save",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Save model and tokenizer to DIR, read them back and compare every tensor.",
)
@click.option("--force", is_flag=True, help="Let --save replace a checkpoint that stands in DIR.")
@trust_option
@json_option
def model_command(
    name: str,
    from_config: bool,
    head: Head | None,
    changes: tuple[str, ...],
    seed: int,
    folder: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Show what a model is made of: its modules, parameters, shapes, and how its weights loaded.

    Modules that repeat stand in one line (layer.0–5 ×6). After the tree stands what
    from_pretrained found missing (newly initialised), unexpected (not used) or of another shape,
    and what that means for the chosen head.

    With --json: {"model", "class", "parameters", "trainable", "bytes", "modules": [{"name",
    "class", "parameters", "shape"}], "missing_keys", "unexpected_keys", "mismatched_keys"}, and
    "saved" where --save was given. Modules are those of named_modules(), tied weights are counted
    once, the shape is that of a module's own weight or null.
    """
    from tui.commands.engine import ask_engine_in_turn

    model = _named(name, changes, seed, built=from_config and folder is not None)
    checkpoints.locate(model)  # A name that can mean nothing is refused before torch is imported.
    first: ReadStructure | ReadWeights
    if (from_config or changes) and folder is None:
        first = ReadStructure(0, model, head=head)
    else:
        first = ReadWeights(0, model, head=head)
    if folder is None:
        read, *rest = ask_engine_in_turn(first)
    else:
        target = str(folder.expanduser().absolute())
        read, *rest = ask_engine_in_turn(
            first, SaveModel(0, model, head=head, folder=target, force=force)
        )
    assert isinstance(read, StructureRead | WeightsRead)
    saved = rest[0] if rest else None
    assert saved is None or isinstance(saved, ModelSaved)
    report = read.report if isinstance(read, WeightsRead) else None
    if as_json:
        print_json(_document(read, report, saved))
        return
    show_structure(read)
    if isinstance(read, WeightsRead):
        show_report(report, read.notes)
    if saved:
        show_saved(saved)


def _named(name: str, changes: tuple[str, ...], seed: int, *, built: bool) -> str:
    """The model's name with what is to be changed in its config, if anything is."""
    fields = {}
    for change in changes:
        field, equals, value = change.partition("=")
        if not equals or not field.strip():
            raise click.UsageError(f"--set takes FIELD=VALUE, and {change!r} is not that.")
        fields[field.strip()] = value
    twin = random_model(name)
    if twin:
        return RandomModel(twin.base, seed or twin.seed, {**twin.changes, **fields}).name
    return RandomModel(name, seed, fields).name if fields or built else name


def _document(
    read: StructureRead | WeightsRead, report: LoadReport | None, saved: ModelSaved | None
) -> ModelDocument:
    root = read.structure.root
    return ModelDocument(
        model=encodable(read.model),
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
        saved=SavedDocument(encodable(saved.folder), saved.files, saved.compared_tensors)
        if saved
        else msgspec.UNSET,
    )
