"""The tokenizers that stand beside the model's own: asked for, read, or not to be had."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from textual.widget import Widget

from core.checkpoints import tokenizer_folder
from core.engine.client import EngineClient
from core.engine.protocol import ExportTokenizer, Loading, Reply, TokenizerExported
from core.errors import TermformerError
from core.text.tokenizer import TextTokenizer, read_tokenizer


@dataclass(frozen=True, slots=True)
class Beside:
    """One of them; `note` says how far it is, or why it cannot be had.

    It is empty for one that is ready, and for one that nobody has begun to read.
    """

    name: str
    status: Literal["loading", "ready", "failed"] = "loading"
    tokenizer: TextTokenizer | None = None
    note: str = ""


class TokenizersBeside:
    """Keeps the chosen names and reads their tokenizers, in a thread or through the engine.

    `changed` is called, in the event loop, at every change.
    """

    def __init__(self, owner: Widget, changed: Callable[[], None]) -> None:
        self._owner = owner
        self._changed = changed
        self.all: tuple[Beside, ...] = ()

    def add(self, name: str) -> None:
        """Takes `name` in behind the others, again if it failed; `read` reads it."""
        self.all = tuple(each for each in self.all if (each.name, each.status) != (name, "failed"))
        if all(each.name != name for each in self.all):
            self.all += (Beside(name),)

    def remove_last(self) -> bool:
        """Drops the one that was added last; False where there is none."""
        dropped = bool(self.all)
        self.all = self.all[:-1]
        return dropped

    def read(self, engine: EngineClient) -> None:
        """Begins to read those that nobody has begun to read."""
        for each in self.all:
            if each.status == "loading" and not each.note:
                self._set(each.name, replace(each, note="reading the tokenizer"))
                self._owner.run_worker(self._read(each.name, engine))

    async def _read(self, name: str, engine: EngineClient) -> None:
        def progress(reply: Reply) -> None:
            if isinstance(reply, Loading):
                self._set(name, Beside(name, note=reply.stage))

        try:
            folder = await asyncio.to_thread(tokenizer_folder, name)
            if folder is None:
                reply = await engine.ask(ExportTokenizer(0, name, lane=f"beside {name}"), progress)
                if not isinstance(reply, TokenizerExported):
                    return  # Dropped and chosen again meanwhile: the newer request is answered.
                folder = Path(reply.folder)
            tokenizer = await asyncio.to_thread(read_tokenizer, folder)
        except (TermformerError, OSError) as error:
            self._set(name, Beside(name, "failed", note=str(error)))
        else:
            self._set(name, Beside(name, "ready", tokenizer, ""))

    def _set(self, name: str, state: Beside) -> None:
        """Takes `state` over for `name`, if that was not dropped meanwhile."""
        after = tuple(state if each.name == name else each for each in self.all)
        if after != self.all:
            self.all = after
            self._changed()
