"""The Logits pane: asks the engine with every change, and shows only what still holds."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from core.engine.protocol import EQUAL_WITHIN, Compared, ModelInfo, Overtaken, Reply
from core.text.visible import visible
from tui.document import Document
from tui.panes.logits import lesson, numbers
from tui.panes.logits.columns import Group, plan_columns
from tui.panes.logits.experiment import Plan, Shown, plan_batch, shown_rows
from tui.panes.logits.headline import Headline, Paragraph
from tui.panes.logits.inquiry import Inquiry
from tui.panes.logits.table import Experiment, LogitsHeading, LogitsTable
from tui.widgets.pane import ModelState, Option, Pane
from tui.widgets.rows import Line

_SHORT, _TALL = 12, 24
"""Rows below which the legend gives way to numbers, and from which there is room to breathe."""


class Legend(Line):
    """What the words of the table mean, and what is not in it."""

    COMPONENT_CLASSES = {"legend--note"}


class LogitsPane(Pane):
    """Each sentence's logits alone, in the padded batch without a mask, and with it."""

    DEFAULT_CSS = (Path(__file__).parent / "logits.tcss").read_text()
    TITLE = "Logits"
    ABOUT = (
        "What padding and the attention mask do to the model's answer. Every sentence goes through "
        "the model three times: **alone**; in one **batch** with the others, padded to the "
        "longest, **without an attention mask**; and in the same batch **with the mask**. Δ is the "
        "largest absolute difference between these logits and the ones alone: up to 1e-5 is "
        "rounding (*equal*), more *differs*. Dim numbers are of an earlier text; new ones are on "
        "their way."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "emphasis", "logits/%", id="logits.emphasis", tooltip="Show probabilities"),
        Binding("down,j", "move(1)", "next", id="logits.down", key_display="↓"),
        Binding("r", "again", "again", id="logits.again", tooltip="Compute or load once more"),
        Binding("up,k", "move(-1)", "sentence before", show=False, id="logits.up"),
        Binding("right,l", "labels(1)", "more labels", show=False, id="logits.labels"),
        Binding("left,h", "labels(-1)", "labels before", show=False, id="logits.labels_back"),
        Binding("home,0", "edge(0)", "first sentence", show=False, id="logits.first"),
        Binding("end,dollar_sign", "edge(1)", "last sentence", show=False, id="logits.last"),
        Binding("pagedown", "page(1)", "page down", show=False, id="logits.page_down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="logits.page_up"),
    ]

    def __init__(self) -> None:
        super().__init__(id="logits")
        self._document = Document()
        self._plan = Plan()
        self._row = 0
        self._emphasis: Group = "logits"
        self._first_label = 0
        self._info: ModelInfo | None = None
        self._inquiry = Inquiry()
        self._said: list[Paragraph] = []

    def compose(self) -> ComposeResult:
        self._headline = Headline(id="headline")
        self._heading = LogitsHeading(id="logits-heading")
        self._table = LogitsTable(id="logits-table")
        self._legend = Legend(id="legend")
        yield self._headline
        yield self._heading
        yield self._table
        yield self._legend

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.height < _SHORT, "-short")
        self.set_class(event.size.height >= _TALL, "-tall")
        self._draw(follow=True)

    # --- what is shown, for tests and for other views ------------------------------------

    @property
    def answer(self) -> Compared | None:
        """The newest answer of the engine, of whatever text."""
        return self._inquiry.answer

    @property
    def rows(self) -> tuple[Shown, ...]:
        """The compared sentences as they are shown."""
        current = self._inquiry.is_of(self._info) and not self._document.behind
        return shown_rows(self._plan, self._inquiry.answer, current=current)

    @property
    def settled(self) -> bool:
        """Whether every sentence has the numbers that hold for it."""
        return all(row.alone_holds and row.batch_holds for row in self.rows)

    # --- what the workbench tells ---------------------------------------------------------

    def document_changed(self, document: Document) -> None:
        self._document = document
        self._plan = plan_batch(document)
        if self.bench.typing:
            self._row = document.row_of_line(self.bench.editor.cursor_location[0]) or 0
        self._row = max(0, min(self._row, len(document.lines) - 1))
        self._ask()
        self._draw(follow=True)

    def caret_moved(self, line: int, column: int) -> None:
        row = self._document.row_of_line(line) or 0
        if row != self._row:
            self._row = row
            self._draw(follow=True)

    def model_changed(self, model: ModelState) -> None:
        if model.status == "absent":
            self.bench.desk.need()  # which comes back here with what it did
            return
        self._info = model.info
        self._ask()
        self._draw()

    def options(self) -> dict[str, Option]:
        return {"emphasis": self._emphasis}

    def restore(self, options: dict[str, Option]) -> None:
        if options.get("emphasis") == "probabilities":
            self._emphasis = "probabilities"

    # --- asking and being answered --------------------------------------------------------

    def _ask(self) -> None:
        """Asks for what is typed, unless that was asked before; the newest wins."""
        if self._info is None or not self.display:
            return
        texts = self._plan.texts
        if not texts or self._document.behind:
            self._inquiry.drop()
        else:
            self._inquiry.ask(self.bench.engine, self._info, texts)

    def engine_answered(self, reply: Reply) -> None:
        if not self._inquiry.take(reply):
            return
        if isinstance(reply, Overtaken):
            self.call_later(self._ask)
        if self.display:
            self._draw()

    # --- drawing --------------------------------------------------------------------------

    def _draw(self, *, follow: bool = False) -> None:
        """Draws all four parts; each repaints only the cells that changed."""
        if not self.is_mounted:
            return
        rows = self.rows
        failed = self._info is None and self.bench.model.status == "failed"
        self.set_class(failed or not rows, "-words")
        answer = self._inquiry.answer
        model = answer.model if answer and self._info else self._info
        experiment = Experiment(
            rows,
            tuple(model.labels) if model else (),
            model.problem_type if model else None,
            lesson.left_out(self._plan) if self._plan.sentences else "",
            self._waiting(),
        )
        columns = plan_columns(
            self.size.width,
            experiment.labels,
            emphasis=self._emphasis,
            first=self._first_label,
            longest_logit=experiment.longest_logit(),
            likely=experiment.likely,
        )
        self._first_label = columns.first
        self._heading.show_columns(columns, experiment)
        self._table.show(experiment, columns, self._row, follow=follow)
        self._say(rows, experiment)
        hidden = len(experiment.labels) - columns.count
        notes = [
            f"labels {columns.first + 1}–{columns.first + columns.count} of "
            f"{len(experiment.labels)} ←→"
            if hidden > 0
            else "",
            f"first {len(rows)} of {len(self._document.lines)} sentences"
            if rows and self._plan.left_out
            else "",
            self._whose(),
        ]
        equal = f" Δ largest difference to alone · equal: up to {numbers.tolerance(EQUAL_WITHIN)}"
        note = " · ".join(filter(None, notes))
        self._legend.show([(equal, "")], [(f"{note} ", "legend--note")] if note else [])

    def _waiting(self) -> str:
        """The word for numbers that are not there."""
        if self._info is None:
            return ""
        failed = self._inquiry.failure and not self._inquiry.waiting
        return "not computed" if failed else "computing…"

    def _whose(self) -> str:
        """Says so where the numbers are another model's, or the engine is busy loading."""
        model = self.bench.model
        if self._info and model.status == "loading":
            return f"by {visible(self._info.name)} until {visible(model.name)} is there"
        if self._inquiry.progress:
            return f"engine: {visible(self._inquiry.progress.stage)}…"
        return ""

    def _say(self, rows: tuple[Shown, ...], experiment: Experiment) -> None:
        """The headline; while numbers are on their way it stays, dim."""
        model = self.bench.model
        live = self._live_words(model)
        if live is not None:
            self._headline.show(live)
            return
        row = lesson.subject(rows, self._row)
        holds = row is not None and rows[row].alone_holds and rows[row].batch_holds
        if row is not None and holds:
            self._said = lesson.lesson(row, rows[row], experiment.labels)
            if self._info and self._info.notes:
                self._said[1:] = [[(visible(note), "headline--quiet")] for note in self._info.notes]
        elif not self._said:
            self._said = [[("Comparing each sentence alone and in the batch…", "")]]
        self._headline.show(self._said, dim=not holds)

    def _live_words(self, model: ModelState) -> list[Paragraph] | None:
        """What can be said without numbers, or in spite of them; None where nothing is."""
        typing = self.bench.typing
        if self._info is None:
            self._said = []
            if model.status == "failed":
                return lesson.not_loaded(model.problem, typing=typing)
            return lesson.model_loading(model, self.size.width)
        if not self._document.lines:
            return lesson.nothing_typed(typing=typing)
        if not self._plan.sentences:
            return lesson.too_large(len(self._document.batch.encodings[0]))
        if self._inquiry.failure:
            return lesson.not_computed(self._inquiry.failure, typing=typing)
        return lesson.nothing_padded(self._plan)

    # --- keys -----------------------------------------------------------------------------

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._draw()

    def action_again(self) -> None:
        """Loads the model where that failed, else computes once more."""
        if self._info is None:
            self.bench.desk.retry()
            return
        self._inquiry.forget()
        self._ask()
        self._draw()

    def action_emphasis(self) -> None:
        self._emphasis = "probabilities" if self._emphasis == "logits" else "logits"
        self._draw()
        self.bench.remember()

    def action_labels(self, step: int) -> None:
        self._first_label = max(0, self._first_label + step)
        self._draw()

    def action_move(self, step: int) -> None:
        self._go(self._row + step)

    def action_edge(self, end: int) -> None:
        self._go(len(self._document.lines) - 1 if end else 0)

    def action_page(self, step: int) -> None:
        self._table.scroll_by(step * max(1, self._table.size.height - 1))

    def _go(self, row: int) -> None:
        """Makes sentence `row` the current one, in the editor too, where typing would go on."""
        if not self._document.lines:
            return
        self._row = max(0, min(row, len(self._document.lines) - 1))
        editor = self.bench.editor
        line = self._document.lines[self._row].line
        column = min(editor.cursor_location[1], len(editor.document.get_line(line)))
        editor.show_line(line, column)
        self._draw(follow=True)

    @on(LogitsTable.Clicked)
    def _sentence_clicked(self, message: LogitsTable.Clicked) -> None:
        self._go(message.row)
