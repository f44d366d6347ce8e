"""The options of `termformer train`: a field of a run's configuration each, by the same name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

import click
import msgspec
from click.core import ParameterSource

from core import checkpoints
from core.errors import RunError
from core.runs.cluster import read_cluster
from core.runs.config import Adapter, Precision, Route, RunConfig, Scratch, load_config
from core.runs.folder import NAMES, is_name
from tui.commands.options import json_option, model_option

_DEFAULTS = RunConfig(name="", model="")

Command = TypeVar("Command", bound=Callable[..., object])


def _scratch(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> Scratch | None:
    if value is None:
        return None
    given = dict(part.strip().partition("=")[::2] for part in value.split(",") if part.strip())
    try:
        return msgspec.convert(given, Scratch, strict=False)
    except msgspec.ValidationError as error:
        unknown = [name for name in given if name not in Scratch.__struct_fields__]
        wrong = f"A shape has no {', no '.join(unknown)}. " if unknown else ""
        raise click.BadParameter(
            f"{wrong}Write layers=2,hidden=128,heads=4,vocabulary=8000,tokenizer=wordpiece, or a "
            "part of it."
        ) from error


def _name(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value and not is_name(value):
        raise click.BadParameter(NAMES)
    return value


def _number(name: str, help_text: str = "", kind: type = int) -> Callable[[Command], Command]:
    default = getattr(_DEFAULTS, name)
    return click.option(
        "--" + name.replace("_", "-"),
        type=kind,
        metavar="N" if kind is int else "X",
        default=default,
        show_default=default is not None,
        help=help_text,
    )


def _flag(name: str, help_text: str) -> Callable[[Command], Command]:
    return click.option("--" + name.replace("_", "-"), is_flag=True, help=help_text)


def _switch(name: str, help_text: str) -> Callable[[Command], Command]:
    """On, off, or where it is not said: the worker's to choose."""
    dashed = name.replace("_", "-")
    return click.option(f"--{dashed}/--no-{dashed}", default=None, help=help_text)


def _choice(name: str, choices: tuple[str, ...], help_text: str) -> Callable[[Command], Command]:
    return click.option(
        "--" + name.replace("_", "-"),
        type=click.Choice(choices),
        default=getattr(_DEFAULTS, name),
        show_default=True,
        help=help_text,
    )


def _repeated(name: str, metavar: str, help_text: str) -> Callable[[Command], Command]:
    return click.option(
        "--" + name.replace("_", "-"),
        name + "s",
        multiple=True,
        metavar=metavar,
        help=help_text,
    )


def _text(name: str, metavar: str, help_text: str) -> Callable[[Command], Command]:
    return click.option("--" + name.replace("_", "-"), metavar=metavar, help=help_text)


@dataclass(frozen=True, slots=True)
class Section:
    """Options that belong together, under one heading of the help."""

    title: str
    options: tuple[Callable[[Any], Any], ...]


