"""The first view: every sentence alone, in the batch without a mask, with it, and as asked."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult

from core.engine.protocol import EQUAL_WITHIN, Compare, Compared
from core.snippets.experiment import experiment_code
from core.text.visible import visible
from tui.inquiry import Inquiry
from tui.panes.logits import lesson
from tui.panes.logits.columns import Group, plan_columns
from tui.panes.logits.experiment import Shown, shown_rows
from tui.panes.logits.export import compared_rows, csv_export, json_export
from tui.panes.logits.steps import EXTRAS, Extra, slider
from tui.panes.logits.table import Experiment, LogitsHeading, LogitsTable
from tui.panes.logits.view import LogitsView
from tui.widgets import numbers
from tui.widgets.headline import Paragraph
from tui.widgets.legend import Legend
from tui.widgets.offers import Offer
from tui.widgets.pane import Code, Export

_LEADS = (
    Offer("a", "attention to padding"),
    Offer("g", "what the model is given"),
    Offer("t", "two checkpoints"),
    Offer("d", "no batch dimension"),
)


_ROOMY = 12
"""Rows from which all that the headline says is shown."""


class CompareView(LogitsView):
    """The experiment as a table, its lesson in words above it."""

    DRAWS_WITHOUT_NUMBERS = True

    def __init__(self) -> None:
        super().__init__(id="compare")
        self.emphasis: Group = "logits"
        """Which numbers are shown where there is room for one kind only."""
        self.added: Extra | None = None
        """The step that was added last: the headline speaks of it."""
        self.chooses = False
        """Whether there is room for one kind of numbers only, so that a key chooses which."""
        self._inquiry = Inquiry(Compared)
        self._first_label = 0
        self._said: list[Paragraph] = []

    def compose(self) -> ComposeResult:
        self._heading = LogitsHeading(id="logits-heading")
        self._table = LogitsTable(id="logits-table")
        self._legend = Legend(id="legend")
        yield self.headline
        yield self._heading
        yield self._table
        yield self._legend

    @property
    def inquiries(self) -> tuple[Inquiry[Compared], ...]:
        return (self._inquiry,)

    @property
    def answer(self) -> Compared | None:
        """The newest answer of the engine, of whatever text."""
        return self._inquiry.answer

    @property
    def rows(self) -> tuple[Shown, ...]:
        """The compared inputs as they are shown."""
        scene = self.scene
        current = self._inquiry.is_of(scene.info) and not scene.behind
        return shown_rows(scene.plan, scene.steps, self._inquiry.answer, current=current)

    def code(self) -> Code | None:
        scene, rows = self.scene, self.rows
        if scene.info is None or not rows:
            return None
        python = experiment_code(scene.inputs, scene.named_steps(rows), rows[0].first_position)
        return Code("The experiment", python, scene.checkpoint.note)

    def exports(self) -> Sequence[Export]:
        answer, rows = self._inquiry.answer, self.rows
        if answer is None or not all(row.holds for row in rows):
            return ()
        return (
            json_export(answer, "Every input in every step: ids, mask, logits, probabilities"),
            csv_export("A line for each input and step", lambda: compared_rows(answer, rows)),
        )

    def question(self) -> Compare:
        plan = self.scene.plan
        return Compare(
            id=0,
            model=self.scene.info.name if self.scene.info else "",
            sentences=plan.texts,
            raw_ids=plan.ids,
            arrangements=tuple(step.arrangement for step in self.scene.steps),
        )

    # --- drawing --------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        self.redraw(follow=True)

    def draw(self, *, follow: bool) -> None:
        """Draws all four parts; each repaints only the cells that changed."""
        scene, rows = self.scene, self.rows
        answer = self._inquiry.answer
        model = answer.model if answer and scene.info else scene.info
        experiment = Experiment(
            rows,
            scene.steps,
            tuple(model.labels) if model else (),
            model.postprocess if model else "softmax",
            lesson.left_out(scene.plan),
            self._waiting(),
            self._offers(),
            typing=scene.typing,
        )
        columns = plan_columns(
            self.size.width,
            experiment.labels,
            emphasis=self.emphasis,
            first=self._first_label,
            longest_logit=experiment.longest_logit(),
            likely=experiment.likely,
            steps=scene.steps,
        )
        self._first_label = columns.first
        chooses = experiment.likely and len(columns.groups) == 1
        if chooses != self.chooses:
            self.chooses = chooses
            self.bench.show_keys()
        self._heading.show_columns(columns, experiment)
        self._table.show(experiment, columns, scene.row, follow=follow)
        self._speak(rows, experiment.labels if experiment.likely else ())
        rows_needed = self.headline.rows_needed if self.size.height >= _ROOMY else 0
        self.set_class(rows_needed == 3, "-three")
        self.set_class(rows_needed > 3, "-four")
        hidden = len(experiment.labels) - columns.count
        notes = [
            f"labels {columns.first + 1}–{columns.first + columns.count} of "
            f"{len(experiment.labels)} ←→"
            if hidden > 0
            else "",
            f"first {len(rows)} of {scene.count} sentences" if scene.plan.left_out else "",
            self.whose,
        ]
        equal = f" Δ largest difference to alone · equal: up to {numbers.tolerance(EQUAL_WITHIN)}"
        note = " · ".join(filter(None, notes))
        right = [(f"{note} ", "legend--note")] if note else []
        most = model.max_positions if model else None
        self._legend.show([(equal, "")], [*right, *slider(scene.setup, scene.plan, most)])

    def _waiting(self) -> str:
        """The word for numbers that are not there."""
        if self.scene.info is None:
            return ""
        failed = self._inquiry.failure and not self._inquiry.waiting
        return "not computed" if failed else "computing…"

    def _offers(self) -> list[Offer]:
        """What a key adds, or leads to; nothing where the model gives no logits of labels."""
        failure = self._inquiry.failure
        if failure is not None and failure.kind == "not_a_classifier":
            return []
        setup = self.scene.setup
        return [
            Offer("s", "other side", setup.side),
            Offer("+ −", "pad further", bool(setup.further)),
            Offer("b", "batch order", setup.order),
            Offer("f", "bfloat16", setup.bfloat16),
            *_LEADS,
            Offer("x", "raw ids", self.scene.plan.raw_ids),
        ]

    def _speak(self, rows: tuple[Shown, ...], labels: tuple[str, ...]) -> None:
        """The headline; while numbers are on their way it stays, dim."""
        scene = self.scene
        added = self.added if self.added and scene.setup.has(self.added) else None
        if added is None:
            added = next((each for each in reversed(EXTRAS) if scene.setup.has(each)), None)
        if scene.looks_like_ids:
            words = "This looks like ids, and is read as text. "
            key = [("Esc, ", "")] if scene.typing else []
            self.say([[(words, ""), *key, ("x", "headline--key"), (" reads it as ids.", "")]])
            return
        nothing = lesson.nothing_padded(scene.plan) if added in {None, "side"} else None
        if nothing:
            self.say(nothing)
            return
        row = lesson.subject(rows, scene.row)
        if row is None and rows and rows[0].alone:
            row = min(scene.row, len(rows) - 1)
        holds = row is not None and rows[row].holds
        if row is not None and holds:
            self._said = (
                lesson.of_extra(added, row, rows[row], labels)
                if added
                else lesson.lesson(row, rows[row], labels)
            )
            if scene.info and scene.info.notes and not added:
                self._said[1:] = [[(visible(note), "headline--quiet")] for note in scene.info.notes]
        elif not self._said:
            self._said = [[("Comparing each sentence alone and in the batch…", "")]]
        self.say(self._said, dim=not holds)

    # --- keys -----------------------------------------------------------------------------

    def move(self, rows: int, columns: int) -> bool:
        if columns:
            self._first_label = max(0, self._first_label + columns)
            self.redraw()
        return bool(columns)

    def page(self, pages: int) -> None:
        self._table.scroll_by(pages * max(1, self._table.size.height - 1))
