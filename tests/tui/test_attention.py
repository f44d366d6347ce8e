"""Where attention goes, on real engines: shares, weights, and the views of what the model gets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from core.engine.protocol import MASKED, UNMASKED
from tests.core.models import tiny
from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.logits import (
    COURSE,
    bench_of,
    headline,
    know_tokenizer,
    opened,
    pane_of,
    settled,
    table_rows,
)
from tui.panes.logits.attention import AttentionView
from tui.panes.logits.beside import BesideView, Said, difference
from tui.panes.logits.dimension import DimensionView
from tui.panes.logits.matrix import level, percent
from tui.panes.logits.weights import WeightsView
from tui.widgets.numbers import same_label


def rows_of(pilot: Pilot[None], widget: str) -> list[str]:
    """A widget's rows as they are painted now."""
    found = pilot.app.query_one(widget)
    return [found.render_line(y).text.rstrip() for y in range(found.size.height)]


def all_dim(pilot: Pilot[None], matrix: str) -> bool:
    """Whether what a matrix shows, a label too, may not hold."""
    found = pilot.app.query_one(matrix)
    stale = found.style("matrix--stale")  # type: ignore[attr-defined]
    drawn = [each for each in found.render_line(1) if each.text.strip()]
    return {each.style.color for each in drawn if each.style} == {stale.color}


def view_of(pilot: Pilot[None], kind: type[Any]) -> Any:
    return pilot.app.query_one(kind)


async def shown(pilot: Pilot[None], kind: type[Any]) -> Any:
    """The view once it has an answer to exactly what is shown."""
    view = view_of(pilot, kind)
    await until(lambda: view.display and view.answer, pilot)
    await pilot.pause()
    return view


def compared(view: BesideView) -> bool:
    """Whether there is a result by both checkpoints for each sentence."""
    results = view.results()
    return bool(results) and all(all(pair) for pair in results)


