"""The models that the engine holds: two at most, the one that was used longest ago goes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from core import checkpoints
from core.errors import ModelError

if TYPE_CHECKING:
    from core.models.loading import LoadedModel

MOST_MODELS = 2


class Shelf:
    """Loaded models by name; for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._models: OrderedDict[str, LoadedModel] = OrderedDict()

    def find(self, name: str) -> LoadedModel | None:
        """The model called `name`, where it still means the files it was read from."""
        name = name.strip()
        with self._lock:
            loaded = self._models.get(name)
            if loaded is None:
                return None
            if not _is_current(loaded):
                del self._models[name]
                return None
            self._models.move_to_end(name)
            return loaded

    def make_room(self) -> None:
        """Drops what was used longest ago, so that one more model fits."""
        with self._lock:
            while len(self._models) >= MOST_MODELS:
                self._models.popitem(last=False)

    def add(self, loaded: LoadedModel) -> None:
        """Adds a model as the one that was used last."""
        self.make_room()
        with self._lock:
            self._models[loaded.info.name] = loaded


def _is_current(loaded: LoadedModel) -> bool:
    from core.models.loading import fingerprint

    try:
        folder = checkpoints.locate(loaded.info.name).folder or Path(loaded.info.folder)
    except ModelError:
        return False
    return fingerprint(folder) == loaded.fingerprint
