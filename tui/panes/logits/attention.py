"""The explanation: how much of each layer's and head's attention goes to padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult

from core.engine.protocol import (
    MASKED,
    UNMASKED,
    Arrangement,
    AttentionMeasured,
    AttentionRow,
    MeasureAttention,
)
from core.sizes import percent
from core.snippets.experiment import shares_code
from core.text.visible import fit, visible, width
from tui.inquiry import Inquiry
from tui.panes.logits.export import csv_export, json_export, share_rows
from tui.panes.logits.matrix import Matrix, MatrixHeading, Shares
from tui.panes.logits.view import LogitsView
from tui.widgets.headline import Paragraph
from tui.widgets.legend import Legend
from tui.widgets.lines import Lines, Row
from tui.widgets.pane import Code, Export
from tui.widgets.rows import Part

_WIDEST = 90
"""Cells beyond which the list of inputs is no wider: the eye has to follow a row."""


@dataclass
class Head:
    """The layer and head (from 0) that both views of attention look at, with the mask or not."""

    layer: int = 0
    head: int = 0
    masked: bool = False

    @property
    def arrangement(self) -> Arrangement:
        """How the inputs are laid out."""
        return MASKED if self.masked else UNMASKED

    @property
    def mask_words(self) -> str:
        """How that is said."""
        return "with the mask" if self.masked else "without the mask"

    def clamp(self, layers: int, heads: int) -> None:
        """Stays within a model's."""
        self.layer = max(0, min(self.layer, layers - 1))
        self.head = max(0, min(self.head, heads - 1))


