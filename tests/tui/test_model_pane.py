"""The Model pane on a real engine: the tree, the config, weights, tensors, logits, saving."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file
from textual.pilot import Pilot
from textual.widgets import Input

from tests.core.models import tiny
from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.logits import COURSE, bench_of, know_tokenizer
from tui.panes.model import ModelPane
from tui.panes.model.tree import Columns, Needs, TreeView

pytestmark = pytest.mark.slow


def pane_of(pilot: Pilot[None]) -> ModelPane:
    return pilot.app.query_one(ModelPane)


def shows(pilot: Pilot[None], *words: str) -> Callable[[], bool]:
    return lambda: all(word in screen_text(pilot) for word in words)


def row(pilot: Pilot[None], beginning: str, widget: str = "#model-tree") -> str:
    """The one row of a table that begins so, whatever marks stand before it."""
    view = pilot.app.query_one(widget)
    rows = [view.render_line(y).text.lstrip(" ›▾▸≠✎") for y in range(view.size.height)]
    found = [each for each in rows if each.startswith(beginning)]
    assert len(found) == 1, (beginning, rows)
    return found[0]


async def test_tree_config_and_weights(
    open_app: OpenApp, tiny_classifier: Path, tmp_path: Path
) -> None:
    know_tokenizer(tiny_classifier)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(tiny_classifier)
    count = sum(each.numel() for each in model.parameters())
    layer = sum(each.numel() for each in model.bert.encoder.layer[0].parameters())
    async with open_app(
        size=(120, 50), pane="model", model=str(tiny_classifier), text=COURSE
    ) as pilot:
        await pilot.press("escape")
        await until(shows(pilot, f"{count:,} parameters", "all trainable"), pilot)
        assert f"{layer:,}" in row(pilot, "encoder.layer.0–1 ×2")
        assert "[30522, 32]" in row(pilot, "word_embeddings")
        # Nothing is cut at this width, and what is the same in all rows stands in the headline.
        tree = pilot.app.query_one("#model-tree", TreeView)
        rows = [tree.render_line(y).text for y in range(len(pane_of(pilot).outline.rows))]
        assert rows[0].count("BertForSequenceClassification") == 2
        assert any(each.rstrip().endswith("[32, 32] + [32]") for each in rows)
        assert not any("…" in each or "trainable" in each or "float32" in each for each in rows)

        # Unfolded, each of them has a row of its own; folded again, the mark is on them all.
        pane = pane_of(pilot)
        for _ in range(len(pane.outline.rows)):
            if pane.outline.current and pane.outline.current.times == 2:
                break
            await pilot.press("down")
        await pilot.press("u")
        assert f"{layer:,}" in row(pilot, "0 ")
        assert f"{layer:,}" in row(pilot, "1 ")
        await pilot.press("u")
        assert pane.outline.current is not None
        assert pane.outline.current.label == "encoder.layer.0–1"

        # Search by name; Enter leads to the place in the tree.
        await pilot.press("slash", *"layer.1.output.dense")
        await until(shows(pilot, "1 of "), pilot)
        await pilot.press("enter")
        assert pane.outline.current.name == "bert.encoder.layer.1.output.dense"
        assert pilot.app.focused is pane

        # Its figures are those of torch.
        weight = model.bert.encoder.layer[1].output.dense.weight.detach().double()
        await pilot.press("d")
        await until(shows(pilot, "read from the checkpoint", "greatest"), pilot)
        screen = screen_text(pilot)
        for value in (weight.mean(), weight.std(correction=0), weight.norm(), weight.max()):
            assert f"{value.item():.6g}" in screen
        await pilot.press("b")
        await until(shows(pilot, "newly initialised at random"), pilot)
        await pilot.press("b", "escape", "u")

        # A field that is changed changes the tree and the count, and nothing is built.
        await pilot.press("f")
        await until(shows(pilot, "hidden_size", "the class's default"), pilot)
        assert row(pilot, "field", "#model-view FieldsHeading").split() == [
            "field",
            "value",
            "default",
        ]
        assert row(pilot, "num_hidden_layers", "#model-fields").split()[1:3] == ["2", "12"]
        for _ in range(20):
            current = pane.view.fields.current
            assert current is not None
            if current.name == "num_hidden_layers":
                break
            await pilot.press("down")
        await pilot.press("plus")
        await until(shows(pilot, f"{count + layer:,} parameters +{layer:,}"), pilot)
        assert "as it came: 2" in screen_text(pilot)
        assert "encoder.layer.0–2 ×3" in screen_text(pilot)
        assert "random weights" in screen_text(pilot)
        # An impossible combination is refused in words, and the last tree stays.
        await pilot.press("down", "enter", "backspace", *"5", "enter")
        await until(shows(pilot, "not a multiple of", "takes the changes back"), pilot)
        assert "encoder.layer.0–2 ×3" in screen_text(pilot)
        await pilot.press("z")
        await until(shows(pilot, f"{count:,} parameters ·"), pilot)

        # What loading found, for the head one chooses.
        await pilot.press("w")
        await until(shows(pilot, "Every weight found its place"), pilot)
        pane.subject = pane.subject.next_head(3)
        assert pane.subject.head == "token-classification"
        await pilot.press("p")
        await until(shows(pilot, "BertForMaskedLM:", "newly initialised", "not used"), pilot)
        # The rows below the headline come with the next frame.
        await until(shows(pilot, "In the checkpoint, not in this class: not used"), pilot)
        await pilot.press("P", "P", "P", "P")
        assert pane.subject.head is None

        # The same sentences by both.
        await pilot.press("a")
        await until(shows(pilot, "The same label for"), pilot)
        tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_classifier)
        torch.manual_seed(0)
        fresh = transformers.AutoModelForSequenceClassification.from_config(model.config)
        for name, each in (("checkpoint", model.eval()), ("random", fresh.eval())):
            for sentence in COURSE.splitlines():
                with torch.no_grad():
                    logits = each(**tokenizer(sentence, return_tensors="pt")).logits[0]
                value = f"{logits[0]:.4f}"[:-1]
                assert any(
                    line.strip().startswith(name) and value in line
                    for line in screen_text(pilot).splitlines()
                ), (name, value)
        for size in ((200, 60), (80, 24), (40, 12), (20, 9)):
            for view in ("tree", "fields", "weights", "both"):
                pane._show(view)
                await pilot.resize_terminal(*size)
                await pilot.pause()


async def test_saving_and_two_configs(
    open_app: OpenApp, tiny_classifier: Path, tmp_path: Path
) -> None:
    know_tokenizer(tiny_classifier)
    target, other = tmp_path / "saved", tiny.distilbert(tmp_path / "other")
    async with open_app(size=(120, 40), pane="model", model=str(tiny_classifier)) as pilot:
        await pilot.press("escape")
        await until(shows(pilot, "parameters", "all trainable"), pilot)
        await pilot.press("s")
        field = pilot.app.screen.query_one(Input)
        field.value = str(target)
        await pilot.press("enter")
        await until(shows(pilot, "identical, bit by bit", "model.safetensors"), pilot)
        assert "tensors (F32)" in screen_text(pilot)
        theirs = load_file(tiny_classifier / "model.safetensors")
        ours = load_file(target / "model.safetensors")
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
        await pilot.press("escape")

        # Never over a checkpoint without asking.
        before = (target / "model.safetensors").stat().st_mtime_ns
        await pilot.press("s")
        pilot.app.screen.query_one(Input).value = str(target)
        await pilot.press("enter")
        await until(shows(pilot, "kept:", "replaces"), pilot)
        assert (target / "model.safetensors").stat().st_mtime_ns == before
        await pilot.press("enter")
        await until(shows(pilot, "Replaced:"), pilot)
        await pilot.press("enter")  # the saved folder becomes the model of all panes
        await until(lambda: bench_of(pilot).model.name == str(target), pilot)

        await pilot.press("n")
        pilot.app.screen.query_one(Input).value = str(other)
        await pilot.press("enter")
        fields = pane_of(pilot).view.fields
        await until(lambda: any(each.name == "n_heads" for each in fields.all), pilot)
        beside = {each.name: (each.value, each.other) for each in fields.all}
        assert beside["n_heads"] == ("", "4")
        assert beside["num_hidden_layers"] == ("2", "")
        assert beside["vocab_size"] == ("30522", "30522")
        assert row(pilot, "vocab_size", "#model-fields").split()[-2:] == ["30522", "30522"]
        # Keys move the mark of the fields, so the tree beside them has none.
        tree = pane_of(pilot).view.tree_view
        assert tree.display
        assert all("›" not in tree.render_line(y).text for y in range(tree.size.height))
        await pilot.press("y")
        assert " vocab_size" not in screen_text(pilot)
        # Any kind of model, from its class's defaults.
        await pilot.press("escape", "O")
        pilot.app.screen.query_one(Input).value = "gpt2"
        await pilot.press("enter", "t")
        await until(shows(pilot, "GPT2Model", "124,439,808 parameters", "h.0–11 ×12"), pilot)
        assert "the defaults of the kind gpt2 · no tokenizer" in screen_text(pilot)
        assert "the checkpoint gpt2" not in screen_text(pilot)
        await pilot.press("a")
        await until(shows(pilot, "gpt2 is a kind of model: it brings no tokenizer"), pilot)
        await pilot.press("t", "s")
        await until(shows(pilot, "GPT2Model with random weights"), pilot)
        assert "and its tokenizer" not in screen_text(pilot)
        await pilot.press("escape")
        await pilot.press("w")
        await until(shows(pilot, "is a kind of model and no checkpoint here"), pilot)


async def test_a_checkpoint_without_a_tokenizer(open_app: OpenApp, tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    config = transformers.BertConfig(
        vocab_size=90, hidden_size=32, num_hidden_layers=2, num_attention_heads=4
    )
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    async with open_app(size=(120, 40), pane="model", model="mini", text=COURSE) as pilot:
        await pilot.press("escape")
        await until(shows(pilot, "22,713,986 parameters"), pilot)
        await pilot.press("o")
        pilot.app.screen.query_one(Input).value = str(folder)
        await pilot.press("enter")
        bench = bench_of(pilot)
        # The panes that show text keep their model; this one looks into the one that was chosen.
        await until(lambda: bench.model.textless == str(folder), pilot)
        await until(lambda: (bench.model.name, bench.model.status) == ("mini", "ready"), pilot)
        await until(shows(pilot, "[90, 32]", "no tokenizer, so no text"), pilot)
        await pilot.press("w")
        await until(shows(pilot, "Every weight found its place"), pilot)
        await pilot.press("a")
        await until(shows(pilot, "so no text can go through it"), pilot)
        await pilot.press("t", "s")
        await until(shows(pilot, "brings no tokenizer. What was saved"), pilot)
        pilot.app.screen.query_one(Input).value = str(tmp_path / "saved")
        await pilot.press("enter")
        await until(shows(pilot, "identical, bit by bit"), pilot)
        await pilot.press("escape")
        await pilot.press("o")
        pilot.app.screen.query_one(Input).value = "mini"
        await pilot.press("enter")
        await until(shows(pilot, "22,713,986 parameters"), pilot)


def test_columns_that_tell_rows_apart_have_their_room() -> None:
    for cells in range(50, 240):
        for needs in (Needs(), Needs(52, 36, 34, 17, dtype=True, kind=True)):
            columns = Columns.for_width(cells, needs)
            shown = (
                columns.label, columns.number, columns.class_name, columns.bytes, columns.bar,
                columns.shape, columns.dtype, columns.kind,
            )  # fmt: skip
            assert 1 + sum(shown) + 9 <= cells
            assert columns.dtype == columns.kind == 0 or needs.dtype
    wide = Columns.for_width(160, Needs(dtype=True, kind=True))
    assert wide.dtype
    assert wide.kind
