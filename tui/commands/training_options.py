"""The options of `termformer train`: a field of a run's configuration each, by the same name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

import click
import msgspec
from click.core import ParameterSource

from core import checkpoints
from core.runs.config import Adapter, Route, RunConfig, Scratch, load_config
from tui.commands.options import model_option

_DEFAULTS = RunConfig(name="", model="")

Command = TypeVar("Command", bound=Callable[..., object])


def _scratch(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> Scratch | None:
    if value is None:
        return None
    given = dict(part.strip().partition("=")[::2] for part in value.split(",") if part.strip())
    try:
        return msgspec.convert(given, Scratch, strict=False)
    except msgspec.ValidationError as error:
        raise click.BadParameter(f"{error}. Write layers=2,hidden=128,heads=4.") from error


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


def _text(name: str, metavar: str, help_text: str) -> Callable[[Command], Command]:
    return click.option("--" + name.replace("_", "-"), metavar=metavar, help=help_text)


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    model_option("The checkpoint that training starts from.", checkpoints.default_encoder()),
    click.option(
        "--data",
        "-d",
        metavar="D",
        default=_DEFAULTS.data,
        show_default=True,
        help="The embedded reviews, a file (CSV, TSV, JSON, Parquet, Arrow), a folder with one for "
        "each split or of texts by label, a name on the Hub (owner/name or owner/name:subset).",
    ),
    _number("epochs", "Passes over the training rows."),
    _number("learning_rate", "The highest; it warms up to it and falls linearly to zero.", float),
    _number("batch_size", "Rows of a forward pass, of all processes together."),
    _number("gradient_accumulation_steps", "Batches a step sums the gradients of."),
    _number("seed", "Of data order, dropout and the new head."),
    _number("max_steps", "End after so many steps."),
    _number("warmup_ratio", "Share of the steps in which the learning rate rises.", float),
    _number("weight_decay", "Of all weights but biases and norms.", float),
    _number("max_grad_norm", "Longer gradients are shortened to this.", float),
    _number("max_length", "Tokens after which a text is cut."),
    click.option(
        "--adapter",
        type=click.Choice(get_args(Adapter)),
        default=_DEFAULTS.adapter,
        show_default=True,
        help="What is trained: all weights, LoRA matrices and the head, or the head.",
    ),
    click.option(
        "--route",
        type=click.Choice(get_args(Route)),
        default=_DEFAULTS.route,
        show_default=True,
        help="The course's loop, or transformers' Trainer; both give the same losses.",
    ),
    click.option(
        "--scratch",
        is_flag=False,
        flag_value="",
        metavar="[SHAPE]",
        callback=_scratch,
        help="Begin from nothing: a small model and a tokenizer of its own, such as "
        "layers=2,hidden=128,heads=4,vocabulary=8000.",
    ),
    _text("text_column", "NAME", "Where it is not to be found by looking."),
    _text("pair_column", "NAME", "The second sentence's; empty for none."),
    _text("label_column", "NAME", "The labels' column."),
    click.option(
        "--label-name",
        "label_names",
        multiple=True,
        metavar="NAME",
        help="Once for each label, in the order of their ids.",
    ),
    _flag("skip_bad_rows", "Leave out and count rows that cannot be trained on."),
    _flag("stream", "Read Hub data while training; needs --max-steps."),
    _number("eval_steps", "Steps between evaluations.  [default: an epoch]"),
    _number("early_stopping_patience", "End after so many evaluations without a lower loss."),
    click.option(
        "--probe",
        "probes",
        multiple=True,
        metavar="SENTENCE",
        help="Classify it at each evaluation; may be given often.",
    ),
    _number("save_steps", "Steps between checkpoints."),
    _number("save_minutes", "Minutes between checkpoints.", float),
    _number("save_total_limit", "Newest checkpoints kept, besides the best."),
    _flag("tensorboard", "Write TensorBoard's event files too."),
    _flag("plain", "The course's loop as written: nothing is tried out, nothing made faster."),
    _number("threads", "Instead of as many as are found to be fastest."),
    _number("num_processes", "Train in so many processes, by torch.distributed.run."),
    click.option(
        "--config-file",
        type=click.Path(exists=True, dir_okay=False),
        metavar="FILE",
        help="An accelerate configuration to launch them with, for several machines too.",
    ),
    click.option(
        "--config",
        "repeated",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Repeat the run of this config.json, but for what other options say.",
    ),
)


def training_options(command: Command) -> Command:
    """Adds all of them to a command, which takes them as `**options`."""
    decorated: Any = command
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def read_options(ctx: click.Context, options: Mapping[str, Any]) -> RunConfig:
    """The configuration that the options describe; raises `click.UsageError` or `RunError`."""
    repeated = options["repeated"]
    fields = {name: value for name, value in options.items() if name != "repeated"}
    fields |= {name: list(fields[name]) for name in ("label_names", "probes")}
    if repeated is None:
        config = RunConfig(name="", **fields)
    else:
        given = {name: value for name, value in fields.items() if _is_given(ctx, name)}
        config = msgspec.structs.replace(load_config(repeated), name="", version="", **given)
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
    import yaml

    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        return int(document["num_processes"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise click.UsageError(
            f"{file} does not say num_processes, as accelerate's configurations do."
        ) from error
