"""Which files and folders hold which split."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from core.datafiles.formats import SUFFIXES, label_folders
from core.errors import DataError

_SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev", "eval"),
    "test": ("test", "testing"),
}
_SHARD = re.compile(r"-\d+-of-\d+$")
_SAVED = ("dataset_dict.json", "state.json")


def is_saved(path: Path) -> bool:
    """Whether this is a folder that datasets' `save_to_disk` wrote."""
    return path.is_dir() and any((path / file).is_file() for file in _SAVED)


def match_splits(names: Iterable[str]) -> dict[str, list[str]]:
    """Which of `names` hold the rows for training, validation and test.

    `validation_matched` serves where there is no plain `validation`; `train-00000-of-00002` is a
    part of `train`.
    """
    names = list(names)
    stems = {name: _SHARD.sub("", name.lower()) for name in names}
    found: dict[str, list[str]] = {}
    for split, known in _SPLITS.items():
        exact = [name for name in names if stems[name] in known]
        begun = [name for name in names if re.split(r"[-_.]", stems[name])[0] in known]
        if exact or begun:
            found[split] = exact or begun[:1]
    return found


def find_files(path: Path) -> dict[str, list[Path]]:
    """The files, or folders of texts, of each split in a file or folder.

    A folder holds files named after the splits, or one file for all; or a folder of `.txt` files
    for each label, once or for each split. Raises `DataError`.
    """
    if path.is_file():
        return {"train": [path.absolute()]}
    path = path.absolute()
    texts = _find_texts(path)
    if "train" in texts:
        return texts
    files = sorted(
        file
        for file in path.iterdir()
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    )
    by_stem: dict[str, list[Path]] = {}
    for file in files:
        by_stem.setdefault(file.stem, []).append(file)
    found = {
        split: [file for stem in stems for file in by_stem[stem]]
        for split, stems in match_splits(by_stem).items()
    }
    for split, named in found.items():
        if len(named) > 1 and not all(_SHARD.search(file.stem) for file in named):
            both = " and ".join(file.name for file in named[:2])
            raise DataError(f"{path} holds {both}; leave one of them for the {split} split.")
    if not found and len(files) == 1:
        return {"train": files}
    if "train" not in found:
        if not files:
            raise DataError(
                f"{path} holds no data to train on: neither files ({', '.join(SUFFIXES)}) nor "
                "folders of .txt files, one folder for each label."
            )
        listed = ", ".join(file.name for file in files[:10])
        raise DataError(
            f"{path} has no data for training: one of its files must be named train, such as "
            f"train{files[0].suffix}. It has {listed}."
        )
    return found


def name_of(parts: list[Path]) -> str:
    """What the files of a split are called in a message."""
    return parts[0].name if len(parts) == 1 else f"{parts[0].name} and {len(parts) - 1} more"


def _find_texts(path: Path) -> dict[str, list[Path]]:
    if label_folders(path):
        return {"train": [path]}
    folders = {folder.name: folder for folder in path.iterdir() if folder.is_dir()}
    return {
        split: [folders[names[0]]]
        for split, names in match_splits(sorted(folders)).items()
        if label_folders(folders[names[0]])
    }
