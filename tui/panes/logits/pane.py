"""The Logits pane: holds what all of its views are drawn from, and shows one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType

from core.engine.protocol import Compared, ModelInfo, Reply
from core.text.encoding import Batch
from core.text.ids import looks_like_ids
from tui.bench import ModelState
from tui.document import Document
from tui.panes.logits.attention import AttentionView, Head
from tui.panes.logits.beside import BesideView
from tui.panes.logits.bindings import BINDINGS
from tui.panes.logits.compare import CompareView
from tui.panes.logits.dimension import DimensionView
from tui.panes.logits.experiment import Shown
from tui.panes.logits.given import GivenView
from tui.panes.logits.steps import Extra, Setup, most_further
from tui.panes.logits.table import LogitsTable
from tui.panes.logits.view import LogitsView, Scene
from tui.panes.logits.weights import WeightsView
from tui.plan import Plan, plan_ids, plan_sentences
from tui.widgets.keys import open_above
from tui.widgets.pane import Code, Export, Option, Pane

_SHORT, _TALL = 12, 24
"""Rows below which the legend gives way to numbers, and from which there is room to breathe."""
_OF_STEPS = ("compare", "given")
"""The views that show the steps, those that keys add too."""
_JUMP = 16
"""Tokens that one key pads further."""


class LogitsPane(Pane):
    """Each sentence's logits, and why they are what they are."""

    DEFAULT_CSS = (Path(__file__).parent / "logits.tcss").read_text()
    TITLE = "Logits"
    ABOUT = (
        "What padding and the attention mask do to the model's answer. Every sentence goes through "
        "the model three times: **alone**; in one **batch** with the others, padded to the "
        "longest, **without an attention mask**; and in the same batch **with the mask**. Δ is the "
        "largest absolute difference between these logits and the ones alone: up to 1e-5 is "
        "rounding (equal), more differs. Keys add more rows: padding on the other side, longer "
        "padding, another order, bfloat16. Dim numbers are of an earlier text; new ones are on "
        "their way."
    )
    BINDINGS: ClassVar[list[BindingType]] = BINDINGS

    def __init__(self) -> None:
        super().__init__(id="logits")
        self._document = Document()
        self._plan = Plan()
        self._row = 0
        self._setup = Setup()
        self._raw_ids = False
        self._compare = CompareView()
        self._beside, self._given = BesideView(), GivenView()
        head = Head()
        self._views: dict[str, LogitsView] = {
            "compare": self._compare,
            "attention": AttentionView(head),
            "weights": WeightsView(head),
            "given": self._given,
            "beside": self._beside,
            "dimension": DimensionView(),
        }
        self._shown = "compare"

    def compose(self) -> ComposeResult:
        for name, view in self._views.items():
            view.display = name == self._shown
            yield view

    def on_resize(self, event: events.Resize) -> None:
        for view in self._views.values():
            view.set_class(event.size.height < _SHORT, "-short")
            view.set_class(event.size.height >= _TALL, "-tall")

    # --- what is shown, for tests and for other views ------------------------------------

    @property
    def view(self) -> LogitsView:
        """The view that is shown."""
        return self._views[self._shown]

    @property
    def answer(self) -> Compared | None:
        """The newest answer of the engine to the experiment, of whatever text."""
        return self._compare.answer

    @property
    def rows(self) -> tuple[Shown, ...]:
        """The compared sentences as they are shown."""
        return self._compare.rows

    @property
    def settled(self) -> bool:
        """Whether every sentence has the numbers that hold for it."""
        return all(row.holds for row in self.rows)

    @property
    def info(self) -> ModelInfo | None:
        """The model that answers."""
        return self.bench.model.info

    # --- what the workbench tells ---------------------------------------------------------

    def document_changed(self, document: Document) -> None:
        self._document = document
        self._replan()
        self._row = self._row_of(self.bench.editor.cursor_location[0])
        self._show(follow=True)

    def batch_in_view(self, document: Document) -> Batch:
        return self._plan.batch if self._raw_ids else document.batch

    def caret_moved(self, line: int, column: int) -> None:
        row = self._row_of(line)
        if row != self._row:
            self._row = row
            self._show(follow=True)

    def model_changed(self, model: ModelState) -> None:
        if model.status == "absent":
            self.bench.desk.need()  # which comes back here with what it did
            return
        if self._raw_ids:
            self._replan()  # another vocabulary, other ids that there are
        self._show()

    def engine_answered(self, reply: Reply) -> None:
        for view in self._views.values():
            view.take(reply)

    def offers(self, action: str) -> bool:
        if action == "emphasis":
            return self._shown == "compare" and self._compare.chooses
        return self._shown in _OF_STEPS or not action.startswith(("extra(", "further("))

    def options(self) -> dict[str, Option]:
        return {"emphasis": self._compare.emphasis, "raw_ids": self._raw_ids}

    def restore(self, options: dict[str, Option]) -> None:
        if options.get("emphasis") == "probabilities":
            self._compare.emphasis = "probabilities"
        self._raw_ids = options.get("raw_ids") is True

    def code(self) -> Code | None:
        return self.view.code()

    def exports(self) -> Sequence[Export]:
        return self.view.exports()

    # --- the scene ------------------------------------------------------------------------

    def _replan(self) -> None:
        """Reads the text anew, as sentences or as ids."""
        if self._raw_ids:
            lines = [line.sentence.text for line in self._document.lines]
            size = self.info.vocabulary_size if self.info else None
            self._plan = plan_ids(lines, self._document, size)
        else:
            self._plan = plan_sentences(self._document)

    def _row_of(self, line: int) -> int:
        """The input that stands on `line` of the editor."""
        row = self._document.row_of_line(line) or 0
        # A line may hold several rows of ids: then the keys alone choose.
        return min(self._row, self._plan.count - 1) if self._raw_ids else row

    @property
    def _count(self) -> int:
        """Inputs that are typed, compared or not."""
        return self._plan.count + self._plan.left_out

    def _show(self, *, follow: bool = False) -> None:
        """Hands the view what there is now; it asks and draws."""
        self._row = max(0, min(self._row, self._count - 1))
        lines = self._document.lines
        scene = Scene(
            self._plan,
            self._row,
            self._setup,
            self.bench.model,
            self.bench.typing,
            self._count,
            bool(self._document.behind),
            not self._raw_ids and bool(lines) and looks_like_ids(lines[0].sentence.text),
            self._document.tokenizer,
        )
        if self.display:
            self.view.show(scene, follow=follow)

    # --- keys -----------------------------------------------------------------------------

    def on_focus(self) -> None:
        self._show()

    def on_blur(self) -> None:
        self._show()

    def _change(self, view: str) -> None:
        """Shows another view."""
        self.view.display = False
        self._shown = view
        self.view.display = True
        self._show(follow=True)
        self.bench.show_keys()

    def action_view(self, name: str) -> None:
        if self._shown == name:
            self._change("compare")
            return
        if name == "attention" and self._plan.count and not self._plan.padding(self._row):
            # The longest input attends to no padding: begin with the one that has most of it.
            self._go(max(range(self._plan.count), key=self._plan.padding))
        self._change(name)

    def action_next_view(self) -> None:
        names = [name for name in self._views if name != "beside" or self._beside.second]
        self._change(names[(names.index(self._shown) + 1) % len(names)])

    async def action_second(self) -> None:
        """Asks for the second checkpoint; from there back to where one was compared before."""
        from tui.screens.picker import ModelPicker  # its widgets are imported when first needed

        def chosen(name: str | None) -> None:
            if name:
                self._beside.compare_with(name)
                self._change("beside")

        picker = ModelPicker(self.bench, self._beside.second, title="A second checkpoint")
        await open_above(self.app, picker, chosen)

    def action_back(self) -> None:
        self._change(self.view.BACK)

    def action_open(self) -> None:
        closer = self.view.open()
        if closer:
            self._change(closer)
        else:
            self.bench.action_type_mode()

    def action_again(self) -> None:
        """Loads the model where that failed, else computes once more."""
        if self.info is None:
            self.bench.desk.retry()
        else:
            self.view.again()

    def action_emphasis(self) -> None:
        if self.offers("emphasis"):
            shown = self._compare.emphasis
            self._compare.emphasis = "probabilities" if shown == "logits" else "logits"
            self._show()
            self.bench.remember()

    def action_extra(self, extra: Extra) -> None:
        setup = self._setup.toggled(extra)
        self._arrange(setup, extra if setup.has(extra) else None)

    def action_further(self, tokens: int) -> None:
        most = most_further(self._plan, self.info.max_positions if self.info else None)
        further = max(0, min(most, self._setup.further + tokens))
        self._arrange(replace(self._setup, further=further), "further" if further else None)

    def action_jump(self, step: int) -> None:
        if not self.view.jump(step):
            self.action_further(_JUMP * step)

    def action_reset(self) -> None:
        self._arrange(Setup(), None)

    def _arrange(self, setup: Setup, added: Extra | None) -> None:
        self._setup, self._compare.added = setup, added
        self._given.added = added if self.view is self._given else None
        self._change(self._shown if self._shown in _OF_STEPS else "compare")

    def action_ids(self) -> None:
        self._raw_ids = not self._raw_ids
        self._replan()
        self._show(follow=True)
        self.bench.show_summary()
        self.bench.remember()

    def action_mask(self) -> None:
        self.view.mask()

    def action_sideways(self, step: int) -> None:
        self.view.move(0, step)

    def action_move(self, step: int) -> None:
        if not self.view.move(step, 0):
            self._go(self._row + step)

    def action_next_input(self) -> None:
        self._go((self._row + 1) % max(1, self._plan.count))

    def action_edge(self, end: int) -> None:
        self._go(self._count - 1 if end else 0)

    def action_page(self, step: int) -> None:
        self.view.page(step)

    def _go(self, row: int) -> None:
        """Makes input `row` the current one, in the editor too, where typing would go on."""
        if not self._count:
            return
        self._row = max(0, min(row, self._count - 1))
        if not self._raw_ids:
            editor = self.bench.editor
            line = self._document.lines[self._row].line
            column = min(editor.cursor_location[1], len(editor.document.get_line(line)))
            editor.show_line(line, column)
        self._show(follow=True)

    @on(LogitsTable.Clicked)
    def _sentence_clicked(self, message: LogitsTable.Clicked) -> None:
        self._go(message.row)