@pytest.mark.slow
async def test_attention_to_padding_is_shown_head_by_head_and_token_by_token(
    open_app: OpenApp, tiny_classifier: Path, private_folders: Path
) -> None:
    know_tokenizer(tiny_classifier)
    async with opened(open_app, tiny_classifier, text=COURSE) as pilot:
        await until(lambda: settled(pilot), pilot)
        assert view_of(pilot, AttentionView).inquiries[0].answer is None  # not before it is wanted
        await pilot.press("escape")
        assert "s side" in screen_text(pilot)
        await pilot.press("a", "enter")  # does not lead to typing while the shares are on their way
        assert not bench_of(pilot).typing
        if pane_of(pilot).view.id == "weights":
            await pilot.press("escape")
        view = await shown(pilot, AttentionView)
        assert "s side" not in screen_text(pilot)
        unmasked, masked = (
            next(each for each in view.answer.results if each.arrangement == wanted).rows[1]
            for wanted in (UNMASKED, MASKED)
        )
        assert 0 < unmasked.mean < 1
        assert masked.mean == 0
        said = headline(pilot)
        # The first sentence is the longest: attention begins with the one that is padded.
        share = f"{unmasked.mean:.1%}".replace("%", " %")
        assert said.startswith(f"Sentence 2: without the mask {share} of its attention goes to 8")
        assert "with it 0.0 %." in said
        matrix = rows_of(pilot, "#attention-matrix")
        for layer, heads in enumerate(unmasked.padding):
            cells = matrix[layer].removeprefix("›").split()
            assert cells[1 : 1 + len(heads)] == [percent(each) for each in heads]
        assert rows_of(pilot, "#attention-inputs")[3].split()[-4:] == [
            f"{unmasked.mean:.1%}".removesuffix("%"),
            "%",
            "0.0",
            "%",
        ]
        await pilot.press("m")
        assert set(rows_of(pilot, "#attention-matrix")[0].split()[2:-2]) == {"0"}
        await pilot.press("m", "down", "right", "enter")

        weights = await shown(pilot, WeightsView)
        assert (weights.answer.layer, weights.answer.head) == (1, 1)
        for row in weights.answer.weights:
            assert sum(row) == pytest.approx(1, abs=1e-5)
        assert headline(pilot).startswith("1 [CLS] looks at ")
        assert "padding ×8" in headline(pilot)
        size = len(weights.answer.tokens)
        await pilot.press("end", *["down"] * size, *["right"] * size)
        assert f"on {size} [PAD]" in headline(pilot)
        await pilot.press("m")
        weights = await shown(pilot, WeightsView)
        assert all(row[-1] == 0 for row in weights.answer.weights[:8])
        await pilot.press("right_square_bracket")
        await until(lambda: weights.answer and weights.answer.head == 2, pilot)
        for dimensions in ((40, 12), (20, 9), (200, 60), (80, 24)):
            await pilot.resize_terminal(*dimensions)
            await pilot.pause()
            assert "looks at" in screen_text(pilot)

        # What is typed meanwhile is never shown with the weights of something else.
        pilot.app.bench.editor.insert("So ")  # type: ignore[attr-defined]
        assert weights.answer is None
        assert all_dim(pilot, "#weights-matrix")
        await shown(pilot, WeightsView)
        assert not all_dim(pilot, "#weights-matrix")
        await pilot.press("escape")
        assert pane_of(pilot).view is view
        pilot.app.bench.editor.load_text("I hate this.\nI hate this!!")  # type: ignore[attr-defined]
        await pilot.press("home")
        await shown(pilot, AttentionView)
        assert "goes to 1 padding token; with it" in headline(pilot)
        await pilot.press("escape")
        assert pane_of(pilot).view.id == "compare"
        # A sentence that was chosen in another pane is the one that is shown here.
        await pilot.press("f2", "down", "f3")
        assert any(row.startswith("› 2") for row in table_rows(pilot))
        await pilot.press("up")
        assert any(row.startswith("› 1") for row in table_rows(pilot))
        await pilot.press("f2")
        assert bench_of(pilot).editor.span[0] == 0
        await pilot.press("f3", "down", "f2")
        assert bench_of(pilot).editor.span[0] == 1
        await pilot.press("f3")
        bench_of(pilot).editor.load_text("Alone.")
        await pilot.press("a")
        await shown(pilot, AttentionView)
        assert headline(pilot) == "One sentence alone is not padded: no attention goes to padding."
        assert "n sentence" not in screen_text(pilot)


@pytest.mark.slow
async def test_a_tensor_without_a_batch_dimension_and_one_with_it(
    open_app: OpenApp, tiny_classifier: Path, private_folders: Path
) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    know_tokenizer(tiny_classifier)
    model = AutoModelForSequenceClassification.from_pretrained(tiny_classifier).eval()
    ids = AutoTokenizer.from_pretrained(tiny_classifier)("I hate this so much!")["input_ids"]
    with pytest.raises((IndexError, ValueError)) as raised:
        model(torch.tensor(ids))
    logits = model(torch.tensor([ids])).logits[0]
    async with opened(open_app, tiny_classifier, text=COURSE) as pilot:
        await until(lambda: settled(pilot), pilot)
        await pilot.press("escape", "down", "d")
        await shown(pilot, DimensionView)
        said = screen_text(pilot)
        assert " n sentence   Esc back" in said
        assert f"✗ {raised.type.__name__}: {raised.value}" in said
        assert "model(torch.tensor(ids))   # shape [8]" in said
        assert "model(torch.tensor([ids]))   # shape [1, 8]" in said
        assert all(f"{value:.4f}" in said for value in logits.tolist())

        # What goes into the model, with padding on the other side.
        await pilot.press("g", "s")  # in this view too, where the new step comes into view
        await until(lambda: "padded left   Δ" in "\n".join(rows_of(pilot, "#given-lines")), pilot)
        await pilot.resize_terminal(200, 60)
        await until(lambda: rows_of(pilot, "#given-lines")[0].strip() == "alone", pilot)
        view = pane_of(pilot).view
        given = rows_of(pilot, "#given-lines")
        left = next(n for n, row in enumerate(given) if row.strip().startswith("padded left"))
        position_ids = [
            row.split() for row in given[left:] if row.strip().startswith("position_ids")
        ]
        assert position_ids[0] == ["position_ids", *map(str, range(16))]
        assert position_ids[1][-8:] == list(map(str, range(8)))
        assert view.id == "given"


