"""The Pipeline pane: texts with their answers above, the stages of one of them below."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType

from core.classification import Order
from core.engine.protocol import Overtaken, PipelineRan, Reply
from core.text.encoding import Batch
from tui import waiting
from tui.bench import ModelState
from tui.document import Document
from tui.panes.pipeline import words
from tui.panes.pipeline.answers import Item
from tui.panes.pipeline.bindings import BINDINGS
from tui.panes.pipeline.many import ManyAnswers, ManyTexts
from tui.panes.pipeline.stages import stages
from tui.panes.pipeline.table import ResultsTable
from tui.panes.pipeline.texts import ShownTexts
from tui.widgets.headline import Headline
from tui.widgets.keys import open_above
from tui.widgets.legend import Legend
from tui.widgets.lines import Lines, Row
from tui.widgets.pane import Code, Export, Option, Pane

ORDERS: tuple[Order, ...] = ("given", "score", "certainty")
_BOTH = 16
"""Rows from which the texts and the stages stand below each other."""
_STAGES = 10
"""Rows of the stages of two labels without blank ones, transformers' word on them included."""
_TALL = 24
"""Rows from which there is room for two of words."""
_REFRESH = 0.25
"""Seconds between two drawings while rows of a file come in, at the least."""
_SHARE = 8
"""As many times as long as the last drawing took is waited for the next one."""


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
    BINDINGS: ClassVar[list[BindingType]] = BINDINGS

    def __init__(self) -> None:
        super().__init__(id="pipeline")
        self.texts = ShownTexts()
        self._left = 0
        """The first token of the stages in view."""
        self._order: Order = "given"
        self._view = "both"
        self._file = ""
        self._awaiting: ManyTexts | None = None
        """A file that was chosen while no model was there."""
        self._waits = False
        self._took = 0.0

    def compose(self) -> ComposeResult:
        self._headline = Headline(id="pipeline-headline")
        self._table = ResultsTable(id="pipeline-texts")
        self._stages = Lines(id="pipeline-stages")
        self._legend = Legend(id="pipeline-legend")
        yield self._headline
        yield self._table
        yield self._stages
        yield self._legend

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.height >= _TALL, "-tall")
        self._draw(follow=True)

    @property
    def many(self) -> ManyAnswers | None:
        """The file that is shown instead of typed texts."""
        return self.texts.many

    # --- what the workbench tells ---------------------------------------------------------

    def document_changed(self, document: Document) -> None:
        self.texts.type(document)
        if self.many is None:
            line = self.bench.editor.cursor_location[0]
            self.texts.row = document.row_of_line(line) or 0
            self._ask()
            self._draw(follow=True)

    def caret_moved(self, line: int, column: int) -> None:
        row = self.texts.document.row_of_line(line) or 0
        if self.many is None and row != self.texts.row:
            self.texts.row = row
            self._draw(follow=True)

    def model_changed(self, model: ModelState) -> None:
        if model.status == "absent":
            self.bench.desk.need()  # which comes back here with what it did
            return
        if self._awaiting and model.info:
            self._classify(self._awaiting)
        self._ask()
        self._draw()
        self.bench.show_keys()

    def batch_in_view(self, document: Document) -> Batch:
        return self.texts.plan.batch

    def options(self) -> dict[str, Option]:
        return {"order": self._order, "view": self._view, "file": self._file}

    def restore(self, options: dict[str, Option]) -> None:
        order, view = options.get("order"), options.get("view")
        self._order = next((each for each in ORDERS if each == order), "given")
        if view in {"texts", "stages"}:
            self._view = str(view)
        self._file = str(options.get("file") or "")

    def code(self) -> Code | None:
        from tui.panes.pipeline import files  # imported when first needed

        return files.code_of(self.texts)

    def exports(self) -> Sequence[Export]:
        from tui.panes.pipeline import files

        return files.exports_of(self.texts)

    def offers(self, action: str) -> bool:
        return action != "file" or words.no_files(self.bench.model.info) is None

    # --- asking and being answered --------------------------------------------------------

    def _ask(self) -> None:
        if self.display:
            self.texts.ask(self.bench.engine, self.bench.model.info)

    def engine_answered(self, reply: Reply) -> None:
        if self.many and self.many.take(reply):
            self._draw_soon()
        elif self.texts.take(reply):
            if isinstance(reply, Overtaken):
                self.call_later(self._ask)
            self._draw(anew=self.many is None)

    def _draw_soon(self) -> None:
        """Batches of a file come faster than one reads: they are drawn a few times a second."""
        if not self._waits and self.display:
            self._waits = True
            self.set_timer(max(_REFRESH, _SHARE * self._took), self._draw_now)

    def _draw_now(self) -> None:
        self._waits = False
        started = time.perf_counter()
        self._draw()
        self._took = time.perf_counter() - started

    # --- drawing --------------------------------------------------------------------------

    def _draw(self, *, follow: bool = False, anew: bool = True) -> None:
        """Draws all four parts; each repaints only the cells that changed.

        `follow`: with the current text in view; `anew`: texts, answers or their order changed.
        """
        if not self.is_mounted or not self.display:
            return
        model, texts = self.bench.model, self.texts
        if anew:
            texts.read(model.info, self._order)
        instead = words.instead(
            model,
            texts.document,
            texts.plan,
            None if self.many else texts.inquiry.failure,
            many=self.many,
            typing=self.bench.typing,
            cells=self.size.width,
        )
        self.set_class(instead is not None, "-words")
        if instead is not None:
            self._table.display = self._stages.display = False
            self._headline.show(instead)
            return
        self._arrange()
        self._table.show(texts.listed(model.info), follow=follow)
        item, ran = texts.current, texts.ran
        stale = item is None or not item.holds
        self._stages.show(lambda cells: self._stage_rows(item, ran, cells), dim=stale)
        ended = bool(model.ended) and texts.waiting
        self.set_class(ended, "-ended")
        said = waiting.engine_ended(model) if ended else words.headline(texts, self.size.width)
        self._headline.show(said, dim=not (ended or self.many or texts.hold))
        hidden = self._stages.row_count() > self._stages.size.height
        scrolls = self._stages.display and hidden
        keys = words.legend(self._order, many=self.many is not None, scrolls=scrolls)
        marks = words.marks(texts.items, None if self._table.spacious else texts.least)
        self._legend.show(keys, marks)

    def _stage_rows(self, item: Item | None, ran: PipelineRan | None, cells: int) -> list[Row]:
        """The stages, without blank rows where they would not all be in view."""
        rows = stages(item, ran, self._left, cells) if item and ran else []
        return rows if len(rows) <= self._stages.size.height else [row for row in rows if row]

    def _arrange(self) -> None:
        """Gives the texts and the stages the rows there are."""
        height, count = self.size.height, len(self.texts.items)
        view = self._view
        if view == "both" and height < _BOTH:
            view = "texts"
        self._table.display = view != "stages"
        self._stages.display = view != "texts"
        info = self.bench.model.info
        needed = _STAGES + (len(info.withheld) if info else 0)
        share = min((height - 3) * 2 // 5, height - 3 - needed)
        rows = max(min(count, max(3, share)), min(count, height - 18))
        self._table.styles.height = rows if view == "both" else "1fr"

    # --- keys -----------------------------------------------------------------------------

    def on_focus(self) -> None:
        self._draw(anew=False)

    on_blur = on_focus

    def action_sort(self) -> None:
        """Another order; what stands first then is what one wants to see."""
        self._order = ORDERS[(ORDERS.index(self._order) + 1) % len(ORDERS)]
        self._draw()
        self._go(0)
        self.bench.remember()

    def action_next_view(self) -> None:
        views = ["texts", "stages"] if self.size.height < _BOTH else ["both", "texts", "stages"]
        shown = self._view if self._view in views else views[0]
        self._view = views[(views.index(shown) + 1) % len(views)]
        self._draw(follow=True, anew=False)
        self.bench.remember()

    def action_again(self) -> None:
        """Loads the model where that failed, else runs once more."""
        if self.bench.model.info is None:
            self.bench.desk.retry()
        elif self.many:
            self._classify(self.many.texts)
        else:
            self.texts.inquiry.forget()
            self._ask()
            self._draw()

    async def action_file(self) -> None:
        """Asks for a file and classifies its lines."""
        from tui.panes.pipeline.opening import FileScreen  # imported when first needed

        if self._refuses_files():
            return

        def chosen(texts: ManyTexts | None) -> None:
            if texts is not None:
                self._file = str(texts.path)
                self._classify(texts)
                self.bench.remember()

        await open_above(self.app, FileScreen(self._file), chosen)

    def _refuses_files(self) -> bool:
        """Whether the model has no labels for a file's lines, which is then said."""
        if refusal := words.no_files(self.bench.model.info):
            self.notify(refusal, markup=False, timeout=6)
        return refusal is not None

    def _classify(self, texts: ManyTexts) -> None:
        info = self.bench.model.info
        self._awaiting = texts if info is None else None
        if info is None:
            return
        self._left = 0
        if self._refuses_files():
            self.texts.close(self.bench.engine)
        else:
            self.texts.open(texts, self.bench.engine, info)
        self._ask()
        self._draw(follow=True)

    def action_cancel(self) -> None:
        if self.many:
            self.many.cancel(self.bench.engine)

    def action_typed(self) -> None:
        if self.many:
            self.texts.close(self.bench.engine)
            self._ask()
            self._draw(follow=True)

    def action_sideways(self, step: int) -> None:
        self._left = max(0, self._left + step)
        self._draw(anew=False)

    def action_scroll(self, step: int) -> None:
        self._stages.scroll_by(step)

    def action_move(self, step: int) -> None:
        self._go(self._place + step)

    def action_edge(self, end: int) -> None:
        self._go(len(self.texts.places) - 1 if end else 0)

    def action_page(self, step: int) -> None:
        self._go(self._place + step * max(1, self._table.size.height - 1))

    @property
    def _place(self) -> int:
        """Where the current text stands in the table."""
        places = self.texts.places
        return places.index(self.texts.row) if self.texts.row in places else 0

    def _go(self, place: int) -> None:
        """Makes the text at `place` of the table the current one, in the editor too."""
        texts = self.texts
        if not texts.places:
            return
        texts.row = texts.places[max(0, min(place, len(texts.places) - 1))]
        self._left = 0
        if self.many is None:
            editor = self.bench.editor
            line = texts.document.lines[texts.row].line
            editor.show_line(line, min(editor.cursor_location[1], len(editor.document[line])))
        else:
            self._ask()
        self._draw(follow=True, anew=False)

    @on(ResultsTable.Clicked)
    def _text_clicked(self, message: ResultsTable.Clicked) -> None:
        self._go(message.row)
