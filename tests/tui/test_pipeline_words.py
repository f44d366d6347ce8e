"""What the Pipeline pane makes of answers, without an engine: orders, words, what is dim."""

from __future__ import annotations

from textual.app import App, ComposeResult

from core.engine.protocol import (
    CheckedRow,
    Classified,
    PipelineChecked,
    PipelineRan,
    PipelineRow,
    Preprocessed,
)
from core.text.sentences import Sentence
from tests.tui.test_logits_words import INFO, plan_of, words_of
from tui.panes.pipeline import words
from tui.panes.pipeline.answers import Item, in_order, least_certain, typed_items
from tui.widgets.lines import Lines


def ran_of(*texts: str) -> PipelineRan:
    rows = []
    for number, _ in enumerate(texts):
        share = 0.9 - 0.1 * number
        said = Classified("YES", share, [0.0, 1.0], [1 - share, share])
        rows.append(PipelineRow(Preprocessed([], [], [], None), said))
    keys: list[tuple[str, str | None]] = [(text, None) for text in texts]
    return PipelineRan(7, INFO, keys, "text-classification", "softmax", [2, 2], rows, 1, 1, 1)


async def test_stages_that_may_not_hold_are_dim() -> None:
    class Shown(App[None]):
        def compose(self) -> ComposeResult:
            yield Lines(id="lines")

    async with Shown().run_test() as pilot:
        lines = pilot.app.query_one(Lines)
        await pilot.pause()
        for dim in (False, True, False):
            lines.show(lambda cells: [[("1 ", "lines--accent"), ("tokens", "")]], dim=dim)
            drawn = [part.style for part in lines.render_line(0) if part.text.strip()]
            names = ["lines--stale"] * 2 if dim else ["lines--accent", ""]
            assert drawn == [lines.style(name) for name in names]
    assert lines.style("lines--stale") not in {lines.style("lines--accent"), lines.style()}


def test_answers_stay_with_their_text_and_checks_with_their_answers() -> None:
    ran = ran_of("a", "b", "c")
    checks = PipelineChecked(7, [CheckedRow(True, [], 0.0)] * 3, 0.1)
    items = typed_items(plan_of("a", "new", "c"), ran, checks, current=True)
    assert [item.holds for item in items] == [True, False, True]
    assert items[2].classified == ran.rows[2].classified
    other = PipelineChecked(6, [CheckedRow(True, [], 0.0)] * 3, 0.1)
    assert typed_items(plan_of("a"), ran, other, current=True)[0].check is None
    assert not typed_items(plan_of("a"), ran, checks, current=False)[0].holds


def test_orders_and_the_least_certain() -> None:
    shares = (0.6, 0.99, 0.51)
    items = [
        Item(Sentence("x"), classified=Classified("A", share, [0.0, 0.0], [1 - share, share]))
        for share in shares
    ]
    waiting = Item(Sentence("later"))
    assert in_order([*items, waiting], "given", "softmax") == [0, 1, 2, 3]
    assert in_order([*items, waiting], "score", "softmax") == [1, 0, 2, 3]
    assert in_order([*items, waiting], "certainty", "softmax") == [2, 0, 1, 3]
    assert least_certain([*items, waiting], "softmax") == 2
    assert least_certain(items[:1], "softmax") is None


def test_the_summary_says_whether_transformers_agrees() -> None:
    ran = ran_of("a", "b")

    def said(*agree: bool | None, left_out: int = 0) -> str:
        rows = zip(ran.rows, agree, strict=True)
        items = [
            Item(
                Sentence("a"),
                row,
                row.classified,
                None if each is None else CheckedRow(each, [], 0.0),
                holds=True,
            )
            for row, each in rows
        ]
        return words_of(words.summary(items, 0, ran, left_out))

    assert said(True, True).endswith("pipeline agrees on all 2")
    assert said(True, False).endswith("something else of text 2")
    assert said(True, True, left_out=236).endswith("agrees on the first 2 of 238")
    assert said(True, None).endswith("asking transformers' pipeline…")


def test_the_last_row_says_how_to_see_stages_that_are_out_of_view() -> None:
    seen = words_of([words.legend("given", many=False, scrolls=False)])
    hidden = words_of([words.legend("given", many=False, scrolls=True)])
    assert "[ ] more below" in hidden
    assert "[ ]" not in seen
    assert len(hidden) + len("? least certain ") <= 80
