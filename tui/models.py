"""Which model the panes ask: chosen, loading, there or not to be had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.checkpoints import tokenizer_folder
from core.engine.client import EngineClient
from core.engine.protocol import (
    Cancelled,
    Failed,
    Loaded,
    Loading,
    Overtaken,
    Reply,
    TokenizerExported,
)
from core.engine.protocol.checkpoint import AFTER_CANCEL
from core.errors import ModelError
from core.text.tokenizer import TextTokenizer, read_tokenizer
from tui.bench import ModelState


class ModelDesk:
    """Keeps the model's state; its tokenizer needs no engine wherever it can be read directly.

    `changed` hears of every new state, `tokenizer_read` of every tokenizer to encode with. A model
    that cannot be had leaves the one before it in force: it goes on answering, or loading.
    """

    def __init__(
        self,
        engine: EngineClient,
        changed: Callable[[ModelState], None],
        tokenizer_read: Callable[[TextTokenizer], None],
    ) -> None:
        self.engine = engine
        self.state = ModelState("")
        self.good: str | None = None
        """The last model whose tokenizer could be read: what to open with at the next start."""
        self._changed = changed
        self._tokenizer_read = tokenizer_read
        self._tokenizer_of: Path | None = None
        self._load: int | None = None
        self._export: int | None = None
        self._needed = False
        self._fetching = False
        """Whether bytes of what is loaded were seen to arrive."""

    def open(self, name: str, *, textless: str = "") -> None:
        """Makes `name` the model, its tokenizer at once; weights are loaded by `need`.

        `textless` is the model that it stands in for, where that one brings no tokenizer.
        """
        self._load = self._export = None
        self._fetching = False
        # Announced once its tokenizer is found: whoever hears of it may ask for the weights.
        self.state = ModelState(name, info=self.state.info, textless=textless)
        try:
            folder = tokenizer_folder(name)
        except ModelError as error:
            self._failed(str(error))
            return
        if folder is None:
            self._export = self.engine.export_tokenizer(name)
            self._set(replace(self.state, status="loading", stage="reading the tokenizer"))
        elif self._read(folder):
            self._set(self.state)

    def choose(self, name: str) -> None:
        """Makes `name` the model and loads it; the one before answers until it is there."""
        self._export = None
        self._needed = True
        self._start_loading(name)

    def need(self) -> None:
        """Loads the model unless it is there, on its way, or known not to be had."""
        self._needed = True
        if self.state.status == "absent":
            self._start_loading(self.state.name, self.state.textless)

    def retry(self) -> None:
        """Loads the model once more, whatever happened before."""
        if self.state.status != "loading":
            self.choose(self.state.name)

    def cancel(self) -> None:
        """Gives up what is loaded; the model before, if there is one, stays in force."""
        request = self._load if self._load is not None else self._export
        if request is not None:
            self.engine.cancel(request)

    def engine_ended(self, how: str) -> None:
        """The engine is not there, whatever the state says; `how` is one sentence."""
        state = replace(self.state, ended=how, done=None, total=None)
        if state.status == "ready":
            state = replace(state, stage="", problem="")
        self._set(state)

    def _start_loading(self, name: str, textless: str = "") -> None:
        self._fetching = False
        self._set(ModelState(name, "loading", self.state.info, "starting", textless=textless))
        self._load = self.engine.load(name)

    def reply(self, reply: Reply) -> None:
        """Takes the engine's reply, if it is to a request of this desk's that still counts.

        Whoever it is for, it says what became of an engine that had ended.
        """
        if self.state.ended:
            self._hear(reply)
        if reply.id == self._load:
            match reply:
                case Loading():
                    self._progressed(reply)
                case Loaded(model=info):
                    self._load = None
                    self._set(ModelState(info.name, "ready", info, textless=self.state.textless))
                    self._read(Path(info.tokenizer_folder))
                case Failed(message=message):
                    self._failed(message, textless=self._textless(reply))
                case Cancelled():
                    self._given_up()
                case _:
                    pass
        elif reply.id == self._export:
            self._exported(reply)

    def _hear(self, reply: Reply) -> None:
        if isinstance(reply, Loading):
            if reply.id not in {self._load, self._export}:
                self._set(replace(self.state, stage=reply.stage))
            return
        given_up = isinstance(reply, Failed) and reply.message == self.state.ended
        if not given_up and not isinstance(reply, Overtaken | Cancelled):
            ready = self.state.status == "ready"
            self._set(replace(self.state, ended="", stage="" if ready else self.state.stage))

    def _progressed(self, reply: Loading) -> None:
        self._fetching = self._fetching or bool(reply.total)
        self._set(replace(self.state, stage=reply.stage, done=reply.done, total=reply.total))

    def _exported(self, reply: Reply) -> None:
        if isinstance(reply, TokenizerExported):
            self._export = None
            state = self.state
            self.state = ModelState(state.name, info=state.info, textless=state.textless)
            if self._read(Path(reply.folder)):
                self._set(self.state)
                if self._needed:
                    self.need()
        elif isinstance(reply, Loading):
            self._progressed(reply)
        elif isinstance(reply, Failed):
            self._failed(reply.message, textless=self._textless(reply))
        elif isinstance(reply, Cancelled):
            self._given_up()

    def _given_up(self) -> None:
        fetched = f" {AFTER_CANCEL}" if self._fetching else ""
        self._failed(f"{self.state.name} was given up.{fetched}")

    def _read(self, folder: Path) -> bool:
        if folder != self._tokenizer_of:
            try:
                tokenizer = read_tokenizer(folder)
            except ModelError as error:
                self._failed(str(error))
                return False
            self._tokenizer_of = folder
            self.good = self.state.name  # whoever hears of the tokenizer may ask whose it is
            self._tokenizer_read(tokenizer)
        self.good = self.state.name
        return True

    def _failed(self, problem: str, *, textless: str = "") -> None:
        info, name = self.state.info, self.state.name
        self._load = self._export = None
        if info is not None:
            kept = f"{problem} {info.name} stays loaded."
            self._set(ModelState(info.name, "ready", info, problem=kept, textless=textless))
        elif self.good is not None and self.good != name:
            # The one before was still on its way, or not asked for yet.
            instead = f"{problem} {self.good} is used instead."
            self._set(ModelState(self.good, problem=instead, textless=textless))
            if self._needed:
                self._start_loading(self.good, textless)
        else:
            self._set(ModelState(name, "failed", problem=problem, textless=textless))

    def _textless(self, failed: Failed) -> str:
        return self.state.name if failed.kind == "no_tokenizer" else ""

    def _set(self, state: ModelState) -> None:
        self.state = state
        self._changed(state)
