"""What a pane may ask of the screen that holds it, and the model as panes see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from textual.widget import Widget

from core.engine.client import EngineClient
from core.engine.protocol import ModelInfo
from tui.document import Document
from tui.widgets.editor import SentenceEditor


@dataclass(frozen=True, slots=True)
class ModelState:
    """The model the panes ask. `info` is the one that answers, kept while another one loads.

    `done` and `total` are bytes, where they are known; `problem` is one clear sentence. `ended` is
    how the engine ended, one sentence, until it answers again; `stage` is then what it does for
    that, empty while nobody asks. `textless` is the model that was chosen last and brings no
    tokenizer: only the Model pane can show it.
    """

    name: str
    status: Literal["absent", "loading", "ready", "failed"] = "absent"
    info: ModelInfo | None = None
    stage: str = ""
    done: int | None = None
    total: int | None = None
    problem: str = ""
    ended: str = ""
    textless: str = ""


class Desk(Protocol):
    """Where the model of all panes is loaded."""

    good: str | None
    """The last model whose tokenizer could be read."""

    def need(self) -> None:
        """Loads the model unless it is there, on its way, or known not to be had."""

    def retry(self) -> None:
        """Loads the model once more, whatever happened before."""

    def cancel(self) -> None:
        """Gives up what is loaded; the model before, if there is one, stays in force."""


class Bench(Protocol):
    """The document, the model and the engine, and what the panes have in common."""

    editor: SentenceEditor
    engine: EngineClient
    recent: list[str]
    """Models by name, the one that was used last first."""

    @property
    def desk(self) -> Desk:
        """Where the model is loaded."""

    @property
    def document(self) -> Document:
        """The sentences and their tokens."""

    @property
    def model(self) -> ModelState:
        """The model the panes ask, as it stands."""

    @property
    def typing(self) -> bool:
        """Whether keys go into the editor."""

    @property
    def run_note(self) -> str:
        """What the status line says of the run that is watched."""

    def choose_model(self, name: str) -> None:
        """Loads `name` for all panes; what was there before answers until it is there."""

    def used(self, name: str) -> None:
        """Remembers that a model of this name was chosen, in whichever pane."""

    def show(self, pane: Widget) -> None:
        """Shows `pane` instead of the one in view."""

    def show_summary(self) -> None:
        """Draws the rule under the editor anew: the pane has another batch in view."""

    def show_keys(self) -> None:
        """Draws the key bar anew: other keys of the pane have become of use."""

    def note_run(self, note: str) -> None:
        """Says `note` of the run that is watched in the status line; `visible` text."""

    def remember(self) -> None:
        """Saves soon what comes back at the next start: the pane's options changed."""

    def action_type_mode(self) -> None:
        """From keys to typing."""