class AttentionView(LogitsView):
    """Layers by heads for the current input, and one number for each of the others."""

    def __init__(self, head: Head) -> None:
        super().__init__(id="attention")
        self._look = head
        self._inquiry = Inquiry(AttentionMeasured)

    def compose(self) -> ComposeResult:
        self._heading = MatrixHeading(id="attention-heading")
        self._matrix = Matrix(self._heading, id="attention-matrix")
        self._inputs = Lines(id="attention-inputs")
        self._legend = Legend(id="attention-legend")
        yield self.headline
        yield self._heading
        yield self._matrix
        yield self._inputs
        yield self._legend

    @property
    def inquiries(self) -> tuple[Inquiry[AttentionMeasured], ...]:
        return (self._inquiry,)

    def question(self) -> MeasureAttention:
        plan = self.scene.plan
        return MeasureAttention(
            id=0,
            model=self.scene.info.name if self.scene.info else "",
            sentences=plan.texts,
            raw_ids=plan.ids,
        )

    @property
    def answer(self) -> AttentionMeasured | None:
        """The shares, if they are of exactly what is typed."""
        holds = self._inquiry.answers(self.scene.info, self.question())
        return self._inquiry.answer if holds and not self.scene.behind else None

    def _rows(self, arrangement: Arrangement) -> list[AttentionRow]:
        """The newest shares there are in `arrangement`, of whatever text."""
        answer = self._inquiry.answer
        results = answer.results if answer else []
        return next((each.rows for each in results if each.arrangement == arrangement), [])

    def code(self) -> Code | None:
        if not self.scene.plan.count or self.scene.info is None:
            return None
        python = shares_code(self.scene.inputs)
        return Code("Attention to padding", python, self.scene.checkpoint.note)

    def exports(self) -> Sequence[Export]:
        answer = self.answer
        if answer is None:
            return ()
        names = [str(sentence) for sentence in self.scene.plan.sentences]
        return (
            json_export(answer, "The share on padding: every input, layer and head"),
            csv_export("A line for each head", lambda: share_rows(answer, names)),
        )

    # --- drawing --------------------------------------------------------------------------

    def on_resize(self) -> None:
        self.redraw()

    def draw(self, *, follow: bool) -> None:
        scene, answer = self.scene, self.answer
        shares = self._rows(self._look.arrangement)
        if scene.row >= len(shares):
            waiting = "Looking where attention goes…"
            self.say([[(waiting, "")]], dim=True)
            self._matrix.show(Shares(), (0, 0))
            self._inputs.show(lambda cells: ())
            self._legend.show([])
            return
        share = shares[scene.row]
        layers, heads = len(share.padding), len(share.padding[0]) if share.padding else 0
        self._look.clamp(layers, heads)
        cursor = self._look.layer, self._look.head
        self._matrix.show(_shares(share), cursor, dim=answer is None)
        if answer is not None:
            self.say(self._words(answer))
        self._matrix.styles.height = min(layers, max(1, self.size.height - 4))
        self._inputs.show(self._list, dim=answer is None)
        self._legend.show(self._hint())

    def _words(self, answer: AttentionMeasured) -> list[Paragraph]:
        """One number a sentence, and what it means."""
        row = self.scene.row
        padding = self.scene.plan.padding(row)
        unmasked, masked = self._rows(UNMASKED)[row], self._rows(MASKED)[row]
        name = f"Sentence {row + 1}"
        if not padding:
            if self.scene.plan.count == 1:
                return [[("One sentence alone is not padded: no attention goes to padding.", "")]]
            return [
                [
                    (f"{name} is not padded: no attention goes to padding. ", ""),
                    ("n", "headline--key"),
                    (" is the next one.", ""),
                ]
            ]
        return [
            [
                (f"{name}: without the mask ", "headline--strong"),
                (percent(unmasked.mean), "headline--number"),
                (
                    f" of its attention goes to {padding:,} padding "
                    f"token{'' if padding == 1 else 's'}; with it ",
                    "",
                ),
                (percent(masked.mean), "headline--good"),
                (".", ""),
            ],
            [
                (
                    "That is what moves the logits: what padding says is mixed into every token.",
                    "headline--quiet",
                )
            ],
        ]

    def _hint(self) -> list[Part]:
        look, several = self._look, self.scene.plan.count > 1
        return [
            (f" % on padding, {look.mask_words}  ", ""),
            ("m", "legend--key"),
            (" mask  ", "legend--note"),
            ("Enter", "legend--key"),
            (f" head {look.layer + 1}.{look.head + 1}  ", "legend--note"),
            *([("n", "legend--key"), (" sentence  ", "legend--note")] if several else []),
            ("Esc", "legend--key"),
            (" back", "legend--note"),
        ]

    def _list(self, cells: int) -> list[Row]:
        """Every input with its one number, without the mask and with it."""
        scene = self.scene
        cells = min(cells, _WIDEST)
        heading = f"{'    all layers and heads'.ljust(cells - 22)}no mask  with mask"
        rows: list[Row] = [[], [(heading, "lines--name")]]
        unmasked, masked = self._rows(UNMASKED), self._rows(MASKED)
        for row, sentence in enumerate(scene.plan.sentences[: len(unmasked)]):
            title = fit(visible(str(sentence)), cells - 28)
            here = row == scene.row
            style = "lines--accent" if here else ""
            rows.append(
                [
                    (f"{'›' if here else ' '}{row + 1:>2} ", style or "lines--name"),
                    (title + " " * (cells - 26 - width(title)), "lines--title" if here else ""),
                    (f"{percent(unmasked[row].mean):>9}", style),
                    (f"{percent(masked[row].mean):>11}", style),
                ]
            )
        return rows

    # --- keys -----------------------------------------------------------------------------

    def move(self, rows: int, columns: int) -> bool:
        self._look.layer += rows
        self._look.head += columns
        self.redraw()
        return True

    def mask(self) -> None:
        self._look.masked = not self._look.masked
        self.redraw()

    def open(self) -> str | None:
        return "weights" if self.answer else "attention"  # not to typing, while it is on its way

    @on(Matrix.Clicked)
    def _cell_clicked(self, message: Matrix.Clicked) -> None:
        self._look.layer, self._look.head = message.row, message.column
        self.redraw()


def _shares(row: AttentionRow) -> Shares:
    """The matrix of one input."""
    layers, heads = len(row.padding), len(row.padding[0]) if row.padding else 0
    return Shares(
        row.padding,
        [(f"{number + 1:>2}", "matrix--label") for number in range(layers)],
        [(f"h{number + 1}", "matrix--label") for number in range(heads)],
        [f"{percent(sum(layer) / max(1, heads)):>7}" for layer in row.padding],
        "  mean",
        "layer",
    )