@pytest.mark.slow
async def test_a_second_checkpoint_beside_the_first(
    open_app: OpenApp, tiny_classifier: Path, private_folders: Path, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification

    later = AutoModelForSequenceClassification.from_pretrained(tiny_classifier).eval()
    with torch.no_grad():
        later.classifier.bias += torch.tensor([3.0, -3.0])
    folder = tiny.save(later, tmp_path / "later")
    for each in (tiny_classifier, folder):
        know_tokenizer(each)
    async with opened(open_app, tiny_classifier, text=COURSE) as pilot:
        await until(lambda: settled(pilot), pilot)
        await pilot.press("escape", "t")
        await pilot.pause()
        pilot.app.screen.query_one(Input).value = str(folder)
        await pilot.press("enter")
        view = view_of(pilot, BesideView)
        await until(lambda: compared(view), pilot)
        await pilot.pause()
        for before, after in view.results():
            assert after.shares["NEGATIVE"] > before.shares["NEGATIVE"]
            apart = difference(before, after)
            assert apart is not None
            assert f"{100 * apart:+.1f} pp" in screen_text(pilot)
        same = sum(before.label == after.label for before, after in view.results())
        assert headline(pilot).startswith(f"{same_label(same, 2)}; sentence ")
        assert headline(pilot).endswith(" percentage points (pp).")
        files = {each.suffix: each.make() for each in pane_of(pilot).exports()}
        said = json.loads(files["json"])
        assert [each["model"]["name"] for each in said] == [str(tiny_classifier), str(folder)]
        for answer, inquiry in zip(said, view.inquiries, strict=True):
            logits = [row["logits"] for row in answer["results"][0]["rows"]]
            assert logits == [row.logits for row in inquiry.answer.results[0].rows]
        assert len(files["csv"].splitlines()) == 5
        pilot.app.bench.editor.insert("Well ")  # type: ignore[attr-defined]
        assert not compared(view)
        await until(lambda: compared(view), pilot)

        pilot.app.bench.editor.load_text("One alone.")  # type: ignore[attr-defined]
        await until(lambda: compared(view), pilot)
        await pilot.pause()
        assert "label; it moves by " in headline(pilot)

        view.compare_with(str(tmp_path / "nowhere"))
        view.ask()
        await until(lambda: "There is no model named" in headline(pilot), pilot)
        assert "t chooses another checkpoint." in headline(pilot)


def test_checkpoints_with_other_labels_have_no_difference() -> None:
    first = Said("YES", {"YES": 0.9, "NO": 0.1}, True)
    assert difference(first, Said("NO", {"YES": 0.2, "NO": 0.8}, True)) == pytest.approx(-0.7)
    assert difference(first, Said("A", {"A": 0.9, "B": 0.1}, True)) is None
    numbers = Said(None, {"YES": 2.0, "NO": 1.0}, False)
    assert difference(first, numbers) is None
    assert difference(numbers, Said(None, {"YES": 2.1, "NO": -3.0}, False)) == -4.0


def test_how_many_labels_are_the_same_in_words() -> None:
    assert [same_label(same, 1) for same in (0, 1)] == ["Another label", "The same label"]
    assert [same_label(same, 2) for same in (0, 1, 2)] == [
        "Another label for both sentences",
        "The same label for 1 of 2 sentences",
        "The same label for both sentences",
    ]
    assert same_label(0, 3) == "Another label for all 3 sentences"


def test_a_share_says_whether_it_is_little_or_nothing() -> None:
    assert [percent(each) for each in (0.0, 0.004, 0.006, 0.314, 1.0)] == [
        "0",
        "·",
        "1",
        "31",
        "100",
    ]
    shades = [level(each) for each in (0.0, 0.06, 0.2, 0.4, 0.7)]
    assert len(set(shades)) == 5