SECTIONS = (
    Section(
        "What is trained",
        (
            model_option("The checkpoint to start from.", checkpoints.default_encoder()),
            click.option(
                "--scratch",
                is_flag=False,
                flag_value="",
                metavar="[SHAPE]",
                callback=_scratch,
                help="Begin from nothing: a small model and a tokenizer of its own, such as "
                "layers=2,hidden=128,heads=4,vocabulary=8000.",
            ),
            _choice(
                "adapter",
                get_args(Adapter),
                "All weights, LoRA matrices and the head, or the head.",
            ),
        ),
    ),
    Section(
        "Data",
        (
            click.option(
                "--data",
                "-d",
                metavar="D",
                default=_DEFAULTS.data,
                show_default=True,
                help="The embedded reviews, a file (CSV, TSV, JSON, Parquet, Arrow), a folder "
                "with one for each split or of texts by label, a name on the Hub (owner/name or "
                "owner/name:subset).",
            ),
            _text("text_column", "NAME", "Where it is not to be found by looking."),
            _text("pair_column", "NAME", "The second sentence's; empty for none."),
            _text("label_column", "NAME", "The labels' column."),
            _repeated("label_name", "NAME", "Once for each label, in the order of their ids."),
            _number("max_length", "Tokens after which a text is cut."),
            _flag("skip_bad_rows", "Leave out and count rows that cannot be trained on."),
            _flag("stream", "Read Hub data while training; needs --max-steps."),
        ),
    ),
    Section(
        "How long and how fast it learns",
        (
            _number("epochs", "Passes over the training rows."),
            _number("max_steps", "End after so many steps."),
            _number("learning_rate", "The highest; it rises to it and falls to zero.", float),
            _number("warmup_ratio", "Share of the steps in which it rises.", float),
            _number("batch_size", "Rows of a forward pass, of all processes together."),
            _number("gradient_accumulation_steps", "Batches a step sums the gradients of."),
            _number("weight_decay", "Of all weights but biases and norms.", float),
            _number("max_grad_norm", "Longer gradients are shortened to this.", float),
            _number("seed", "Of data order, dropout and the new head."),
        ),
    ),
    Section(
        "Evaluations",
        (
            _number("eval_steps", "Steps between evaluations.  [default: an epoch]"),
            _number("early_stopping_patience", "End after so many without a lower loss."),
            _repeated("probe", "TEXT", "Classify it at each evaluation; may be given often."),
        ),
    ),
    Section(
        "What is kept",
        (
            _number("save_steps", "Steps between checkpoints."),
            _number("save_minutes", "Minutes between checkpoints.", float),
            _number("save_total_limit", "Newest checkpoints kept, besides the best."),
            _flag("tensorboard", "Write TensorBoard's event files too."),
        ),
    ),
    Section(
        "How it is computed (what is not said is found out by trying)",
        (
            _choice(
                "route",
                get_args(Route),
                "The course's loop, or transformers' Trainer. Both give the same losses, but with "
                "--plain: then biases and norms decay in the loop, as in the course's.",
            ),
            _flag("plain", "The course's loop as written: nothing tried, nothing made faster."),
            _number("threads", "Threads that compute, of each process."),
            _switch("fused", "AdamW updates all weights in one pass."),
            _switch("group_by_length", "Rows of like length share a batch."),
            _choice(
                "mixed_precision",
                get_args(Precision),
                "Of the forward pass; weights stay in float32.",
            ),
            _number("data_workers", "Processes that prepare batches; 0: none besides."),
        ),
    ),
    Section(
        "Several processes and machines",
        (
            _number("num_processes", "Processes on this machine, by torch.distributed.run."),
            click.option(
                "--config-file",
                type=click.Path(exists=True, dir_okay=False),
                metavar="FILE",
                help="An accelerate configuration to launch them with. Of several machines each "
                "has its own, and is given this command; the first one (machine_rank 0) has the "
                "run, and its options count.",
            ),
        ),
    ),
    Section(
        "This run",
        (
            click.option(
                "--config",
                "repeated",
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                metavar="FILE",
                help="Repeat the run of this config.json, but for what other options say.",
            ),
            click.option(
                "--name",
                metavar="NAME",
                default="",
                callback=_name,
                help="What it is called in the runs folder.  [default: a name is made up]",
            ),
            click.option(
                "--run-dir",
                type=click.Path(path_type=Path),
                metavar="DIR",
                help="Its folder, new or empty.  [default: by its name in the runs folder]",
            ),
            click.option("--detach", is_flag=True, help="Print its folder and return at once."),
            json_option,
        ),
    ),
)


class TrainingCommand(click.Command):
    """Lists its options under their sections' headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records = [option.get_help_record(ctx) for option in self.get_params(ctx)]
        told = iter([record for record in records if record is not None])
        for section in SECTIONS:
            with formatter.section(section.title):
                formatter.write_dl([next(told) for _ in section.options], col_max=26)
        with formatter.section("Other options"):
            formatter.write_dl(list(told))


def training_options(command: Command) -> Command:
    """Adds all of them to a command, which takes them as `**options`."""
    decorated: Any = command
    for option in reversed([option for section in SECTIONS for option in section.options]):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def read_options(ctx: click.Context, options: Mapping[str, Any]) -> RunConfig:
    """The configuration that the options describe; raises `click.UsageError` or `RunError`."""
    repeated = options["repeated"]
    fields = {name: value for name, value in options.items() if name != "repeated"}
    fields |= {name: list(fields[name]) for name in ("label_names", "probes")}
    if repeated is None:
        config = RunConfig(**fields)
    else:
        given = {name: value for name, value in fields.items() if _is_given(ctx, name)}
        config = load_config(repeated)
        if "plain" in given and not config.plain:
            # What its worker found to be fast is what "plain" is to do without.
            config = config.undecided()
        config = msgspec.structs.replace(config, **({"name": "", "version": ""} | given))
    if config.config_file is not None:
        file = Path(config.config_file).absolute()
        asked = config.num_processes if _is_given(ctx, "num_processes") else _processes_of(file)
        config = msgspec.structs.replace(config, config_file=str(file), num_processes=asked)
    if problems := config.problems():
        raise click.UsageError(" ".join(problem.sentence for problem in problems))
    return config


def _is_given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is not ParameterSource.DEFAULT


def _processes_of(file: Path) -> int:
    """How many processes, on all machines, an accelerate configuration asks for."""
    try:
        return read_cluster(file).num_processes
    except RunError as error:
        raise click.UsageError(str(error)) from error
