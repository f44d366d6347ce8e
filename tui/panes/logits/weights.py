"""One head's attention, tokens against tokens: each row says where a token looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from core.engine.protocol import AttentionRead, ReadAttention
from core.sizes import percent
from core.snippets.experiment import weights_code
from core.text.visible import fit, visible
from tui.inquiry import Inquiry
from tui.panes.logits.attention import Head
from tui.panes.logits.export import csv_export, json_export, weight_rows
from tui.panes.logits.matrix import Matrix, MatrixHeading, Shares
from tui.panes.logits.view import LogitsView
from tui.widgets.headline import Paragraph
from tui.widgets.legend import Legend
from tui.widgets.pane import Code, Export
from tui.widgets.rows import Part

_NAMED = 3
"""Tokens that the headline names."""


class WeightsView(LogitsView):
    """The weights of the chosen layer and head for the current input."""

    BACK: ClassVar[str] = "attention"

    def __init__(self, head: Head) -> None:
        super().__init__(id="weights")
        self._look = head
        self._inquiry = Inquiry(AttentionRead)
        self._cursor = (0, 0)

    def compose(self) -> ComposeResult:
        self._heading = MatrixHeading(id="weights-heading")
        self._matrix = Matrix(self._heading, id="weights-matrix")
        self._legend = Legend(id="weights-legend")
        yield self.headline
        yield self._heading
        yield self._matrix
        yield self._legend

    @property
    def inquiries(self) -> tuple[Inquiry[AttentionRead], ...]:
        return (self._inquiry,)

    def question(self) -> ReadAttention | None:
        plan, row = self.scene.plan, self.scene.row
        if self.scene.info is None or row >= plan.count:
            return None
        return ReadAttention(
            id=0,
            model=self.scene.info.name,
            sentences=plan.texts,
            raw_ids=plan.ids,
            row=row,
            layer=self._look.layer,
            head=self._look.head,
            arrangement=self._look.arrangement,
        )

    @property
    def answer(self) -> AttentionRead | None:
        """The weights, if they are of exactly what is typed and chosen."""
        question = self.question()
        holds = question is not None and self._inquiry.answers(self.scene.info, question)
        return self._inquiry.answer if holds and not self.scene.behind else None

    def code(self) -> Code | None:
        look = self._look
        if self.question() is None:
            return None
        row, masked = self.scene.row, look.masked
        python = weights_code(self.scene.inputs, row, look.layer, look.head, masked=masked)
        return Code("The attention of one head", python, self.scene.checkpoint.note)

    def exports(self) -> Sequence[Export]:
        answer = self.answer
        if answer is None:
            return ()
        return (
            json_export(answer, "Tokens and weights of this layer and head"),
            csv_export("Tokens against tokens", lambda: weight_rows(answer)),
        )

    # --- drawing --------------------------------------------------------------------------

    def draw(self, *, follow: bool) -> None:
        found = self._inquiry.answer
        if found is None:
            self.say([[("Reading the weights…", "")]], dim=True)
            self._matrix.show(Shares(), (0, 0))
            return
        size = len(found.tokens)
        query, key = (max(0, min(each, size - 1)) for each in self._cursor)
        self._cursor = query, key
        dim = self.answer is None
        self._matrix.show(_shares(found), self._cursor, dim=dim)
        self.say(self._words(found, query, key), dim=dim)
        self._legend.show(self._hint(found))

    def _words(self, found: AttentionRead, query: int, key: int) -> list[Paragraph]:
        weights = found.weights[query]
        real = [place for place, here in enumerate(found.attention_mask) if here]
        padding = len(weights) - len(real)
        best = sorted(real, key=weights.__getitem__, reverse=True)[:_NAMED]
        looks = ", ".join(f"{_token(found, place)} {_percent(weights[place])}" for place in best)
        words: list[Part] = [
            (f"{query + 1} {_token(found, query)}", "headline--strong"),
            (" looks at ", ""),
            (looks, ""),
        ]
        if padding:
            share = sum(weights) - sum(weights[place] for place in real)
            style = "headline--number" if share > 0.0005 else "headline--good"
            words += [
                (" and at ", ""),
                (f"padding ×{padding} {_percent(max(0.0, share))}", style),
            ]
        here = f"At the cursor: {_percent(weights[key])} on {key + 1} {_token(found, key)}."
        return [[*words, (".", "")], [(here, "headline--quiet")]]

    def _hint(self, found: AttentionRead) -> list[Part]:
        return [
            (
                f" %, layer {found.layer + 1} of {found.layers}, head {found.head + 1} of "
                f"{found.heads}, {self._look.mask_words}   ",
                "",
            ),
            ("[ ]", "legend--key"),
            (" head   ", "legend--note"),
            ("m", "legend--key"),
            (" mask   ", "legend--note"),
            ("Esc", "legend--key"),
            (" back", "legend--note"),
        ]

    # --- keys -----------------------------------------------------------------------------

    def move(self, rows: int, columns: int) -> bool:
        self._cursor = self._cursor[0] + rows, self._cursor[1] + columns
        self.redraw()
        return True

    def page(self, pages: int) -> None:
        self.move(pages * max(1, self._matrix.size.height - 1), 0)

    def jump(self, step: int) -> bool:
        """The next head, or the first of the next layer."""
        found = self._inquiry.answer
        if found is not None:
            every = found.layers * found.heads
            place = (self._look.layer * found.heads + self._look.head + step) % every
            self._look.layer, self._look.head = divmod(place, found.heads)
            self.ask()
            self.redraw()
        return True

    def mask(self) -> None:
        self._look.masked = not self._look.masked
        self.ask()
        self.redraw()

    @on(Matrix.Clicked)
    def _cell_clicked(self, message: Matrix.Clicked) -> None:
        self._cursor = message.row, message.column
        self.redraw()


def _shares(found: AttentionRead) -> Shares:
    """Tokens against tokens, numbered alike on both sides; padding dim."""
    tokens = [visible(token) for token in found.tokens]
    styles = ["matrix--label" if each else "matrix--special" for each in found.attention_mask]
    return Shares(
        found.weights,
        [(f"{n:>2} {token}", styles[n - 1]) for n, token in enumerate(tokens, start=1)],
        [(token, styles[n]) for n, token in enumerate(tokens)],
        corner="token",
    )


def _token(found: AttentionRead, place: int) -> str:
    return fit(visible(found.tokens[place]), 14)


def _percent(share: float) -> str:
    return percent(share, 0) if share >= 0.005 or share == 0 else "< 1 %"
