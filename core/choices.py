"""The models that can be chosen here: embedded, used lately, trained, fetched, or in a folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from core.checkpoints import (
    COURSE_CLASSIFIER,
    MINI,
    MINI_BASE,
    has_weights,
    hub_models,
    hub_snapshot,
    locate,
    packaged_encoder,
    run_model,
)
from core.errors import ModelError
from core.runs.folder import list_runs, saved_steps
from core.runs.overview import Overviews, RunOverview
from core.sizes import percent, size_of
from core.typed_paths import typed_path

Group = Literal["typed", "embedded", "recent", "runs", "hub", "folders", "kinds"]
MOST_RECENT = 12
"""Names that are remembered."""
MOST_RUNS = 200
"""Runs that are listed, the newest first."""
KINDS = (
    "bert", "distilbert", "roberta", "electra", "deberta-v2", "albert", "mpnet", "modernbert",
    "gpt2", "llama", "qwen3", "gemma3_text", "mistral", "phi3", "t5", "bart",
)  # fmt: skip
"""Some of the kinds of model whose classes transformers brings, by `model_type`."""
_MOST_FOLDERS = 200
_overviews = Overviews()


class Choice(msgspec.Struct, frozen=True):
    """A model that can be named. `name` is what names it; `label` how it is shown."""

    group: Group
    name: str
    label: str
    about: str = ""
    figure: str = ""
    """A size or a metric, with its unit."""
    within: bool = False
    """Whether it belongs to the one before it: a checkpoint of a run."""
    leads_on: bool = False
    """Whether it is a folder that holds no model itself."""


def with_recent(names: Sequence[str], name: str) -> list[str]:
    """`names` with `name` as the one that was used last."""
    return [name, *(each for each in names if each != name)][:MOST_RECENT]


def choices(recent: Sequence[str], *, kinds: bool = False) -> list[Choice]:
    """All that is here, group by group; reads logs and folders, so call it in a thread.

    With `kinds` those whose config alone transformers knows are among them.
    """
    known = (Choice("kinds", each, each) for each in KINDS if kinds)
    return [*_embedded(), *_recent(recent), *known, *_runs(), *_fetched()]


def _embedded() -> Iterator[Choice]:
    if packaged_encoder():
        yield Choice("embedded", MINI, MINI, "sentiment of a sentence")
        yield Choice("embedded", MINI_BASE, MINI_BASE, "its encoder, not yet fine-tuned")


def _recent(recent: Sequence[str]) -> Iterator[Choice]:
    for name in recent:
        if name in (MINI, MINI_BASE):
            continue
        try:
            kind = locate(name).kind
        except ModelError:
            continue  # It is gone.
        if kind == "hub" and hub_snapshot(name) is None:
            continue  # Never fetched: a slip of the finger, or given up.
        about = {"hub": _of_hub(name, "from the Hub"), "random": "random weights"}.get(kind, kind)
        yield Choice("recent", name, Path(name).name if kind == "run" else name, about)


def _runs() -> Iterator[Choice]:
    for run in _overviews.look(list_runs()[:MOST_RUNS]):
        try:
            newest = run_model(run.path)
        except ModelError:
            continue
        yield Choice("runs", str(run.path), run.name, _of_run(run), _metric(run))
        for step in saved_steps(run.path):
            folder = run.path / "checkpoints" / f"step-{step}"
            if folder != newest and (folder / "config.json").is_file():
                yield Choice("runs", str(folder), f"step {step:,}", "checkpoint", within=True)


def _of_run(run: RunOverview) -> str:
    steps = f"step {run.status.global_step:,}"
    if run.config is None:
        return f"{run.status.status} · {steps}"
    started = "scratch" if run.config.scratch is not None else Path(run.config.model).name
    return f"{run.status.status} · {steps} from {started}"


def _metric(run: RunOverview) -> str:
    if run.best is not None:
        return f"accuracy {percent(run.best.accuracy)}"
    return f"loss {run.status.loss:.3f}" if run.status.loss is not None else ""


def _fetched() -> Iterator[Choice]:
    here = hub_models()
    for name, bytes_ in here:
        yield Choice("hub", name, name, _of_hub(name, "on this machine"), size_of(bytes_))
    if COURSE_CLASSIFIER not in dict(here):
        yield Choice("hub", COURSE_CLASSIFIER, COURSE_CLASSIFIER, "to be fetched")


def _of_hub(name: str, whole: str) -> str:
    """`whole`, where that is true: its download may have been given up before the weights."""
    snapshot = hub_snapshot(name)
    return whole if snapshot is None or has_weights(snapshot) else "incomplete, no weights yet"


def folders(typed: str) -> list[Choice]:
    """The folders that the path typed so far may go on to; those with a model say which."""
    head, slash, begun = typed.rpartition("/")
    try:
        parent = typed_path(head + slash)
        found = sorted(
            entry.name
            for entry in os.scandir(parent)
            if entry.is_dir() and entry.name.startswith(begun) and (begun or entry.name[0] != ".")
        )
    except (OSError, ValueError):
        return []
    return [_folder(parent / name, head + slash + name) for name in found[:_MOST_FOLDERS]]


def _folder(path: Path, shown: str) -> Choice:
    about = _architecture(path)
    return Choice("folders", shown, shown, about or "folder", leads_on=about is None)


def _architecture(folder: Path) -> str | None:
    """What a checkpoint's config says that it is; None where there is no checkpoint."""
    try:
        config = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(config, dict) or "model_type" not in config:
        return "run" if (folder / "events.jsonl").is_file() else None
    named = config.get("architectures")
    return str(named[0]) if isinstance(named, list) and named else str(config["model_type"])
