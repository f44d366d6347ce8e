"""Run folders: made, listed and found again."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec

from core import __version__, checkpoints, paths
from core.durable import private_directory
from core.errors import RunError
from core.runs.config import REVIEWS, RunConfig, write_config
from core.typed_paths import exists, is_dir, typed_path

EVENTS = "events.jsonl"
REQUESTS = "requests"
WORKER_LOG = "worker.log"
CHECKPOINTS = "checkpoints"
MODEL = "model"
ADAPTER = "adapter"

_ADJECTIVES = (
    "agile amber ample bold brave breezy bright brisk calm candid clear clever coral crisp "
    "curious deft dusky eager early even fair fleet fond frank fresh gentle glad golden grand "
    "hardy honest jolly keen kind lively lucid lunar mellow merry mild neat nimble noble patient "
    "plucky polite proud quick quiet rapid ready rosy rustic sage serene sharp silver sleek "
    "smooth snug solid spry steady still sunny swift tidy trusty upbeat vivid warm wise witty"
)
_ANIMALS = (
    "badger beaver bison bittern bobcat carp cormorant crane curlew deer dolphin dove eagle egret "
    "elk falcon ferret finch fox gannet gecko gibbon goose grebe hare hawk hedgehog heron ibex "
    "ibis jay kestrel kite lark lemur linnet lynx magpie marmot marten mole moose newt ocelot "
    "osprey otter owl panda pelican petrel pika plover puffin quail rabbit raven robin salmon "
    "seal shrew sparrow squirrel starling stoat stork swallow swan swift tapir tern thrush toad "
    "trout turtle vole walrus weasel whale wolf wombat wren"
)


def new_name(parent: Path | None = None) -> str:
    """A name such as `calm-otter` that no run in `parent` (the runs folder) has yet."""
    parent = parent or paths.runs_dir()
    # Names are for people: they come from the system's randomness, never from a run's seed.
    chance = random.SystemRandom()
    adjectives, animals = _ADJECTIVES.split(), _ANIMALS.split()
    for digits in range(6):
        for _ in range(200):
            name = f"{chance.choice(adjectives)}-{chance.choice(animals)}"
            if digits:
                name += f"-{chance.randrange(10**digits)}"
            if not (parent / name).exists():
                return name
    raise RunError(f"No free name for a run was found in {parent}; remove old runs there.")


def create_run(config: RunConfig, folder: Path | None = None) -> Path:
    """Makes a run's folder (0700) with its `config.json`, and returns it.

    Without `folder` the run stands in the runs folder under `config.name`, or under a new name
    where that is empty. A given `folder` must be new or empty; it names the run where
    `config.name` is empty. Files named relatively in `config` are made absolute, since a worker
    does not stand where its user stood. Raises `RunError`.
    """
    if problems := config.problems():
        raise RunError(" ".join(problem.sentence for problem in problems))
    try:
        target = _claim(config.name, folder)
        private_directory(target / REQUESTS)
        (target / EVENTS).touch(mode=0o600)
        write_config(target, settled(config, target))
    except OSError as error:
        where = folder or paths.runs_dir()
        raise RunError(f"No run could be made in {where}: {error.strerror or error}.") from error
    return target


def settled(config: RunConfig, folder: Path) -> RunConfig:
    """`config` with nothing left that depends on where its user stands, or on a later version."""
    return msgspec.structs.replace(
        config,
        name=config.name or folder.name,
        model=_absolute(config.model, {checkpoints.MINI, checkpoints.MINI_BASE}),
        data=_absolute(config.data, {REVIEWS}),
        version=config.version or __version__,
    )


def _claim(name: str, folder: Path | None) -> Path:
    if folder is not None:
        folder = typed_path(folder).absolute()
        if exists(folder) and (not is_dir(folder) or any(folder.iterdir())):
            raise RunError(f"{folder} exists already and is not empty; give the run a new folder.")
        return private_directory(folder)
    parent = private_directory(paths.runs_dir())
    if name:
        if not is_name(name):
            raise RunError(f"{name!r} cannot name a run. {NAMES}")
        try:
            (parent / name).mkdir(mode=0o700)
        except FileExistsError:
            raise RunError(f"There is a run named {name} already; choose another name.") from None
        return parent / name
    while True:
        target = parent / new_name(parent)
        try:
            target.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return target


NAMES = "A run's name begins with a letter or digit; '.', '_' and '-' may follow."


def is_name(name: str) -> bool:
    """Whether `name` is fit to be a folder's name, and harmless on a screen and in a shell."""
    return (
        0 < len(name) <= 100
        and name[0].isalnum()
        and name.isascii()
        and all(character.isalnum() or character in "._-" for character in name)
    )


def _absolute(name: str, embedded: set[str]) -> str:
    """`name` made absolute where it is a relative path that exists, else as it is."""
    if not name.strip() or name in embedded:
        return name
    path = typed_path(name)
    return str(path.absolute()) if exists(path) else name


def saved_steps(folder: Path) -> list[int]:
    """The steps of the run's checkpoints, the newest first."""
    names = [path.name.removeprefix("step-") for path in (folder / CHECKPOINTS).glob("step-*")]
    return sorted((int(name) for name in names if name.isdecimal()), reverse=True)


def list_runs(parent: Path | None = None) -> list[Path]:
    """The folders of all runs in `parent` (the runs folder), the newest first."""
    parent = parent or paths.runs_dir()
    try:
        folders = [folder for folder in parent.iterdir() if checkpoints.is_run(folder)]
    except OSError:
        return []
    return sorted(folders, key=_created, reverse=True)


def _created(folder: Path) -> tuple[float, str]:
    try:
        return (folder / "config.json").stat().st_mtime, folder.name
    except OSError:
        return 0.0, folder.name


def find_run(name: str | Path) -> Path:
    """The folder of the run called `name`: a name in the runs folder, or a run's own folder.

    Raises `RunError` with the names that come closest.
    """
    text = str(name).strip()
    for folder in (typed_path(text), paths.runs_dir() / text) if text else ():
        if checkpoints.is_run(folder):
            return folder.absolute()
    names = [run.name for run in list_runs()]
    if not names:
        raise RunError(f"There is no run {text!r}, and none in {paths.runs_dir()} yet.")
    close = [run for run in names if text in run] or names
    listed = ", ".join(close[:5]) + (", …" if len(close) > 5 else "")
    raise RunError(f"There is no run {text!r}. Runs in {paths.runs_dir()}: {listed}.")
