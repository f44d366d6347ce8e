"""`termformer runs rename`, `note`, `tag`, `delete`, `restore`, `differ`, `repeat`: kept runs."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from click.shell_completion import CompletionItem

from core.runs.config import read_config
from core.runs.differences import differences
from core.runs.folder import find_run
from core.runs.notes import RunNotes, read_notes, write_notes
from core.runs.plan import repeating
from core.runs.shelf import delete_run, list_trash, rename_run, restore_run
from tui.commands.options import complete_run, json_option, run_argument
from tui.commands.outcome import complain
from tui.commands.output import Column, Table, encodable, print_json, print_table, print_text


class NotesRow(msgspec.Struct, frozen=True):
    """The notes on a run as `--json` prints them."""

    name: str
    note: str
    tags: list[str]


class DifferenceRow(msgspec.Struct, frozen=True):
    """A setting that differs, as `--json` prints it; values in the order of the runs."""

    field: str
    values: list[str]


@click.command("rename", short_help="Give a run another name.")
@run_argument
@click.argument("name")
def rename_command(run: str, name: str) -> None:
    """Give RUN, which must not be going on, the name NAME; its folder is called so too."""
    folder = find_run(run)
    print_text(f"{folder.name} is {rename_run(folder, name).name} now.")


@click.command("note", short_help="Write a note on a run.")
@run_argument
@click.argument("words", nargs=-1)
@json_option
def note_command(run: str, words: tuple[str, ...], as_json: bool) -> None:
    """Write a note on RUN in place of the one there; without WORDS show what is there.

    A WORD of "" takes the note away. With --json: {"name", "note", "tags"}.
    """
    folder = find_run(run)
    notes = read_notes(folder)
    if words:
        notes = notes.with_note(" ".join(words))
        write_notes(folder, notes)
    _show(folder.name, notes, as_json)


@click.command("tag", short_help="Tag a run, or take a tag away.")
@run_argument
@click.argument("tags", nargs=-1)
@json_option
@click.option("--remove", "-r", is_flag=True, help="Take the tags away instead.")
def tag_command(run: str, tags: tuple[str, ...], as_json: bool, remove: bool) -> None:
    """Add TAGS to those of RUN; without TAGS show what is there.

    With --json: {"name", "note", "tags"}.
    """
    folder = find_run(run)
    notes = read_notes(folder)
    if tags:
        sign = "-" if remove else ""
        notes = notes.with_tags(" ".join(f"{sign}{tag}" for tag in tags))
        write_notes(folder, notes)
    _show(folder.name, notes, as_json)


def _show(name: str, notes: RunNotes, as_json: bool) -> None:
    if as_json:
        print_json(NotesRow(encodable(name), encodable(notes.note), [*map(encodable, notes.tags)]))
    else:
        words = [*(f"#{tag}" for tag in notes.tags), notes.note]
        print_text(f"{name}: {' '.join(filter(None, words)) or 'no note, no tags'}")


@click.command("delete", short_help="Move a run to the trash.")
@run_argument
def delete_command(run: str) -> None:
    """Move RUN, which must not be going on, to the trash, with its checkpoints and its model.

    "termformer runs --trash" lists what is there, "termformer runs restore" takes it out.
    """
    folder = find_run(run)
    kept = delete_run(folder)
    print_text(f"{folder.name} is in the trash. Out of it: termformer runs restore {kept.name}")


def _complete_trash(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    names = [folder.name for folder in list_trash()]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@click.command("restore", short_help="Take a run out of the trash.")
@click.argument("run", metavar="RUN", shell_complete=_complete_trash)
def restore_command(run: str) -> None:
    """Take RUN, a name that "termformer runs --trash" lists, out of the trash."""
    print_text(f"{restore_run(run).name} is among the runs again.")


@click.command("repeat", short_help="Print the command that repeats a run.")
@run_argument
def repeat_command(run: str) -> None:
    """Print the command that starts a run like RUN again, with all that its worker chose."""
    print_text(repeating(find_run(run)))


@click.command("differ", short_help="Show what runs were set to otherwise.")
@click.argument("runs", nargs=-1, metavar="RUN RUN…", shell_complete=complete_run)
@json_option
def differ_command(runs: tuple[str, ...], as_json: bool) -> None:
    """Show the settings in which two or more runs differ.

    With --json: [{"field", "values"}], the values as text in the order of the runs.
    """
    if len(runs) < 2:
        raise click.UsageError("Name at least two runs to compare.")
    folders = [find_run(run) for run in runs]
    found = differences([read_config(folder) for folder in folders])
    if as_json:
        print_json([DifferenceRow(each.field, [*map(encodable, each.values)]) for each in found])
    elif not found:
        print_text("These runs were set alike.")
    else:
        table = Table([Column("setting"), *(Column(folder.name) for folder in folders)])
        for each in found:
            table.add(each.field, *each.values)
        print_table(table)


@click.command("export", short_help="Write a run's chart or its numbers to a file.")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, shell_complete=complete_run)
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
def export_command(runs: tuple[str, ...], file: Path, force: bool) -> None:
    """Write the chart of RUN (.svg, .png, .txt) or all its numbers (.csv, .jsonl) to FILE.

    Several runs are drawn in one chart. The file's ending says the format.
    """
    from tui.commands.chart_files import read_whole, write_chart
    from tui.panes.train.remarks import fault_words
    from tui.panes.train.watch import RunWatch

    folders = dict.fromkeys(map(find_run, runs))  # each once, however often it is named
    watches = [read_whole(RunWatch(folder)) for folder in folders]
    for watch in watches:
        if words := fault_words(watch):
            complain(f"{watch.name} has {words}")
    write_chart(file, watches, replace=force)
    print_text(f"Written: {file}")


COMMANDS: dict[str, click.Command] = {
    str(command.name): command
    for command in (
        rename_command,
        note_command,
        tag_command,
        delete_command,
        restore_command,
        repeat_command,
        differ_command,
        export_command,
    )
}
