"""What the model is given in each step: ids, token types, mask and positions, place by place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult

from core.engine.protocol import Compare, Compared
from core.snippets.given import given_code
from core.text.visible import visible
from tui.inquiry import Inquiry
from tui.panes.logits.experiment import Figures, Shown, shown_rows, size_of
from tui.panes.logits.export import json_export
from tui.panes.logits.steps import Extra
from tui.panes.logits.table import verdict
from tui.panes.logits.view import LogitsView
from tui.sources import WITHHELD
from tui.widgets import numbers
from tui.widgets.legend import Legend, legend_keys
from tui.widgets.lines import Lines, Row
from tui.widgets.pane import Code, Export
from tui.widgets.rows import Part
from tui.widgets.tensors import tensor_rows

_NAME = 18
"""Cells of a tensor's name."""


class GivenView(LogitsView):
    """The tensors of the current input, one block a step."""

    def __init__(self) -> None:
        super().__init__(id="given")
        self._inquiry = Inquiry(Compared)
        self._left = 0
        self.added: Extra | None = None
        """The step that is to come into view, once it is there."""
        self._starts: list[int] = []
        """The first row of each step's block."""

    def compose(self) -> ComposeResult:
        self._lines = Lines(id="given-lines")
        self._legend = Legend(id="given-legend")
        yield self.headline
        yield self._lines
        yield self._legend

    @property
    def inquiries(self) -> tuple[Inquiry[Compared], ...]:
        return (self._inquiry,)

    def question(self) -> Compare:
        plan = self.scene.plan
        return Compare(
            id=0,
            model=self.scene.info.name if self.scene.info else "",
            lane="given",
            sentences=plan.texts,
            raw_ids=plan.ids,
            arrangements=tuple(step.arrangement for step in self.scene.steps),
        )

    @property
    def _rows(self) -> tuple[Shown, ...]:
        scene = self.scene
        current = self._inquiry.is_of(scene.info) and not scene.behind
        return shown_rows(scene.plan, scene.steps, self._inquiry.answer, current=current)

    def code(self) -> Code | None:
        scene, rows = self.scene, self._rows
        if scene.info is None or scene.row >= len(rows) or not rows[scene.row].alone:
            return None
        alone = rows[scene.row].alone
        python = given_code(
            scene.inputs,
            scene.named_steps(rows),
            scene.row,
            first_position=rows[scene.row].first_position,
            positions=alone is not None and alone.position_ids is not None,
        )
        return Code("What the model is given", python, scene.checkpoint.note)

    def exports(self) -> Sequence[Export]:
        answer = self._inquiry.answer
        if answer is None or not all(row.holds for row in self._rows):
            return ()
        return (json_export(answer, "Every tensor of every step"),)

    def draw(self, *, follow: bool) -> None:
        scene = self.scene
        rows = self._rows
        if scene.row >= len(rows):
            return
        shown = rows[scene.row]
        self.say(
            [
                [
                    (f"What the model is given for sentence {scene.row + 1}", "headline--strong"),
                    (": a token, its id, whether it may be attended to, and its position.", ""),
                ],
                [
                    (
                        "s adds padding on the other side, which moves positions.",
                        "headline--quiet",
                    )
                ],
            ],
            dim=not shown.holds,
        )
        self._lines.show(lambda cells: self._blocks(shown, cells), dim=not shown.holds)
        self._reveal(shown)
        following = [("n", "sentence")] if scene.plan.count > 1 else []
        hint = legend_keys(("←→", "tokens"), ("↑↓", "steps"), *following, ("Esc", "back"))
        self._legend.show(hint, [(f"{self.whose} ", "")] if self.whose else [])

    def _reveal(self, shown: Shown) -> None:
        """Brings the step that was added into view, until its tensors are there."""
        for start, figures in zip(self._starts, shown.figures, strict=False):
            if self.added is not None and figures.step.extra == self.added:
                self._lines.top = start
                self.added = None if figures.result or figures.problem else self.added
                return

    def _blocks(self, shown: Shown, cells: int) -> list[Row]:
        rows: list[Row] = []
        self._starts = []
        results = (each.result for each in shown.figures if each.result)
        widest = max((len(each.input_ids) for each in results), default=0)
        self._left = max(0, min(self._left, widest - 1))
        for number, figures in enumerate(shown.figures):
            withheld = [] if number else self._withheld()
            self._starts.append(len(rows))
            rows += [self._title(figures), *self._tensors(figures, cells), *withheld, []]
        return rows[:-1]

    def _withheld(self) -> list[Row]:
        """What the tokenizer makes for nothing; of typed ids it makes nothing."""
        info = self.scene.info
        names = info.withheld if info and not self.scene.plan.raw_ids else []
        return [
            [(f"   {name:<{_NAME}}", "lines--name"), (WITHHELD, "lines--quiet")] for name in names
        ]

    def _title(self, figures: Figures) -> Row:
        words: list[Part] = [(f" {figures.step.name.strip()}", "lines--title")]
        result = figures.result
        if figures.problem:
            words.append((f"   {visible(figures.problem)}", "lines--quiet"))
        elif result is None:
            words.append(("   computing…", "lines--quiet"))
        elif result is not None and not figures.step.arrangement.alone:
            style = "lines--good" if size_of(result.max_abs_diff) == "equal" else "lines--bad"
            apart = numbers.difference(result.max_abs_diff)
            words.append((f"   Δ {apart} {verdict(result.max_abs_diff)}", style))
        return words

    def _tensors(self, figures: Figures, cells: int) -> list[Row]:
        result = figures.result
        if result is None:
            return []
        spell = self._spell()
        tokens = [visible(spell(each)) for each in result.input_ids]
        tensors: list[tuple[str, Sequence[str]]] = [
            ("", tokens),
            ("input_ids", list(map(str, result.input_ids))),
        ]
        if result.token_type_ids is not None:
            tensors.append(("token_type_ids", list(map(str, result.token_type_ids))))
        if figures.step.arrangement.mask:
            tensors.append(("attention_mask", list(map(str, result.attention_mask))))
        if result.position_ids is not None:
            tensors.append(("position_ids", list(map(str, result.position_ids))))

        def style(name: str, place: int) -> str:
            if not result.attention_mask[place]:
                return "lines--padding"
            return "" if name else "lines--label"

        rows = tensor_rows(tensors, style, self._left, cells, name=3 + _NAME, gap=2)
        if not figures.step.arrangement.mask:
            rows.append([("   attention_mask    not given: all may be attended to", "lines--name")])
        return list(rows)

    def _spell(self) -> Callable[[int], str]:
        """How an id is written."""
        tokenizer = self.scene.tokenizer
        known = tokenizer.backend.id_to_token if tokenizer else lambda _: None
        return lambda each: known(each) or f"#{each}"

    # --- keys -----------------------------------------------------------------------------

    def move(self, rows: int, columns: int) -> bool:
        if columns:
            self._left = max(0, self._left + columns)
            self.redraw()
        else:
            self._lines.scroll_by(rows)
        return True

    def page(self, pages: int) -> None:
        self._lines.scroll_by(pages * max(1, self._lines.size.height - 1))
