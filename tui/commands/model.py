"""`termformer model`: what a checkpoint is made of, as its weights or its config alone tell."""

from __future__ import annotations

from pathlib import Path

import click

from core import checkpoints
from core.engine.protocol import (
    ModelSaved,
    ReadStructure,
    ReadWeights,
    Request,
    SaveModel,
    StructureRead,
    WeightsRead,
)
from core.engine.protocol.checkpoint import HEADS, Head
from core.errors import ModelError
from core.model_document import document_of
from core.random_models import RandomModel, random_model
from core.typed_paths import typed_path
from tui.commands.model_tree import show_report, show_saved, show_structure
from tui.commands.options import (
    NAMES_OF_MODELS,
    complete_model,
    json_option,
    trust_option,
)
from tui.commands.output import print_json


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
    requests: list[Request] = [first]
    if folder is not None:
        target = str(typed_path(folder).absolute())
        requests.append(SaveModel(0, model, head=head, folder=target, force=force))
    try:
        read, *rest = ask_engine_in_turn(*requests)
    except ModelError as error:
        if error.kind == "replaceable":
            raise ModelError(error.kind, f"{error} --force replaces it.") from error
        raise
    assert isinstance(read, StructureRead | WeightsRead)
    saved = rest[0] if rest else None
    assert saved is None or isinstance(saved, ModelSaved)
    if as_json:
        print_json(document_of(read, saved))
        return
    show_structure(read)
    if isinstance(read, WeightsRead):
        show_report(read.report, read.notes)
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
