"""How the pane is drawn: the parts of the view that is chosen, each in its own widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from core.engine.protocol import Failed
from tui.bench import ModelState
from tui.inquiry import Inquiry
from tui.panes.model import both, page, report, words
from tui.panes.model.asking import Answers
from tui.panes.model.fields import DEFAULT, FieldsHeading, FieldsView, rows_beside, rows_of
from tui.panes.model.outline import Outline
from tui.panes.model.subject import Subject
from tui.panes.model.tree import TreeHeading, TreeView
from tui.plan import Plan
from tui.widgets.headline import Headline, Paragraph
from tui.widgets.legend import Legend
from tui.widgets.lines import Lines
from tui.widgets.prompt import Prompt
from tui.widgets.rows import Part

VIEWS = ("tree", "fields", "weights", "page", "both")
_TALL = 20
"""Rows from which there is room for two of words."""
_LOW = 9
"""Rows below which what is marked is not described."""
_WIDE = 110
"""Cells from which the tree stands beside the config."""


@dataclass(frozen=True)
class Scene:
    """All that is drawn from."""

    view: str
    subject: Subject
    answers: Answers
    tensor: str
    """The full name of the tensor whose page is shown."""
    other: str
    """The config beside this one; empty where the class's defaults are."""
    plan: Plan
    marked: int
    """The sentence that is marked."""
    typing: bool
    found: int | None
    """How many modules a search found."""
    model: ModelState
    """The model of all panes, which may be on its way."""


class ModelView(Vertical):
    """Headline, a line to type into, tree, fields or rows, two rows on what is marked, keys."""

    def __init__(self, outline: Outline) -> None:
        super().__init__(id="model-view")
        self.outline = outline
        self.headline = Headline(id="model-headline")
        self.prompt = Prompt(id="model-prompt")
        self._fields_heading, self._tree_heading = FieldsHeading(), TreeHeading()
        self.fields = FieldsView(self._fields_heading, id="model-fields")
        self.tree_view = TreeView(outline, self._tree_heading, id="model-tree")
        self._fields_side = Vertical(self._fields_heading, self.fields, id="model-fields-side")
        self._tree_side = Vertical(self._tree_heading, self.tree_view, id="model-tree-side")
        self.lines = Lines(id="model-lines")
        self._detail = Lines(id="model-detail")
        self._legend = Legend(id="model-legend")

    def compose(self) -> ComposeResult:
        yield self.headline
        yield self.prompt
        with Horizontal(id="model-body"):
            yield self._fields_side
            yield self._tree_side
            yield self.lines
        yield self._detail
        yield self._legend

    def draw(self, scene: Scene) -> None:
        """Draws all of it; each part repaints only the cells that changed."""
        tall = self.size.height >= _TALL
        self.set_class(tall, "-tall")
        instead = _instead(scene, self.size.width)
        self.set_class(instead is not None, "-words")
        if instead is not None:
            self.headline.show(instead)
            return
        self._arrange(scene.view)
        self.set_class(_refusal(scene) is not None, "-refused")
        read = scene.answers.structure.answer
        if read is not None:
            self.outline.show(read.structure)
            current = scene.answers.structure_of(scene.subject) is not None
            self.tree_view.look(dim=not current, marks=scene.view == "tree")
        self._draw_fields(scene)
        self._draw_lines(scene)
        self.headline.show(_headline(scene, self.size.width - 2, tall=tall))
        self.tell(scene)

    def tell(self, scene: Scene) -> None:
        """The rows below: what is marked, and the keys that act on it."""
        rows: list[list[Part]] = []
        if scene.view == "fields":
            rows = words.of_field(self.fields.current, scene.other)
        elif scene.view == "tree":
            structure = self.outline.structure
            rows = words.of_row(self.outline.current, structure.root.parameters if structure else 0)
        self._detail.show(lambda cells: rows)
        self._legend.show(
            words.keys(scene.view, self.size.width, found=scene.found, other=scene.other)
        )

    def _arrange(self, view: str) -> None:
        """Shows the parts of the view that is chosen."""
        beside = view == "fields" and self.size.width >= _WIDE
        self.set_class(beside, "-beside")
        self._tree_side.display = view == "tree" or beside
        self._fields_side.display = view == "fields"
        self.lines.display = view not in ("tree", "fields")
        self._detail.display = view in ("tree", "fields") and self.size.height >= _LOW

    def _draw_fields(self, scene: Scene) -> None:
        if scene.view != "fields":
            return
        changes = dict(scene.subject.changes)
        compared = scene.answers.configs.answer
        read = scene.answers.structure.answer
        if scene.other and compared is not None and compared.other == scene.other:
            titles = (scene.subject.base, scene.other)
            self.fields.show(rows_beside(compared, changes), titles)
        elif read is not None:
            plain = scene.answers.plain(scene.subject)
            rows = rows_of(read.config, changes, plain.config if plain else None)
            self.fields.show(rows, ("value", DEFAULT))

    def _draw_lines(self, scene: Scene) -> None:
        answers, subject = scene.answers, scene.subject
        if scene.view == "weights" and (read := answers.weights_of(subject)):
            self.lines.show(lambda cells: report.report(read, cells))
        elif scene.view == "page":
            inspected = answers.parameter.answer
            if inspected is not None:
                lines, stale = self.lines, answers.parameter_of(subject, scene.tensor) is None
                lines.show(lambda cells: page.page(inspected, cells, lines.size.height), dim=stale)
        elif scene.view == "both":
            pair = answers.both_of(subject, scene.plan)
            self.lines.show(lambda cells: both.table(scene.plan, pair, scene.marked, cells))


