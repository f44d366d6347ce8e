"""The Pipeline pane: texts with their answers above, the stages of one of them below."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from core.classification import Order
from core.engine.protocol import (
    Overtaken,
    PipelineChecked,
    PipelineRan,
    Postprocess,
    Reply,
    RunPipeline,
)
from core.text.encoding import Batch
from tui.document import Document
from tui.inquiry import Inquiry
from tui.panes.pipeline import words
from tui.panes.pipeline.answers import Item, in_order, least_certain, typed_items
from tui.panes.pipeline.many import ManyAnswers, ManyTexts
from tui.panes.pipeline.stages import stages
from tui.panes.pipeline.table import Listed, ResultsTable
from tui.plan import Plan, plan_sentences
from tui.widgets.headline import Headline, Paragraph
from tui.widgets.legend import Legend
from tui.widgets.lines import Lines, Row
from tui.widgets.pane import ModelState, Option, Pane

ORDERS: tuple[Order, ...] = ("given", "score", "certainty")
_BOTH = 16
"""Rows from which the texts and the stages stand below each other."""
_REFRESH = 0.25
"""Seconds between two drawings while rows of a file come in."""


class PipelinePane(Pane):
    """`transformers.pipeline` in the open."""

    DEFAULT_CSS = (Path(__file__).parent / "pipeline.tcss").read_text()
    TITLE = "Pipeline"
    ABOUT = (
        'What `pipeline("sentiment-analysis")` does, stage by stage: **preprocess** makes tokens '
        "and a mask of the text, **forward** makes logits of them, **postprocess** makes a label "
        "and a score of the logits. ✓ says that transformers' own pipeline gave the same. The "
        "model's head decides what it is asked: labels of a text, the word behind a mask, or "
        "entities. A file of texts is classified line by line."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "s", "sort", "sort", id="pipeline.sort", tooltip="By score, by certainty, as typed"
        ),
        Binding("f", "file", "file", id="pipeline.file", tooltip="Classify the lines of a file"),
        Binding("x", "cancel", "cancel", id="pipeline.cancel", tooltip="Give the file up"),
        Binding("v", "next_view", "view", id="pipeline.view", tooltip="Texts, stages, or both"),
        Binding("down,j", "move(1)", "next", show=False, id="pipeline.down", key_display="↓"),
        Binding("up,k", "move(-1)", "text before", show=False, id="pipeline.up"),
        Binding("right,l", "sideways(1)", "next tokens", show=False, id="pipeline.right"),
        Binding("left,h", "sideways(-1)", "tokens before", show=False, id="pipeline.left"),
        Binding("r", "again", "again", show=False, id="pipeline.again", tooltip="Run once more"),
        Binding("escape", "typed", "typed texts", show=False, id="pipeline.typed"),
        Binding("home,0", "edge(0)", "first text", show=False, id="pipeline.first"),
        Binding("end,dollar_sign", "edge(1)", "last text", show=False, id="pipeline.last"),
        Binding("pagedown", "page(1)", "page down", show=False, id="pipeline.page_down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="pipeline.page_up"),
        Binding("right_square_bracket", "scroll(1)", "stages down", False, id="pipeline.scroll"),
        Binding("left_square_bracket", "scroll(-1)", "stages up", False, id="pipeline.scroll_up"),
    ]

    def __init__(self) -> None:
        super().__init__(id="pipeline")
        self._document = Document()
        self._plan = Plan()
        self._row = 0
        """The current text: its place as typed, or in the file."""
        self._left = 0
        self._order: Order = "given"
        self._view = "both"
        self._inquiry = Inquiry(PipelineRan)
        self._checked: PipelineChecked | None = None
        self._many: ManyAnswers | None = None
        self._file = ""
        self._timer_runs = False
        self._items: list[Item] = []
        self._places: list[int] = []

    def compose(self) -> ComposeResult:
        self._headline = Headline(id="pipeline-headline")
        self._table = ResultsTable(id="results")
        self._stages = Lines(id="stages")
        self._legend = Legend(id="pipeline-legend")
        yield self._headline
        yield self._table
        yield self._stages
        yield self._legend

    def on_resize(self, event: events.Resize) -> None:
        self._draw(follow=True)

    # --- what is shown, for tests ---------------------------------------------------------

    @property
    def items(self) -> list[Item]:
        """The texts as they are shown, in the order in which they were typed or read."""
        return self._items

    @property
    def ran(self) -> PipelineRan | None:
        """The newest answer about typed texts, or about the current one of a file."""
        return self._inquiry.answer

    @property
    def settled(self) -> bool:
        """Whether every text has an answer that holds, and transformers' word on it."""
        return all(item.holds and (self._many or item.check) for item in self._items)

    @property
    def many(self) -> ManyAnswers | None:
        """The file that is shown instead of typed texts."""
        return self._many

    # --- what the workbench tells ---------------------------------------------------------

    def document_changed(self, document: Document) -> None:
        self._document = document
        self._plan = plan_sentences(document)
        if self._many is None:
            if self.bench.typing:
                self._row = document.row_of_line(self.bench.editor.cursor_location[0]) or 0
            self._ask()
            self._draw(follow=True)

    def caret_moved(self, line: int, column: int) -> None:
        row = self._document.row_of_line(line) or 0
        if self._many is None and row != self._row:
            self._row = row
            self._draw(follow=True)

    def model_changed(self, model: ModelState) -> None:
        if model.status == "absent":
            self.bench.desk.need()  # which comes back here with what it did
            return
        self._ask()
        self._draw()

    def batch_in_view(self, document: Document) -> Batch:
        return self._plan.batch

    def options(self) -> dict[str, Option]:
        return {"order": self._order, "view": self._view, "file": self._file}

    def restore(self, options: dict[str, Option]) -> None:
        order, view = options.get("order"), options.get("view")
        self._order = next((each for each in ORDERS if each == order), "given")
        if view in {"texts", "stages"}:
            self._view = str(view)
        self._file = str(options.get("file") or "")

    # --- asking and being answered --------------------------------------------------------

    def _question(self) -> RunPipeline | None:
        """About all that is typed; of a file only about the current text."""
        info = self.bench.model.info
        if info is None:
            return None
        texts = self._plan.texts
        if self._many:
            item = self._many.items[self._row]
            texts = [(item.sentence.text, item.sentence.text_pair)]
        elif self._document.behind:
            texts = []
        return RunPipeline(id=0, model=info.name, sentences=texts) if texts else None

    def _ask(self) -> None:
        """Asks for what is shown, unless that was asked before; the newest wins."""
        if not self.display:
            return
        question = self._question()
        if question is None:
            self._inquiry.drop()
        else:
            self._inquiry.ask(self.bench.engine, self.bench.model.info, question)

    def engine_answered(self, reply: Reply) -> None:
        if self._many and self._many.take(reply):
            self._draw_soon()
        elif self._inquiry.take(reply):
            if isinstance(reply, PipelineChecked):
                self._checked = reply
            if isinstance(reply, Overtaken):
                self.call_later(self._ask)
            if self.display:
                self._draw()

    def _draw_soon(self) -> None:
        """Batches of a file come faster than one reads: they are drawn a few times a second."""
        if not self._timer_runs and self.display:
            self._timer_runs = True
            self.set_timer(_REFRESH, self._draw_now)

    def _draw_now(self) -> None:
        self._timer_runs = False
        self._draw()

    # --- drawing --------------------------------------------------------------------------

    @property
    def _postprocess(self) -> Postprocess:
        """What the head applies to its logits."""
        info = self._many.info if self._many else self.bench.model.info
        return info.postprocess if info else "softmax"

    def _read_items(self) -> None:
        """Lays the newest answers beside the texts."""
        if self._many:
            self._items = self._many.items
        else:
            current = self._inquiry.is_of(self.bench.model.info) and not self._document.behind
            self._items = typed_items(
                self._plan, self._inquiry.answer, self._checked, current=current
            )
        self._row = max(0, min(self._row, len(self._items) - 1))
        self._places = in_order(self._items, self._order, self._postprocess)

    def _draw(self, *, follow: bool = False) -> None:
        """Draws all four parts; each repaints only the cells that changed."""
        if not self.is_mounted or not self.display:
            return
        self._read_items()
        said = self._words()
        self.set_class(said is not None, "-words")
        if said is not None:
            self._headline.show(said)
            return
        info = self._many.info if self._many else self.bench.model.info
        self._arrange()
        least = least_certain(self._items, self._postprocess)
        self._table.show(
            Listed(
                self._items,
                self._places,
                self._row,
                least,
                info.task if info else None,
                self._postprocess,
                info.labels if info else (),
            ),
            follow=follow,
        )
        item = self._current()
        self._stages.set_class(item is None or not item.holds, "-stale")
        ran = self._inquiry.answer
        self._stages.show(lambda cells: self._stage_rows(item, ran, cells))
        self._headline.show(self._summary(), dim=not self._many and not self._holds)
        keys = words.legend(self._order, many=self._many is not None)
        self._legend.show(keys, words.marks(self._items, least))

    def _stage_rows(self, item: Item | None, ran: PipelineRan | None, cells: int) -> list[Row]:
        """The stages, without blank rows where they would not all be in view."""
        rows = stages(item, ran, self._left, cells) if item and ran else []
        return rows if len(rows) <= self._stages.size.height else [row for row in rows if row]

    @property
    def _holds(self) -> bool:
        return bool(self._items) and all(item.holds for item in self._items)

    def _current(self) -> Item | None:
        """The current text with its row of the newest run."""
        if not self._many:
            return self._items[self._row] if self._items else None
        ran, item = self._inquiry.answer, self._items[self._row]
        texts = [(item.sentence.text, item.sentence.text_pair)]
        if ran is None or ran.sentences != texts or not ran.rows:
            return item
        checked = self._checked
        check = checked.rows[0] if checked and checked.id == ran.id else None
        return Item(item.sentence, ran.rows[0], ran.rows[0].classified, check, holds=True)

    def _arrange(self) -> None:
        """Gives the texts and the stages the rows there are."""
        height = self.size.height
        view = self._view
        if view == "both" and height < _BOTH:
            view = "texts"
        self._table.display = view != "stages"
        self._stages.display = view != "texts"
        if view == "both":
            rows = min(len(self._items), max(3, (height - 3) * 2 // 5))
            rows = max(rows, min(len(self._items), height - 18))
            self._table.styles.height = rows
        else:
            self._table.styles.height = "1fr"

    def _words(self) -> list[Paragraph] | None:
        """What stands in place of answers; None where there are some, or will be."""
        return words.instead(
            self.bench.model,
            self._document,
            self._plan,
            None if self._many else self._inquiry.failure,
            many=self._many is not None,
            typing=self.bench.typing,
            cells=self.size.width,
        )

    def _summary(self) -> list[Paragraph]:
        if self._many:
            return words.progress(self._many, self.size.width)
        return words.summary(self._items, self._row, self._inquiry.answer)

    # --- keys -----------------------------------------------------------------------------

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._draw()

    def action_sort(self) -> None:
        self._order = ORDERS[(ORDERS.index(self._order) + 1) % len(ORDERS)]
        self._draw(follow=True)
        self.bench.remember()

    def action_next_view(self) -> None:
        views = ["texts", "stages"] if self.size.height < _BOTH else ["both", "texts", "stages"]
        shown = self._view if self._view in views else views[0]
        self._view = views[(views.index(shown) + 1) % len(views)]
        self._draw(follow=True)
        self.bench.remember()

    def action_again(self) -> None:
        """Loads the model where that failed, else runs once more."""
        info = self.bench.model.info
        if info is None:
            self.bench.desk.retry()
        elif self._many:
            self._classify(self._many.texts)
        else:
            self._inquiry.forget()
            self._ask()
            self._draw()

    async def action_file(self) -> None:
        """Asks for a file and classifies its lines."""
        from tui.panes.pipeline.opening import FileScreen  # imported when first needed

        def chosen(texts: ManyTexts | None) -> None:
            if texts is not None:
                self._file = str(texts.path)
                self._classify(texts)
                self.bench.remember()

        self.app.push_screen(FileScreen(self._file), chosen)

    def _classify(self, texts: ManyTexts) -> None:
        info = self.bench.model.info
        if info is None:
            return
        self._row = self._left = 0
        self._many = ManyAnswers(texts, info)
        self._many.start(self.bench.engine)
        self._ask()
        self._draw(follow=True)

    def action_cancel(self) -> None:
        if self._many:
            self._many.cancel(self.bench.engine)

    def action_typed(self) -> None:
        """Back to the texts in the editor; a file that is under way is given up."""
        if self._many:
            self._many.cancel(self.bench.engine)
            self._many = None
            self._row = 0
            self._ask()
            self._draw(follow=True)

    def action_sideways(self, step: int) -> None:
        self._left = max(0, self._left + step)
        self._draw()

    def action_scroll(self, step: int) -> None:
        self._stages.scroll_by(step)

    def action_move(self, step: int) -> None:
        if self._row in self._places:
            self._go(self._places.index(self._row) + step)

    def action_edge(self, end: int) -> None:
        self._go(len(self._places) - 1 if end else 0)

    def action_page(self, step: int) -> None:
        if self._row in self._places:
            rows = max(1, self._table.size.height - 1)
            self._go(self._places.index(self._row) + step * rows)

    def _go(self, place: int) -> None:
        """Makes the text at `place` of the table the current one, in the editor too."""
        if not self._places:
            return
        self._row = self._places[max(0, min(place, len(self._places) - 1))]
        self._left = 0
        if self._many is None:
            editor = self.bench.editor
            line = self._document.lines[self._row].line
            editor.show_line(line, min(editor.cursor_location[1], len(editor.document[line])))
        else:
            self._ask()
        self._draw(follow=True)

    @on(ResultsTable.Clicked)
    def _text_clicked(self, message: ResultsTable.Clicked) -> None:
        self._go(message.row)
