"""What the pane looks into, what it asks of the engine, and when it draws."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult

from core.engine.protocol import Overtaken, Reply, StructureRead
from tui.bench import ModelState
from tui.document import Document
from tui.panes.model.asking import Answers
from tui.panes.model.outline import Outline
from tui.panes.model.subject import HEAD_ORDER, Subject
from tui.panes.model.view import VIEWS, ModelView, Scene
from tui.plan import Plan, plan_sentences
from tui.widgets.pane import Code, Export, Option, Pane


class LookingPane(Pane):
    """Follows the model of the panes, or looks into another one; keys are the subclass's."""

    def __init__(self) -> None:
        super().__init__(id="model")
        self.subject = Subject("")
        self.answers = Answers()
        self.outline = Outline()
        self.tensor = ""
        self.shown = "tree"
        self.other = ""
        """The config that stands beside this one; empty where the class's defaults do."""
        self._plan = Plan()
        self._marked = 0
        self._followed = ""
        """The panes' model that the subject was made from."""
        self._folder = ""

    def compose(self) -> ComposeResult:
        self.view = ModelView(self.outline)
        yield self.view

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._draw)

    # --- what the workbench tells ---------------------------------------------------------

    def model_changed(self, model: ModelState) -> None:
        name = model.textless or model.name  # It needs no text to look into a model.
        if name and name != self._followed:
            self._followed = name
            self.subject = Subject.of(name, self.subject.head)
        self._ask()
        self._draw()

    def document_changed(self, document: Document) -> None:
        self._plan = plan_sentences(document)
        if self.shown == "both":
            self._ask()
            self._draw()

    def caret_moved(self, line: int, column: int) -> None:
        self._marked = self.bench.document.row_of_line(line) or 0
        if self.shown == "both":
            self._draw()

    def options(self) -> dict[str, Option]:
        return {"view": self.shown, "head": self.subject.head, "folder": self._folder}

    def restore(self, options: dict[str, Option]) -> None:
        view, head = options.get("view"), options.get("head")
        if view in VIEWS and view != "page":
            self.shown = str(view)
        known = next((each for each in HEAD_ORDER if each == head), None)
        self.subject = Subject(self.subject.base, known)
        self._folder = str(options.get("folder") or "")

    def code(self) -> Code | None:
        from tui.panes.model import code  # imported when first needed

        return code.of(self.scene, self.bench.document)

    def exports(self) -> Sequence[Export]:
        from tui.panes.model import code

        return code.files(self.scene)

    # --- asking and being answered --------------------------------------------------------

    def _ask(self) -> None:
        """Asks for what the view needs, unless it was asked before."""
        if not self.display or not self.subject.base:
            return
        engine, answers, subject = self.bench.engine, self.answers, self.subject
        answers.ask_structure(engine, subject)
        if self.shown in ("weights", "page"):
            answers.ask_weights(engine, subject)
        if self.shown == "page" and self.tensor:
            answers.ask_parameter(engine, subject, self.tensor)
        if self.shown == "fields" and self.other:
            answers.ask_configs(engine, subject, self.other)
        if self.shown == "both" and self._plan.count and not answers.is_kind(subject):
            answers.ask_both(engine, subject, self._plan)

    def engine_answered(self, reply: Reply) -> None:
        if self.answers.take(reply):
            if isinstance(reply, Overtaken | StructureRead):
                self.call_later(self._ask)
            self._draw()

    # --- drawing --------------------------------------------------------------------------

    @property
    def scene(self) -> Scene:
        """What is drawn now."""
        return Scene(
            view=self.shown,
            subject=self.subject,
            answers=self.answers,
            tensor=self.tensor,
            other=self.other,
            plan=self._plan,
            marked=self._marked,
            typing=self.bench.typing,
            found=self.outline.found,
            model=self.bench.model,
        )

    def _draw(self) -> None:
        if self.is_mounted and self.display and self.subject.base:
            self.view.draw(self.scene)

    def _outlined(self) -> None:
        """The outline changed: only what is drawn from it."""
        self.view.tree_view.follow()
        self.view.tell(self.scene)

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._draw()
