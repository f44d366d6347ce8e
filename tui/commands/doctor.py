"""`termformer doctor`: versions, places, the terminal; and clearing the cache."""

from __future__ import annotations

import click
import msgspec

from core import paths
from core.errors import TermformerError
from core.sizes import size, size_of
from tui.commands.cleaning import clear, clearable
from tui.commands.diagnosis import Diagnosis, diagnose
from tui.commands.options import json_option
from tui.commands.output import Column, Table, encodable, print_json, print_table, print_text


class Cleared(msgspec.Struct, frozen=True):
    """What `--clear-cache --json` prints."""

    path: str
    freed_bytes: int


@click.command("doctor", short_help="Versions, files and sizes, the terminal; clears the cache.")
@click.option(
    "--clear-cache",
    is_flag=True,
    help="Remove assembled models and tokenizers; never the Hub's cache, runs or settings.",
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask before the cache is cleared.")
@json_option
def doctor_command(clear_cache: bool, yes: bool, as_json: bool) -> None:
    """Say what Termformer runs on, where its files are, and what the terminal can do.

    Put this into every bug report: it holds no text of yours and no token. Nothing is sent.

    With --json: {"termformer", "python", "platform", "packages": [{"name", "version"}], "paths":
    [{"name", "path", "bytes", "variable"}], "terminal": {"is_terminal", "columns", "rows", "term",
    "colors", "unicode", "copies", "ssh", "multiplexer"}, "models": {"default_model",
    "default_encoder", "offline_extra", "hub_is_offline", "hub_token"}, "problems": [sentences]};
    with --clear-cache: {"path", "freed_bytes"}.
    """
    if yes and not clear_cache:
        raise click.UsageError("--yes goes with --clear-cache.")
    if clear_cache:
        _clear(yes, as_json)
    elif as_json:
        print_json(diagnose())
    else:
        _show(diagnose())


def _clear(yes: bool, as_json: bool) -> None:
    cache = paths.cache_dir()
    entries = clearable()
    freed = sum(size(entry) or 0 for entry in entries)
    if entries and not yes:
        # On standard error, since standard output may be read by a program.
        question = f"Remove {', '.join(entry.name for entry in entries)} ({size_of(freed)})?"
        if not click.confirm(f"{cache}\n{question}", err=True):
            raise TermformerError("Nothing was removed.")
    clear(entries)
    if as_json:
        print_json(Cleared(encodable(str(cache)), freed))
    else:
        print_text(f"{cache} is clear; {size_of(freed)} freed.")


def _show(found: Diagnosis) -> None:
    print_text(f"Termformer {found.termformer}", "bold")
    versions = Table([Column("library"), Column("version")])
    versions.add("Python", found.python)
    for package in found.packages:
        versions.add(package.name, package.version or "not installed")
    versions.add("platform", found.platform)
    _section(versions)

    places = Table([Column("files"), Column("size", "right"), Column("path"), Column("variable")])
    for place in found.paths:
        held = "" if place.name == "program" else "none yet"
        if place.bytes is not None:
            held = size_of(place.bytes)
        places.add(place.name, held, place.path, place.variable)
    _section(places)

    terminal, models = found.terminal, found.models
    facts = Table([Column("terminal"), Column("")])
    facts.add("size", f"{terminal.columns} × {terminal.rows}")
    facts.add("type", terminal.term or "not said")
    facts.add("colours", terminal.colors)
    facts.add("Unicode", _yes(terminal.unicode))
    facts.add("copying (OSC 52)", terminal.copies)
    facts.add("over SSH", _yes(terminal.ssh))
    facts.add("multiplexer", terminal.multiplexer or "no")
    _section(facts)

    sources = Table([Column("models"), Column("")])
    sources.add("default", models.default_model)
    sources.add("trained by default", models.default_encoder)
    sources.add("offline extra", "installed" if models.offline_extra else "not installed")
    sources.add("Hub", "off (HF_HUB_OFFLINE)" if models.hub_is_offline else "asked where needed")
    sources.add("Hub token", _yes(models.hub_token))
    _section(sources)
    for problem in found.problems:
        print_text(f"Problem: {problem}", "bold red")
    if not found.problems:
        print_text("No problems found.", "green")


def _section(table: Table) -> None:
    print_text()
    print_table(table)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
