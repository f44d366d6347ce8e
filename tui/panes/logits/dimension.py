"""The missing batch dimension: what this model raises for a 1-D tensor, and the call that works."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from core.engine.protocol import BatchDimensionOmitted, OmitBatchDimension
from core.snippets.experiment import dimension_code
from core.text.visible import visible
from tui.inquiry import Inquiry
from tui.panes.logits.export import json_export
from tui.panes.logits.view import LogitsView
from tui.widgets import numbers
from tui.widgets.headline import wrap
from tui.widgets.legend import Legend, legend_keys
from tui.widgets.lines import Lines, Row
from tui.widgets.pane import Code, Export

_INDENT = 4


class DimensionView(LogitsView):
    """The course's mistake with the current input, as it really ends, and its repair."""

    def __init__(self) -> None:
        super().__init__(id="dimension")
        self._inquiry = Inquiry(BatchDimensionOmitted)

    def compose(self) -> ComposeResult:
        self._lines = Lines(id="dimension-lines")
        self._legend = Legend(id="dimension-legend")
        yield self.headline
        yield self._lines
        yield self._legend

    @property
    def inquiries(self) -> tuple[Inquiry[BatchDimensionOmitted], ...]:
        return (self._inquiry,)

    @property
    def answer(self) -> BatchDimensionOmitted | None:
        """What happened, if it was with what is shown."""
        question = self.question()
        if question is None or not self._inquiry.answers(self.scene.info, question):
            return None
        return self._inquiry.answer

    def question(self) -> OmitBatchDimension | None:
        plan, row = self.scene.plan, self.scene.row
        if self.scene.info is None or row >= plan.count:
            return None
        return OmitBatchDimension(
            id=0,
            model=self.scene.info.name,
            sentence=plan.texts[row] if plan.texts else ("", None),
            raw_ids=plan.ids[row] if plan.ids else [],
        )

    def code(self) -> Code | None:
        answer = self.answer
        if answer is None:
            return None
        python = dimension_code(self.scene.inputs, answer)
        return Code("The missing batch dimension", python, self.scene.checkpoint.note)

    def exports(self) -> Sequence[Export]:
        answer = self.answer
        return (json_export(answer, "The exception and the repaired call"),) if answer else ()

    def draw(self, *, follow: bool) -> None:
        answer = self.answer
        number = self.scene.row + 1
        following = [("n", "sentence")] if self.scene.plan.count > 1 else []
        self._legend.show(legend_keys(*following, ("Esc", "back")))
        if answer is None:
            self.say([[(f"Running sentence {number} without its batch dimension…", "")]])
            self._lines.show(lambda cells: ())
            return
        count = len(answer.input_ids)
        words = f"A model takes a batch. Sentence {number} as a tensor of shape [{count}] is none; "
        self.say(
            [
                [
                    (words, ""),
                    (f"with one more pair of brackets it has shape [1, {count}]", "headline--good"),
                    (" and is a batch of one.", ""),
                ]
            ]
        )
        self._lines.show(lambda cells: _transcript(answer, cells))


def _transcript(answer: BatchDimensionOmitted, cells: int) -> list[Row]:
    """Both calls as one would type them, and what came of each."""
    ids = answer.input_ids
    head = ", ".join(map(str, ids[:3]))
    shown = f"[{head}{', …' if len(ids) > 3 else ''}]"
    labels = answer.model.labels
    rows: list[Row] = [
        [],
        [(f"  ids = {shown}", ""), (f"   # {len(ids)} of them", "lines--quiet")],
        [],
        [("  model(torch.tensor(ids))", "lines--title"), _comment(f"shape [{len(ids)}]")],
        *_outcome(answer, cells),
        [],
        [("  model(torch.tensor([ids]))", "lines--title"), _comment(f"shape [1, {len(ids)}]")],
        [
            ("  ✓ ", "lines--good"),
            (f"logits of shape {answer.shape}", "lines--good"),
        ],
    ]
    for label, value in zip(labels, answer.logits[0] if answer.logits else [], strict=False):
        rows.append(
            [(f"{'':{_INDENT}}{numbers.logit(value):>10}  ", ""), (visible(label), "lines--label")]
        )
    return rows


def _comment(text: str) -> tuple[str, str]:
    return f"   # {text}", "lines--quiet"


def _outcome(answer: BatchDimensionOmitted, cells: int) -> list[Row]:
    room = max(10, cells - _INDENT - 1)
    if answer.exception is None:
        said = f"No exception: this model gave logits of shape {answer.unbatched_shape} instead."
        return [[("  ! ", "lines--bad"), (said, "lines--bad")]]
    words = [(f"{answer.exception}: ", "lines--bad"), (visible(answer.message), "")]
    rows: list[Row] = []
    for number, row in enumerate(wrap(words, room)):
        rows.append([("  ✗ " if not number else " " * _INDENT, "lines--bad"), *row])
    if answer.raised_in:
        where = f"{'':{_INDENT}}raised in {visible(answer.raised_in)}"
        rows.append([(where, "lines--quiet")])
    return rows
