"""The texts that are shown, typed or from a file, with what was asked and answered about them."""

from __future__ import annotations

from dataclasses import replace

from core.classification import Order
from core.engine.client import EngineClient
from core.engine.protocol import (
    ModelInfo,
    PipelineChecked,
    PipelineRan,
    Postprocess,
    Reply,
    RunPipeline,
    Texts,
)
from tui.document import Document
from tui.inquiry import Inquiry
from tui.panes.pipeline.answers import Item, in_order, least_certain, typed_items
from tui.panes.pipeline.many import ManyAnswers, ManyTexts
from tui.panes.pipeline.table import Listed
from tui.plan import Plan, plan_sentences


class ShownTexts:
    """Typed texts are all asked about at once; of a file's texts the stages are of one only."""

    def __init__(self) -> None:
        self.document = Document()
        self.plan = Plan()
        self.inquiry = Inquiry(PipelineRan)
        self.many: ManyAnswers | None = None
        """The file that is shown instead of typed texts."""
        self.items: list[Item] = []
        """In the order in which they were typed or read."""
        self.places: list[int] = []
        """Places of `items` in the order in which they are shown."""
        self.least: int | None = None
        """The place of the least certain one."""
        self.row = 0
        """The place of the current one."""
        self._checked: PipelineChecked | None = None

    @property
    def ran(self) -> PipelineRan | None:
        """The newest answer about typed texts, or about the current one of a file."""
        return self.inquiry.answer

    @property
    def hold(self) -> bool:
        """Whether every text has an answer of its own, of the model in force."""
        return bool(self.items) and all(item.holds for item in self.items)

    @property
    def settled(self) -> bool:
        """Whether every text has an answer that holds, and transformers' word on it."""
        return self.hold and all(self.many or item.check for item in self.items)

    @property
    def waiting(self) -> bool:
        """Whether the engine has yet to answer about what is shown."""
        return self.inquiry.waiting or bool(self.many and self.many.state == "running")

    def type(self, document: Document) -> None:
        """Takes what is typed now."""
        self.document = document
        self.plan = plan_sentences(document)

    def open(self, texts: ManyTexts, engine: EngineClient, info: ModelInfo) -> None:
        """Classifies the texts of a file and shows them."""
        self.row = 0
        self.many = ManyAnswers(texts, info)
        self.many.start(engine)

    def close(self, engine: EngineClient) -> None:
        """Back to typed texts; a file that is under way is given up."""
        if self.many:
            self.many.cancel(engine)
            self.many, self.row = None, 0

    # --- asking and being answered --------------------------------------------------------

    def ask(self, engine: EngineClient, info: ModelInfo | None) -> None:
        """Asks for what is shown, unless that was asked before; the newest wins."""
        texts = self._asked
        if info is None or not texts:
            self.inquiry.drop()
        else:
            self.inquiry.ask(engine, info, RunPipeline(id=0, model=info.name, sentences=texts))

    @property
    def _asked(self) -> list[Texts]:
        if self.many:
            return [self._key(self.many.items[self.row])]
        return [] if self.document.behind else self.plan.texts

    @staticmethod
    def _key(item: Item) -> Texts:
        return (item.sentence.text, item.sentence.text_pair)

    def take(self, reply: Reply) -> bool:
        """Takes a reply about typed texts, or the current one, if it is one."""
        taken = self.inquiry.take(reply)
        if taken and isinstance(reply, PipelineChecked):
            self._checked = reply
        return taken

    # --- what is shown --------------------------------------------------------------------

    def postprocess(self, info: ModelInfo | None) -> Postprocess:
        """What the head that was asked applies to its logits."""
        asked = self.many.info if self.many else info
        return asked.postprocess if asked else "softmax"

    def read(self, info: ModelInfo | None, order: Order) -> None:
        """Lays the newest answers beside the texts, sorted; as many texts, as long it takes."""
        if self.many:
            self.items = self.many.items
        else:
            current = self.inquiry.is_of(info) and not self.document.behind
            self.items = typed_items(self.plan, self.ran, self._checked, current=current)
        self.row = max(0, min(self.row, len(self.items) - 1))
        postprocess = self.postprocess(info)
        self.places = in_order(self.items, order, postprocess)
        self.least = least_certain(self.items, postprocess)

    @property
    def current(self) -> Item | None:
        """The current text with its row of the newest run."""
        if not self.items:
            return None
        item, ran = self.items[self.row], self.ran
        if not self.many:
            return item
        if ran is None or ran.sentences != [self._key(item)] or not ran.rows:
            return replace(item, row=None)
        checked = self._checked
        check = checked.rows[0] if checked and checked.id == ran.id else None
        row = ran.rows[0]
        return Item(item.sentence, row, row.classified, check, holds=True)

    def listed(self, info: ModelInfo | None) -> Listed:
        """All of them as the table draws them; `info` is the model in force."""
        asked = self.many.info if self.many else info
        return Listed(
            self.items,
            self.places,
            self.row,
            self.least,
            asked.task if asked else None,
            self.postprocess(info),
            asked.labels if asked else (),
        )
