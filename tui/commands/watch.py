"""`termformer watch`: the curves of runs that other programs write."""

from __future__ import annotations

from pathlib import Path

import click

from tui.commands.opening import open_app


@click.command("watch", short_help="Watch TensorBoard files or a Trainer's checkpoints.")
@click.argument(
    "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
def watch_command(folder: Path) -> None:
    """Open the app on the curves under DIR, live as they grow, read-only.

    Shown are the scalars of TensorBoard's event files (as Trainer, Lightning, Keras and
    SummaryWriter write them) and the history in the trainer_state.json of Hugging Face
    checkpoints. Each folder that holds such files is a run; all are drawn in one chart.

    Event files need TensorBoard: pip install 'termformer[tensorboard]'.
    """
    click.get_current_context().exit(open_app(others=folder.absolute()))