def _refusal(scene: Scene) -> Failed | None:
    """Why the tree or the config beside it could not be had, where one of them is looked at."""
    if scene.view not in ("tree", "fields"):
        return None
    answers = scene.answers
    return answers.structure.failure or (answers.configs.failure if scene.other else None)


def _headline(scene: Scene, cells: int, *, tall: bool) -> list[Paragraph]:
    answers, subject = scene.answers, scene.subject
    if scene.view == "weights" and (weights := answers.weights_of(subject)):
        return report.headline(weights)
    if scene.view == "page":
        inspected = answers.parameter_of(subject, scene.tensor)
        if inspected is not None:
            return page.headline(inspected)
        return words.busy(scene.tensor, answers.parameter.progress, cells)
    if scene.view == "both":
        stage = next((each.progress.stage for each in answers.pair if each.progress), "")
        return both.headline(*answers.both_of(subject, scene.plan), stage, scene.plan)
    if failure := _refusal(scene):
        return words.refused(failure, changed=bool(subject.changes))
    read = answers.structure_of(subject)
    if read is None:
        return words.busy(subject.name, answers.structure.progress, cells)
    if scene.found is not None:
        return words.found(scene.found, len(read.structure.modules))
    first, origin = words.headline(subject, read, answers.plain(subject), cells)
    if scene.model.status == "loading":
        way = words.on_its_way(scene.model, cells)
        # What the first row says stands in the tree's first row, too.
        return [first, way] if tall else [way]
    return [first, origin]


def _instead(scene: Scene, cells: int) -> list[Paragraph] | None:
    """What is said where the view has nothing to show yet."""
    answers, subject = scene.answers, scene.subject
    if scene.view == "both":
        return _instead_of_both(scene)
    inquiry: Inquiry[Any] = answers.structure
    there = answers.structure.answer is not None
    if scene.view == "weights":
        inquiry, there = answers.weights, answers.weights_of(subject) is not None
    elif scene.view == "page":
        inquiry, there = answers.parameter, answers.parameter.answer is not None
    if inquiry.cancelled:
        return words.given_up()
    if inquiry.failure and (not there or scene.view == "page"):
        return words.refused(inquiry.failure, changed=bool(subject.changes))
    if there:
        return None
    name = scene.tensor if scene.view == "page" else subject.name
    return words.busy(name, inquiry.progress, cells)


def _instead_of_both(scene: Scene) -> list[Paragraph] | None:
    if scene.answers.is_kind(scene.subject):
        return words.no_text_for_a_kind(scene.subject.base)
    if not scene.plan.count:
        return words.nothing_typed(typing=scene.typing)
    for each in scene.answers.pair:
        if each.cancelled:
            return words.given_up()
        if each.failure:
            return words.refused(each.failure, changed=False)
    return None
