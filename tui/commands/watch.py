"""`termformer watch`: the curves of runs that other programs write."""

from __future__ import annotations

from pathlib import Path

import click

from core.errors import RunError
from core.text.visible import visible
from tui.commands.opening import open_app
from tui.commands.outcome import complain
from tui.commands.output import print_text


@click.command("watch", short_help="Watch TensorBoard files or a Trainer's checkpoints.")
@click.argument(
    "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--export",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the chart (.svg, .png, .txt) or all numbers (.csv, .jsonl) instead.",
)
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
def watch_command(folder: Path, file: Path | None, force: bool) -> None:
    """Open the app on the curves under DIR, live as they grow, read-only.

    Shown are the scalars of TensorBoard's event files (as Trainer, Lightning, Keras and
    SummaryWriter write them) and the history in the trainer_state.json of Hugging Face
    checkpoints. Each folder that holds such files is a run; all are drawn in one chart, those
    of one quantity together where their names usually mean the same (loss, train/loss).

    Event files need TensorBoard: pip install 'termformer[tensorboard]'.
    """
    if file is None:
        click.get_current_context().exit(open_app(others=folder.absolute()))
    from tui.commands.chart_files import write_chart
    from tui.panes.train.others import watch_others

    watch = watch_others(folder.absolute(), once=True)
    try:
        watch.read_all()
    finally:
        watch.close()
    for sentence in watch.troubles:
        complain(visible(sentence))
    if not watch.runs:
        raise RunError(
            f"There are no curves under {folder}: neither numbers in TensorBoard event files nor a "
            "trainer_state.json with a history."
        )
    write_chart(file, watch.shown, replace=force)
    print_text(f"Written: {file}")
