"""The Model pane: a module tree, its config, what loading found, a tensor's figures, saving."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from core.engine.protocol import Overtaken, Reply
from tui.document import Document
from tui.panes.model import words
from tui.panes.model.asking import Answers
from tui.panes.model.bindings import BINDINGS
from tui.panes.model.fields import FieldsHeading, FieldsView, rows_of
from tui.panes.model.outline import Outline
from tui.panes.model.prompt import Prompt
from tui.panes.model.subject import HEAD_ORDER, Subject
from tui.panes.model.tree import TreeHeading, TreeView
from tui.widgets.headline import Headline, Paragraph
from tui.widgets.legend import Legend
from tui.widgets.lines import Lines
from tui.widgets.pane import Code, Export, ModelState, Option, Pane
from tui.widgets.rows import Part

VIEWS = ("tree", "fields")
_TALL = 20
"""Rows from which there is room for two of words."""
_WIDE = 110
"""Cells from which the tree stands beside the config."""


class ModelPane(Pane):
    """What a checkpoint is made of."""

    DEFAULT_CSS = (Path(__file__).parent / "model.tcss").read_text()
    TITLE = "Model"
    ABOUT = (
        "What a checkpoint is made of. The **tree** is that of `print(model)`, with counts: built "
        "from the config alone, so that nothing is downloaded for it. The **config** is shown "
        "field by field, those marked that differ from the class's defaults."
    )
    BINDINGS: ClassVar[list[BindingType]] = BINDINGS

    def __init__(self) -> None:
        super().__init__(id="model")
        self.subject = Subject("")
        self.answers = Answers()
        self.outline = Outline()
        self._followed = ""
        """The panes' model that the subject was made from."""
        self._view = "tree"

    def compose(self) -> ComposeResult:
        self._headline = Headline(id="model-headline")
        self.prompt = Prompt(id="model-prompt")
        fields_heading, tree_heading = FieldsHeading(), TreeHeading()
        self.fields = FieldsView(fields_heading, id="model-fields")
        self.tree_view = TreeView(self.outline, tree_heading, id="model-tree")
        self._lines = Lines(id="model-lines")
        self._detail = Lines(id="model-detail")
        self._legend = Legend(id="model-legend")
        yield self._headline
        yield self.prompt
        with Horizontal(id="model-body"):
            with Vertical(id="model-fields-side"):
                yield fields_heading
                yield self.fields
            with Vertical(id="model-tree-side"):
                yield tree_heading
                yield self.tree_view
            yield self._lines
        yield self._detail
        yield self._legend

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.height >= _TALL, "-tall")
        self._draw()

    # --- what the workbench tells ---------------------------------------------------------

    def model_changed(self, model: ModelState) -> None:
        if model.name and model.name != self._followed:
            self._followed = model.name
            self.subject = Subject.of(model.name, self.subject.head)
        self._ask()
        self._draw()

    def document_changed(self, document: Document) -> None:
        self._draw()

    def options(self) -> dict[str, Option]:
        return {"view": self._view, "head": self.subject.head}

    def restore(self, options: dict[str, Option]) -> None:
        view, head = options.get("view"), options.get("head")
        if view in VIEWS:
            self._view = str(view)
        known = next((each for each in HEAD_ORDER if each == head), None)
        self.subject = Subject(self.subject.base, known)

    def code(self) -> Code | None:
        from core.snippets.model import build_code  # imported when first needed

        read = self.answers.structure_of(self.subject)
        return Code("The model from its config", build_code(read)) if read else None

    def exports(self) -> Sequence[Export]:
        return ()

    # --- asking and being answered --------------------------------------------------------

    def _ask(self) -> None:
        if self.display and self.subject.base:
            self.answers.ask_structure(self.bench.engine, self.subject)

    def engine_answered(self, reply: Reply) -> None:
        if self.answers.take(reply):
            if isinstance(reply, Overtaken):
                self.call_later(self._ask)
            self._draw()

    # --- drawing --------------------------------------------------------------------------

    def _draw(self) -> None:
        if not self.is_mounted or not self.display:
            return
        read = self.answers.structure.answer
        failure = self.answers.structure.failure
        instead = self._instead()
        self.set_class(instead is not None, "-words")
        if instead is not None:
            self._headline.show(instead)
            return
        assert read is not None
        self._arrange()
        current = self.answers.structure_of(self.subject) is not None
        self.outline.show(read.structure)
        self.tree_view.set_class(not current, "-stale")
        self.tree_view.follow()
        self.fields.show(rows_of(read.config, dict(self.subject.changes)), ("value", "default"))
        if failure:
            self._headline.show(words.refused(failure, changed=bool(self.subject.changes)))
        elif not current:
            self._headline.show(words.busy(self.subject, self.answers.progress, self.size.width))
        else:
            plain = self.answers.plain(self.subject)
            self._headline.show(words.headline(self.subject, read, plain, read.notes))
        self._say()

    def _instead(self) -> list[Paragraph] | None:
        """What is said where there is nothing to show yet."""
        structure = self.answers.structure
        if structure.answer is not None:
            return None
        if structure.failure:
            return words.refused(structure.failure, changed=False)
        if structure.cancelled:
            return words.given_up()
        return words.busy(self.subject, self.answers.progress, self.size.width)

    def _arrange(self) -> None:
        """Shows the parts of the view that is chosen."""
        both = self._view == "fields" and self.size.width >= _WIDE
        self.set_class(both, "-both")
        self.query_one("#model-tree-side").display = self._view == "tree" or both
        self.query_one("#model-fields-side").display = self._view == "fields"
        self._lines.display = self._view not in ("tree", "fields")

    def _say(self) -> None:
        """What is marked, and the keys."""
        total = self.outline.structure.root.parameters if self.outline.structure else 0
        if self._view == "fields":
            rows = words.of_field(self.fields.current, "")
        else:
            rows = words.of_row(self.outline.current, total)
        self._detail.show(lambda cells: rows)
        self._legend.show(self._keys())

    def _keys(self) -> list[Part]:
        if self._view == "fields":
            return words.legend(
("y", "only what differs"), ("t", "tree"),            )  # fmt: skip
        return words.legend(
            ("Enter", "open"), ("u", "unfold"), ("g", "open all"), ("f", "config"), ("p", "head"),
        )  # fmt: skip

    # --- keys -----------------------------------------------------------------------------

    def _changed(self, subject: Subject) -> None:
        self.subject = subject
        self._ask()
        self._draw()

    def action_view(self, name: str) -> None:
        self._view = "tree" if name == self._view else name
        self._draw()
        self.bench.remember()

    def action_back(self) -> None:
        if self.outline.found is not None:
            self.outline.seek("")
        self._view = "tree"
        self._draw()

    def action_move(self, step: int) -> None:
        if self._view == "fields":
            self.fields.move(step)
        else:
            self.outline.move(step)
            self.tree_view.follow()
        self._say()

    def action_page(self, step: int) -> None:
        view = self.fields if self._view == "fields" else self.tree_view
        self.action_move(step * max(1, view.size.height - 1))

    def action_unfurl(self, step: int) -> None:
        if step > 0:
            self.outline.open()
        else:
            self.outline.close()
        self._outlined()

    def action_fold(self) -> None:
        self.outline.toggle_fold()
        self._outlined()

    def action_open_all(self) -> None:
        self.outline.toggle_all()
        self._outlined()

    def action_open(self) -> None:
        if self.outline.found is not None:
            self.outline.reveal()
        else:
            self.outline.toggle()
        self._outlined()

    def _outlined(self) -> None:
        """The outline changed: only what is drawn from it."""
        self.tree_view.follow()
        self._say()

    def action_differing(self) -> None:
        self.fields.only_differing = not self.fields.only_differing
        self.fields.refilter()
        self._say()

    def action_again(self) -> None:
        self.answers.forget()
        self._ask()
        self._draw()

    def action_cancel(self) -> None:
        self.answers.cancel(self.bench.engine)
        self.bench.desk.cancel()

    def action_use(self) -> None:
        self.bench.choose_model(self.subject.name)

    def action_built(self) -> None:
        self._changed(self.subject.twin)

    def action_head(self, step: int) -> None:
        self._changed(self.subject.next_head(step))
        self.bench.remember()

    @on(TreeView.Clicked)
    def _row_clicked(self, message: TreeView.Clicked) -> None:
        self.outline.cursor = message.row
        self._outlined()
