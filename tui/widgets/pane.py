"""What every pane is: a place below the tabs whose letters act while it has the focus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.widget import Widget

from core.engine.protocol import Reply
from core.text.encoding import Batch
from tui.document import Document
from tui.widgets.keys import PLACES, KeysInOrder

if TYPE_CHECKING:
    from tui.bench import Bench, ModelState

Option = str | int | float | bool | None
"""What a pane may remember between starts."""


@dataclass(frozen=True, slots=True)
class Code:
    """Python, in the course's style, that gives what a pane shows."""

    title: str
    python: str
    note: str = ""
    """What the reader should know before running it; empty where there is nothing."""


@dataclass(frozen=True, slots=True)
class Export:
    """One way of writing what a pane shows to a file."""

    suffix: str
    """The file's: `json`, `csv`, `html`, `svg`, `txt`."""
    about: str
    make: Callable[[], str | bytes]


class Pane(KeysInOrder, Widget, can_focus=True):
    """One pane. The workbench calls it back; it never looks for the editor or other panes.

    `document_changed` runs between a key and its frame: what it repaints is on the screen together
    with the key. It is called for the pane that is shown, and once when a pane comes to be shown.
    """

    TITLE: ClassVar[str] = ""
    """The word on its tab."""
    ABOUT: ClassVar[str] = ""
    """What it is for: the first lines of its help; ** and ` stand for emphasis."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i,enter", "screen.type_mode", "type", id="pane.type", tooltip="To the editor"),
        Binding("o", "screen.choose_model", "model", id="pane.model", tooltip="Choose a model"),
        Binding(
            "c",
            "screen.show_code",
            "code",
            id="pane.code",
            tooltip="The Python that gives what is shown",
        ),
        Binding(
            "e", "screen.export", "export", id="pane.export", tooltip="What is shown, as a file"
        ),
        Binding("tab", "screen.next_pane(1)", "next pane", id="pane.next"),
        Binding("shift+tab", "screen.next_pane(-1)", "pane before", show=False, id="pane.previous"),
        *(
            Binding(
                str(n + 1), f"screen.show_pane({n})", f"{place} pane", False, id=f"pane.{n + 1}"
            )
            for n, place in enumerate(PLACES)
        ),
        Binding("q", "app.quit", "quit", show=False, id="pane.quit"),
        Binding("question_mark", "app.help", "help", show=False, id="pane.help"),
    ]
    DEFAULT_CSS = "Pane { height: 1fr; layout: vertical; }"

    @property
    def bench(self) -> Bench:
        """The screen that holds the document, the model and the engine."""
        return cast("Bench", self.screen)

    def document_changed(self, document: Document) -> None:
        """The sentences or their tokens changed."""

    def model_changed(self, model: ModelState) -> None:
        """The model is loading, there, or could not be loaded. Also called when shown."""

    def engine_answered(self, reply: Reply) -> None:
        """The engine replied to a request of this pane's (every pane sees every reply)."""

    def batch_in_view(self, document: Document) -> Batch:
        """The batch that the rule under the editor describes."""
        return document.batch

    def caret_moved(self, line: int, column: int) -> None:
        """The editor's cursor is at character `column` of `line`; only while it has the focus."""

    def code(self) -> Code | None:
        """The Python that gives what is shown; None where nothing is shown yet."""
        return None

    def no_code(self) -> str:
        """Why there is no code, as a sentence."""
        return "There is code once the pane shows something."

    def exports(self) -> Sequence[Export]:
        """The files that what is shown can be written to; empty where nothing is shown yet."""
        return ()

    def offers(self, action: str) -> bool:
        """Whether an action has something to act on at present; others are not in the key bar."""
        return True

    def key_words(self, binding: Binding) -> str:
        """What a key does at present, in the key bar's few words."""
        return binding.description

    def options(self) -> dict[str, Option]:
        """What to remember between starts."""
        return {}

    def restore(self, options: dict[str, Option]) -> None:
        """Takes back what `options` gave at an earlier start; unknown or wrong values are left."""
