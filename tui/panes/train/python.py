"""The Python that gives the run on the screen, or the one that the form describes."""

from __future__ import annotations

from core.checkpoints import locate, run_model
from core.errors import ModelError
from core.runs.config import REVIEWS, RunConfig
from core.runs.events import DataReported, LearningRateSet, RunStopped, SplitReport
from core.runs.plan import plan_run
from core.snippets.training import TrainingRun, training_code
from core.snippets.training_data import DataSource, source_of
from tui.panes.train.watch import RunWatch
from tui.widgets.pane import Code

_REVIEWS_LABELS = ["NEGATIVE", "POSITIVE"]


def python_of_run(watch: RunWatch) -> Code | None:
    """The code of a run; None before its worker knows its data."""
    config, started, data = watch.config, watch.history.started, watch.history.data
    if config is None or started is None or data is None:
        return None
    notes = _notes(watch, config)
    source = source_of(config, data, started.notes)
    if source is None:
        notes.append(
            "load_dataset alone does not read this data as the run did: give raw_datasets the "
            "rows yourself."
        )
        source = DataSource(
            config.data,
            text_column=data.text_column,
            label_column=data.label_column,
            pair_column=data.pair_column,
        )
    checkpoint = _checkpoint(config, watch)
    run = TrainingRun(
        config, checkpoint, source, started.labels, started.max_steps, data.max_length
    )
    return Code(f"The run {watch.name}", training_code(run), " ".join(notes))


def python_of_form(config: RunConfig) -> Code | None:
    """The code of a run that is yet to start; None where its steps are not known before."""
    plan = plan_run(config)
    if config.data != REVIEWS or plan.max_steps is None or config.scratch is not None:
        return None
    splits = [_split(name) for name in ("train", "validation", "test")]
    data = DataReported(
        data=REVIEWS,
        labels=_REVIEWS_LABELS,
        max_length=config.max_length,
        text_column="column 2",
        label_column="column 1",
        splits=splits,
    )
    source = source_of(config, data, [])
    if source is None:
        return None
    labels = config.label_names or _REVIEWS_LABELS
    run = TrainingRun(
        config, _located(config.model), source, labels, plan.max_steps, config.max_length
    )
    note = "What the worker chooses for this machine is left as the course has it."
    return Code("The run that the form describes", training_code(run), note)


def _split(name: str) -> SplitReport:
    return SplitReport(
        split=name,
        rows=0,
        label_rows=[],
        shortest=0,
        median=0,
        percentile_95=0,
        longest=0,
        truncated=0,
    )


def _notes(watch: RunWatch, config: RunConfig) -> list[str]:
    """In what the code takes another way than the run did, a sentence each."""
    notes = []
    changed = [each for each in watch.history.answers if isinstance(each, LearningRateSet)]
    if changed:
        notes.append(
            f"The learning rate was changed after step {changed[0].global_step:,}; here it is not."
        )
    if config.num_processes > 1:
        notes.append(f"The run had {config.num_processes} processes; here there is one.")
    if isinstance(watch.history.end, RunStopped):
        notes.append("The run was stopped; this goes to its end.")
    return notes


def _checkpoint(config: RunConfig, watch: RunWatch) -> str:
    if config.scratch is None:
        return _located(config.model)
    try:
        # Its shape and its tokenizer are the run's own.
        return str(run_model(watch.folder))
    except ModelError:
        return str(watch.folder / "model")


def _located(name: str) -> str:
    """What `from_pretrained` takes for a model's name."""
    try:
        found = locate(name)
    except ModelError:
        return name
    return name if found.folder is None else str(found.folder)
